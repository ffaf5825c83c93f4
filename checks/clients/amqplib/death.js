'use strict';
// Where dead letters go and what is written on them, beyond their first death.

const assert = require('node:assert');
const { check, ready, waitReady } = require('./session');
const { deaths, graveyard, reject, take } = require('./letters');

check('deaths of one kind are counted', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel);
  channel.sendToQueue(queue, Buffer.from('unwanted'));
  for (const count of [1, 2, 3]) {
    await channel.waitForConfirms();
    await reject(channel, queue);
    await waitReady(channel, dead, 1);
    const letter = await take(channel, dead);
    const [death, ...others] = deaths(letter);
    assert.deepStrictEqual([death.count, death.reason, death.queue, others], [count, 'rejected', queue, []]);
    channel.sendToQueue(queue, letter.content, { headers: letter.properties.headers });
  }
});

check('latest kind of death comes first', async (session) => {
  const channel = await session.channel();
  const last = await session.queue(channel);
  const letters = (deadLetterRoutingKey) => ({ deadLetterExchange: '', deadLetterRoutingKey });
  const second = await session.queue(channel, { messageTtl: 50, ...letters(last) });
  const first = await session.queue(channel, letters(second));
  channel.sendToQueue(first, Buffer.from(''), { headers: { mine: 1 } });
  await channel.waitForConfirms();
  await reject(channel, first);
  await waitReady(channel, last, 1);
  const letter = await take(channel, last);
  const { headers } = letter.properties;
  assert.deepStrictEqual(deaths(letter), [
    { count: 1, exchange: '', reason: 'expired', queue: second, 'routing-keys': [second] },
    { count: 1, exchange: '', reason: 'rejected', queue: first, 'routing-keys': [first] },
  ]);
  assert.strictEqual(headers.mine, 1);
  const told = ['queue', 'reason', 'exchange'].map((key) => headers[`x-first-death-${key}`]);
  assert.deepStrictEqual(told, [first, 'rejected', '']);
});

check('dead letter keeps its keys', async (session) => {
  const channel = await session.channel();
  const [exchange, letters] = [session.name(), session.name()];
  await channel.assertExchange(exchange, 'direct');
  await channel.assertExchange(letters, 'topic');
  const queue = await session.queue(channel, { deadLetterExchange: letters });
  const [byKey, byCopy] = [await session.queue(channel), await session.queue(channel)];
  await channel.bindQueue(queue, exchange, 'its.key');
  await channel.bindQueue(byKey, letters, 'its.*');
  await channel.bindQueue(byCopy, letters, 'copy');
  channel.publish(exchange, 'its.key', Buffer.from(''), { CC: ['copy'] });
  await channel.waitForConfirms();
  await reject(channel, queue);
  for (const dead of [byKey, byCopy]) {
    await waitReady(channel, dead, 1);
    const letter = await take(channel, dead);
    assert.deepStrictEqual([letter.fields.exchange, letter.fields.routingKey], [letters, 'its.key']);
    assert.deepStrictEqual(deaths(letter)[0]['routing-keys'], ['its.key', 'copy']);
    assert.deepStrictEqual(letter.properties.headers.CC, ['copy']);
  }
});

check('dead letter with a new key forgets its copies', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel);
  const copy = await session.queue(channel);
  channel.sendToQueue(queue, Buffer.from(''), { CC: [copy] });
  await channel.waitForConfirms();
  await channel.purgeQueue(copy);
  await reject(channel, queue);
  await waitReady(channel, dead, 1);
  const letter = await take(channel, dead);
  assert.deepStrictEqual(deaths(letter)[0]['routing-keys'], [queue, copy]);
  assert(!('CC' in letter.properties.headers));
  assert.strictEqual(await ready(channel, copy), 0);
});

check('circle of expiry is cut', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { messageTtl: 50, deadLetterExchange: '' });
  channel.sendToQueue(queue, Buffer.from('around'));
  await channel.waitForConfirms();
  await waitReady(channel, queue, 0);
  const [witness, later] = await graveyard(session, channel, { messageTtl: 300 });
  channel.sendToQueue(witness, Buffer.from(''));
  await waitReady(channel, later, 1);
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 0);
});

check('circle with a rejection goes on', async (session) => {
  const channel = await session.channel();
  const [queue, waiting] = [session.name(), session.name()];
  const letters = (deadLetterRoutingKey) => ({ durable: false, deadLetterExchange: '', deadLetterRoutingKey });
  await channel.assertQueue(queue, letters(waiting));
  await channel.assertQueue(waiting, { ...letters(queue), messageTtl: 20 });
  channel.sendToQueue(queue, Buffer.from('again'));
  for (const rounds of [0, 1, 2]) {
    await waitReady(channel, queue, 1);
    const message = await channel.get(queue);
    assert.strictEqual(message.content.toString(), 'again');
    const counts = rounds ? deaths(message).map(({ reason, count }) => [reason, count]) : [];
    assert.deepStrictEqual(counts, rounds ? [['expired', rounds], ['rejected', rounds]] : []);
    channel.nack(message, false, false);
  }
});

check('dead letter without an exchange is dropped', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { deadLetterExchange: session.name() });
  channel.sendToQueue(queue, Buffer.from(''), { expiration: 1 });
  await channel.waitForConfirms();
  await waitReady(channel, queue, 0);
  channel.sendToQueue(queue, Buffer.from(''));
  await channel.waitForConfirms();
  await reject(channel, queue);
  assert.strictEqual(await ready(channel, queue), 0);
});
