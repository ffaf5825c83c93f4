'use strict';
// Who comes first: messages and consumers with priorities, a single active consumer, an exclusive one.

const assert = require('node:assert');
const { Consumer, check, closesChannel, closesConnection, numbered, ready, until, waitReady } = require('./session');
const { take } = require('./letters');

/** One message a priority; its body tells the priority and its place. */
async function publishByPriority(channel, queue, priorities) {
  priorities.forEach((priority, place) => channel.sendToQueue(queue, Buffer.from(`${priority}-${place}`), { priority }));
  await channel.waitForConfirms();
}

async function drain(channel, queue) {
  const bodies = [];
  for (let left = await ready(channel, queue); left > 0; left--) {
    bodies.push((await take(channel, queue)).content.toString());
  }
  return bodies;
}

check('message of higher priority comes first', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { maxPriority: 5 });
  await publishByPriority(channel, queue, [0, 3, undefined, 5, 3, 9, 1]);
  const order = ['5-3', '9-5', '3-1', '3-4', '1-6', '0-0', 'undefined-2'];
  assert.deepStrictEqual(await drain(channel, queue), order);
});

check('priority means nothing to a plain queue', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  await publishByPriority(channel, queue, [0, 3, 5]);
  assert.deepStrictEqual(await drain(channel, queue), ['0-0', '3-1', '5-2']);
});

check('requeued message keeps its priority', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { maxPriority: 5 });
  await publishByPriority(channel, queue, [1, 4, 4]);
  const first = await channel.get(queue);
  assert.strictEqual(first.content.toString(), '4-1');
  await publishByPriority(channel, queue, [5]);
  channel.nack(first);
  await waitReady(channel, queue, 4);
  assert.deepStrictEqual(await drain(channel, queue), ['5-0', '4-1', '4-2', '1-0']);
});

check('full priority queue drops its head', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { maxPriority: 5, maxLength: 2 });
  await publishByPriority(channel, queue, [1, 5, 3]);
  assert.deepStrictEqual(await drain(channel, queue), ['3-2', '1-0']);
});

check('consumer of higher priority gets what it can hold', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const [ordinary, preferred] = [await session.channel(), await session.channel()];
  await preferred.prefetch(2);
  const low = await Consumer.start(ordinary, queue);
  const high = await Consumer.start(preferred, queue, { priority: 10 });
  for (const body of numbered(4)) channel.sendToQueue(queue, Buffer.from(body));
  await high.wait(2);
  await low.wait(2);
  assert.deepStrictEqual([high.bodies, low.bodies], [['0', '1'], ['2', '3']]);
  preferred.ackAll();
  await ready(preferred, queue);
  channel.sendToQueue(queue, Buffer.from('4'));
  await high.wait(3);
});

check('single active consumer has the queue until it goes', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { arguments: { 'x-single-active-consumer': true } });
  const [first, second] = [await session.channel(), await session.channel()];
  const active = await Consumer.start(first, queue);
  const waiting = await Consumer.start(second, queue);
  for (const body of numbered(4)) channel.sendToQueue(queue, Buffer.from(body));
  await active.wait(4);
  first.ack(active.messages[0]);
  await ready(second, queue);
  assert.deepStrictEqual(waiting.bodies, []);
  await first.close();
  await waiting.wait(3);
  assert.deepStrictEqual(waiting.bodies, ['1', '2', '3']);
});

check('exclusive consumer keeps others out', async (session) => {
  const queue = await session.queue(await session.channel());
  const text = `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`;
  const channel = await session.channel();
  const first = await Consumer.start(channel, queue);
  const exclusive = await session.channel();
  await closesChannel(exclusive, 403, text, () => Consumer.start(exclusive, queue, { exclusive: true }));
  await channel.cancel(first.tag);
  await Consumer.start(channel, queue, { exclusive: true });
  const other = await session.channel();
  await closesChannel(other, 403, text, () => Consumer.start(other, queue));
});

check('prefetch of a channel is shared by its consumers', async (session) => {
  const channel = await session.channel();
  const queues = [];
  for (let number = 0; number < 2; number++) queues.push(await session.queue(channel, { bodies: numbered(3) }));
  await channel.prefetch(4, true);
  const consumers = [await Consumer.start(channel, queues[0]), await Consumer.start(channel, queues[1])];
  const held = () => consumers[0].messages.length + consumers[1].messages.length;
  await until(() => held() === 4, '4 deliveries');
  assert.strictEqual((await ready(channel, queues[0])) + (await ready(channel, queues[1])), 2);
  assert.strictEqual(held(), 4);
  channel.ackAll();
  await until(() => held() === 6, '6 deliveries');
});

check('prefetch counts for consumers that come later', async (session) => {
  const channel = await session.channel();
  const queues = [];
  for (let number = 0; number < 2; number++) queues.push(await session.queue(channel, { bodies: numbered(3) }));
  await channel.prefetch(1);
  const first = await Consumer.start(channel, queues[0]);
  await channel.prefetch(2);
  const second = await Consumer.start(channel, queues[1]);
  await first.wait(1);
  await second.wait(2);
  assert.deepStrictEqual([await ready(channel, queues[0]), await ready(channel, queues[1])], [2, 1]);
});

check('consumer tag is used once', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  await Consumer.start(channel, queue, { consumerTag: 'mine' });
  await Consumer.start(await session.channel(), queue, { consumerTag: 'mine' });
  const text = "NOT_ALLOWED - attempt to reuse consumer tag 'mine'";
  await closesConnection(channel, 530, text, () => Consumer.start(channel, queue, { consumerTag: 'mine' }));
});
