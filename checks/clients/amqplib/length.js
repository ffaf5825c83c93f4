'use strict';
// Queues that may not grow: by count, by bytes, and what becomes of what is too much.

const assert = require('node:assert');
const { Consumer, check, numbered, ready, waitReady } = require('./session');
const { graveyard, refused, take } = require('./letters');

/** Publishes one after the other; whether each was refused. */
async function refusals(channel, queue, bodies) {
  const outcomes = [];
  for (const body of bodies) outcomes.push(await refused(channel, queue, body));
  return outcomes;
}

check('queue limited in bytes drops its oldest', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { arguments: { 'x-max-length-bytes': 100 } });
  for (const [text, size] of [['a', 60], ['b', 40], ['c', 30], ['d', 30]]) {
    channel.sendToQueue(queue, Buffer.from(text.repeat(size)));
  }
  await waitReady(channel, dead, 1);
  assert.strictEqual(await ready(channel, queue), 3);
  channel.sendToQueue(queue, Buffer.alloc(101));
  await waitReady(channel, dead, 5);
  assert.strictEqual(await ready(channel, queue), 0);
});

check('queue limited in bytes refuses with a nack', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { overflow: 'reject-publish', arguments: { 'x-max-length-bytes': 100 } });
  const bodies = [Buffer.alloc(60), Buffer.alloc(60), Buffer.alloc(40)];
  assert.deepStrictEqual(await refusals(channel, queue, bodies), [false, true, false]);
  assert.strictEqual(await ready(channel, queue), 2);
});

check('full queue refuses to the dead letter queue', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { maxLength: 2, overflow: 'reject-publish-dlx' });
  assert.deepStrictEqual(await refusals(channel, queue, numbered(3)), [false, false, true]);
  await waitReady(channel, dead, 1);
  const { content, properties } = await take(channel, dead);
  assert.deepStrictEqual([content.toString(), properties.headers['x-death'][0].reason], ['2', 'maxlen']);
  assert.strictEqual(await ready(channel, queue), 2);
});

check('full queue that refuses has no dead letters', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { maxLength: 1, overflow: 'reject-publish' });
  assert.deepStrictEqual(await refusals(channel, queue, numbered(2)), [false, true]);
  assert.deepStrictEqual([await ready(channel, queue), await ready(channel, dead)], [1, 0]);
});

check('queue of length zero hands over only', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { maxLength: 0 });
  channel.sendToQueue(queue, Buffer.from('nobody'));
  await waitReady(channel, dead, 1);
  const consumer = await Consumer.start(channel, queue, { noAck: true });
  channel.sendToQueue(queue, Buffer.from('somebody'));
  assert.strictEqual((await consumer.wait(1)).content.toString(), 'somebody');
});

check('messages that are held do not fill a queue', async (session) => {
  const channel = await session.channel();
  const [queue, dead] = await graveyard(session, channel, { maxLength: 2 });
  for (const body of ['0', '1']) channel.sendToQueue(queue, Buffer.from(body));
  await channel.waitForConfirms();
  const held = await channel.get(queue);
  await channel.get(queue);
  for (const body of ['2', '3']) channel.sendToQueue(queue, Buffer.from(body));
  await channel.waitForConfirms();
  assert.deepStrictEqual([await ready(channel, queue), await ready(channel, dead)], [2, 0]);
  channel.nack(held);
  await waitReady(channel, dead, 1);
  assert.strictEqual((await take(channel, dead)).content.toString(), '0');
});
