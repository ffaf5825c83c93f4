'use strict';
// What ends by itself: messages after their time to live, and queues that nobody uses.

const assert = require('node:assert');
const { Consumer, check, closesChannel, numbered, ready, until, waitReady } = require('./session');
const { graveyard, take } = require('./letters');

check('message expires after the time of its queue', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { messageTtl: 100 });
  for (const body of numbered(3)) channel.sendToQueue(queue, Buffer.from(body));
  await waitReady(channel, dead, 3);
  for (const body of numbered(3)) {
    const { content, properties } = await take(channel, dead);
    assert.strictEqual(content.toString(), body);
    const [{ time, ...death }] = properties.headers['x-death'];
    assert.strictEqual(time['!'], 'timestamp');
    assert.deepStrictEqual(death, { count: 1, reason: 'expired', queue, exchange: '', 'routing-keys': [queue] });
  }
  assert.strictEqual(await ready(channel, queue), 0);
});

check('message expires by its own expiration', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel);
  channel.sendToQueue(queue, Buffer.from('short-lived'), { expiration: 100 });
  await waitReady(channel, dead, 1);
  const { content, properties } = await take(channel, dead);
  assert.deepStrictEqual([content.toString(), properties.expiration], ['short-lived', undefined]);
  const [death] = properties.headers['x-death'];
  assert.deepStrictEqual([death.reason, death['original-expiration']], ['expired', '100']);
});

check('shorter time to live counts', async (session) => {
  const channel = await session.channel();
  for (const [messageTtl, expiration] of [[100, 60_000], [60_000, 100]]) {
    const [queue, dead] = await graveyard(session, channel, { messageTtl });
    channel.sendToQueue(queue, Buffer.from(''), { expiration });
    await waitReady(channel, dead, 1);
  }
});

check('message expires only at the head of its queue', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel);
  const [witness, later] = await graveyard(session, channel, { messageTtl: 300 });
  channel.sendToQueue(queue, Buffer.from('lasting'));
  channel.sendToQueue(queue, Buffer.from('hidden'), { expiration: 1 });
  channel.sendToQueue(witness, Buffer.from(''));
  await waitReady(channel, later, 1);
  assert.deepStrictEqual([await ready(channel, queue), await ready(channel, dead)], [2, 0]);
  assert.strictEqual((await take(channel, queue)).content.toString(), 'lasting');
  await waitReady(channel, dead, 1);
  assert.strictEqual(await channel.get(queue), false);
});

check('message that is held does not expire', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { messageTtl: 200 });
  const [witness, later] = await graveyard(session, channel, { messageTtl: 400 });
  for (const name of [queue, witness]) channel.sendToQueue(name, Buffer.from(''));
  await channel.waitForConfirms();
  const held = await channel.get(queue);
  await waitReady(channel, later, 1);
  assert.strictEqual(await ready(channel, dead), 0);
  channel.nack(held);
  await waitReady(channel, dead, 1);
});

check('expiration of zero needs somebody at hand', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel);
  channel.sendToQueue(queue, Buffer.from('nobody'), { expiration: 0 });
  await waitReady(channel, dead, 1);
  const consumer = await Consumer.start(channel, queue, { noAck: true });
  channel.sendToQueue(queue, Buffer.from('somebody'), { expiration: 0 });
  assert.strictEqual((await consumer.wait(1)).content.toString(), 'somebody');
  assert.strictEqual(await ready(channel, dead), 1);
});

check('wrong expiration closes the channel', async (session) => {
  for (const [expiration, text] of [
    ['soon', "PRECONDITION_FAILED - invalid expiration 'soon': no_integer"],
    ['10 ms', 'PRECONDITION_FAILED - invalid expiration \'10 ms\': {leftover_string," ms"}'],
    ['-1', "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}"],
  ]) {
    const channel = await session.channel();
    const queue = await session.queue(channel);
    await closesChannel(channel, 406, text, () => channel.sendToQueue(queue, Buffer.from(''), { expiration }));
  }
});

/** Whether the queue is gone. Unlike declaring it, publishing to it is no use of it. */
async function gone(channel, queue) {
  let returned = false;
  const note = () => (returned = true);
  channel.on('return', note);
  channel.sendToQueue(queue, Buffer.from(''), { mandatory: true });
  await channel.waitForConfirms(); // A return comes before its confirm.
  channel.off('return', note);
  return returned;
}

check('unused queue expires', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { expires: 300 });
  assert(!(await gone(channel, queue)), 'it expired at once');
  await until(() => gone(channel, queue), 'expired queue');
  await closesChannel(channel, 404, `NOT_FOUND - no queue '${queue}' in vhost '/'`, () => ready(channel, queue));
});

check('used queue does not expire', async (session) => {
  const channel = await session.channel();
  const used = await session.queue(channel, { expires: 300 });
  const unused = await session.queue(channel, { expires: 300 });
  const consumer = await Consumer.start(channel, used);
  await until(() => gone(channel, unused), 'expired queue');
  await ready(channel, used);
  await channel.cancel(consumer.tag);
  await until(() => gone(channel, used), 'expired queue');
});
