'use strict';
// Exchanges beyond the plain ones: topics, headers, exchanges bound to exchanges, alternates, copies.

const assert = require('node:assert');
const { check, closesChannel, ready } = require('./session');

/** The bodies of all that is ready. */
async function takeAll(channel, queue) {
  const bodies = [];
  for (let message; (message = await channel.get(queue, { noAck: true })); ) bodies.push(message.content.toString());
  return bodies;
}

check('topic exchange routes by pattern', async (session) => {
  const channel = await session.channel();
  const expected = {
    'a.*': ['a.b', 'a.'],
    'a.#': ['a', 'a.b', 'a.b.c', 'a.'],
    '*.b': ['a.b'],
    '#': ['', 'a', 'a.b', 'a.b.c', 'a.', '*'],
    '#.c': ['a.b.c'],
    '*': ['a', '*'],
    '': [''],
  };
  for (const [pattern, keys] of Object.entries(expected)) {
    const queue = await session.queue(channel);
    await channel.bindQueue(queue, 'amq.topic', pattern);
    for (const key of expected['#']) channel.publish('amq.topic', key, Buffer.from(key));
    await channel.waitForConfirms();
    assert.deepStrictEqual(await takeAll(channel, queue), keys, `keys that ${pattern} takes`);
    await channel.deleteQueue(queue);
  }
});

check('headers exchange routes by headers', async (session) => {
  const channel = await session.channel();
  const messages = { both: { a: '1', b: 2 }, one: { a: '1' }, other: { a: '2', 'x-c': '3' }, none: {} };
  for (const [bindings, bodies] of [
    [{ 'x-match': 'all', a: '1', b: 2 }, ['both']],
    [{ 'x-match': 'any', a: '1', b: 2 }, ['both', 'one']],
    [{ a: null }, ['both', 'one', 'other']],
    [{ 'x-match': 'any', 'x-c': '3' }, []],
    [{ 'x-match': 'any-with-x', 'x-c': '3' }, ['other']],
    [{ 'x-match': 'all' }, ['both', 'one', 'other', 'none']],
  ]) {
    const queue = await session.queue(channel);
    await channel.bindQueue(queue, 'amq.headers', '', bindings);
    for (const [body, headers] of Object.entries(messages)) {
      channel.publish('amq.headers', '', Buffer.from(body), { headers });
    }
    await channel.waitForConfirms();
    assert.deepStrictEqual(await takeAll(channel, queue), bodies, `messages that ${JSON.stringify(bindings)} takes`);
    await channel.deleteQueue(queue);
  }
  const queue = await session.queue(channel);
  await closesChannel(channel, 406, 'PRECONDITION_FAILED - Invalid x-match field value', () =>
    channel.bindQueue(queue, 'amq.match', '', { 'x-match': 'some' }),
  );
});

check('exchanges bind to each other', async (session) => {
  const channel = await session.channel();
  const [source, destination, queue] = [session.name(), session.name(), await session.queue(channel)];
  await channel.assertExchange(source, 'topic');
  await channel.assertExchange(destination, 'fanout');
  await channel.bindExchange(destination, source, 'a.#');
  await channel.bindExchange(source, destination, '');
  await channel.bindQueue(queue, destination, '');
  channel.publish(source, 'a.b', Buffer.from(''));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 1);
  await channel.unbindExchange(destination, source, 'a.#');
  channel.publish(source, 'a.b', Buffer.from(''));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 1);
});

check('alternate exchange takes what has no way', async (session) => {
  const channel = await session.channel();
  const [exchange, alternate] = [session.name(), session.name()];
  const [routed, unrouted] = [await session.queue(channel), await session.queue(channel)];
  await channel.assertExchange(alternate, 'fanout');
  await channel.assertExchange(exchange, 'direct', { alternateExchange: alternate });
  await channel.bindQueue(routed, exchange, 'known');
  await channel.bindQueue(unrouted, alternate, '');
  for (const key of ['known', 'unknown']) channel.publish(exchange, key, Buffer.from(''));
  await channel.waitForConfirms();
  assert.deepStrictEqual([await ready(channel, routed), await ready(channel, unrouted)], [1, 1]);
  const text = `PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '${exchange}' in vhost '/': `;
  await closesChannel(channel, 406, text, () => channel.assertExchange(exchange, 'direct'));
});

check('internal exchange is closed to publishers', async (session) => {
  const channel = await session.channel();
  const [inner, outer, queue] = [session.name(), session.name(), await session.queue(channel)];
  await channel.assertExchange(inner, 'fanout', { internal: true });
  await channel.assertExchange(outer, 'fanout');
  await channel.bindExchange(inner, outer, '');
  await channel.bindQueue(queue, inner, '');
  channel.publish(outer, '', Buffer.from(''));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 1);
  const text = `ACCESS_REFUSED - cannot publish to internal exchange '${inner}' in vhost '/'`;
  await closesChannel(channel, 403, text, () => channel.publish(inner, '', Buffer.from('')));
});

check('copies go to more keys', async (session) => {
  const channel = await session.channel();
  const queues = [];
  for (let number = 0; number < 3; number++) queues.push(await session.queue(channel));
  const headers = { CC: [queues[1], queues[0]], BCC: [queues[2]] };
  channel.sendToQueue(queues[0], Buffer.from(''), { headers });
  await channel.waitForConfirms();
  for (const queue of queues) {
    assert.strictEqual(await ready(channel, queue), 1);
    const { properties } = await channel.get(queue);
    assert.deepStrictEqual({ ...properties.headers }, { CC: headers.CC });
  }
  const text = 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}';
  await closesChannel(channel, 406, text, () => {
    channel.sendToQueue(queues[0], Buffer.from(''), { headers: { CC: queues[1] } });
  });
});
