'use strict';
// What happens to a message: published, consumed, given back, dead-lettered.

const assert = require('node:assert');
const { Consumer, check, closesChannel, numbered, ready, until, waitReady } = require('./session');

/** The body of the message taken from the queue, which must have one. */
async function take(channel, queue) {
  const message = await channel.get(queue, { noAck: true });
  assert(message, 'the queue is empty');
  return message.content.toString();
}

check('publish with confirms', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  let confirmed = 0;
  for (const body of numbered(100)) {
    channel.sendToQueue(queue, Buffer.from(body), {}, (error) => (confirmed += error ? 0 : 1));
  }
  await channel.waitForConfirms();
  assert.strictEqual(confirmed, 100);
  assert.strictEqual(await ready(channel, queue), 100);
});

check('mandatory message without a queue is returned', async (session) => {
  const channel = await session.channel();
  const queue = session.name();
  const returns = [];
  channel.on('return', (message) => returns.push(message));
  channel.sendToQueue(queue, Buffer.from('nowhere'), { messageId: '7', mandatory: true });
  channel.sendToQueue(queue, Buffer.from('nowhere'), { messageId: '8' });
  await channel.waitForConfirms(); // A return comes before its confirm.
  assert.strictEqual(returns.length, 1);
  const [{ fields, properties, content }] = returns;
  assert.deepStrictEqual({ ...fields }, { replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: queue });
  assert.deepStrictEqual([properties.messageId, content.toString()], ['7', 'nowhere']);
});

check('full queue refuses with a nack', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(2), maxLength: 2, overflow: 'reject-publish' });
  const refusal = new Promise((resolve) => channel.sendToQueue(queue, Buffer.from('too many'), {}, resolve));
  assert.match(String(await refusal), /nacked/);
  assert.strictEqual(await take(channel, queue), '0');
  channel.sendToQueue(queue, Buffer.from('2'));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 2);
});

check('full queue drops its oldest to the dead letter queue', async (session) => {
  const channel = await session.channel();
  const dead = await session.queue(channel);
  const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  const queue = await session.queue(channel, { bodies: numbered(3), maxLength: 2, ...letters });
  await waitReady(channel, dead, 1);
  const { properties, content } = await channel.get(dead, { noAck: true });
  assert.strictEqual(content.toString(), '0');
  assert.strictEqual(properties.headers['x-death'][0].reason, 'maxlen');
  assert.strictEqual(await ready(channel, queue), 2);
});

check('unknown exchange closes the channel', async (session) => {
  const channel = await session.channel();
  const exchange = session.name();
  await closesChannel(channel, 404, `NOT_FOUND - no exchange '${exchange}' in vhost '/'`, () => {
    channel.publish(exchange, '', Buffer.from('nowhere'));
  });
});

check('consumer never holds more than its prefetch', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(10) });
  await channel.prefetch(3);
  const consumer = await Consumer.start(channel, queue);
  for (let done = 0; done < 8; done++) {
    await consumer.wait(3 + done);
    assert.strictEqual(await ready(channel, queue), 7 - done);
    assert.strictEqual(consumer.messages.length, 3 + done);
    channel.ack(consumer.messages[done]);
  }
  assert.deepStrictEqual(consumer.bodies, numbered(10));
  assert.deepStrictEqual(consumer.redelivered, Array(10).fill(false));
});

check('acknowledge several at once', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(10) });
  await channel.prefetch(4);
  const consumer = await Consumer.start(channel, queue);
  channel.ack(await consumer.wait(4), true);
  await consumer.wait(8);
  assert.strictEqual(await ready(channel, queue), 2);
  channel.ackAll();
  await consumer.wait(10);
  channel.ackAll();
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 0);
});

check('consumers take turns', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const consumers = [];
  for (let number = 0; number < 3; number++) consumers.push(await Consumer.start(await session.channel(), queue));
  for (const body of numbered(9)) channel.sendToQueue(queue, Buffer.from(body));
  for (const consumer of consumers) await consumer.wait(3);
  assert.deepStrictEqual(consumers.flatMap((consumer) => consumer.bodies).sort(), numbered(9));
});

check('cancelled consumer gets no more', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(1) });
  const consumer = await Consumer.start(channel, queue);
  const first = await consumer.wait(1);
  await channel.cancel(consumer.tag);
  channel.sendToQueue(queue, Buffer.from('more'));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 1);
  channel.ack(first);
  assert.strictEqual(await ready(channel, queue), 1);
  assert.strictEqual(consumer.messages.length, 1);
});

check('deleted queue cancels its consumer', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const consumer = await Consumer.start(channel, queue);
  await (await session.channel()).deleteQueue(queue);
  await until(() => consumer.cancelled, 'consumer cancelled');
  await session.queue(channel);
});

check('get takes one message at a time', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(3) });
  const tell = ({ content, fields }) => [content.toString(), fields.messageCount, fields.redelivered];
  const first = await channel.get(queue);
  assert.deepStrictEqual(tell(first), ['0', 2, false]);
  assert.strictEqual(await take(channel, queue), '1');
  channel.nack(first);
  assert.deepStrictEqual(tell(await channel.get(queue, { noAck: true })), ['0', 1, true]);
  assert.strictEqual(await take(channel, queue), '2');
  assert.strictEqual(await channel.get(queue), false);
});

check('recover gives back what the channel holds', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(3) });
  const consumer = await Consumer.start(channel, queue);
  await consumer.wait(3);
  await channel.recover();
  await consumer.wait(6);
  assert.deepStrictEqual(consumer.bodies, [...numbered(3), ...numbered(3)]);
  assert.deepStrictEqual(consumer.redelivered, [false, false, false, true, true, true]);
});

check('nacked message returns to its place', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(5) });
  const taken = [await channel.get(queue), await channel.get(queue), await channel.get(queue)];
  for (const place of [1, 2, 0]) channel.nack(taken[place], false, true);
  const consumer = await Consumer.start(channel, queue);
  await consumer.wait(5);
  assert.deepStrictEqual(consumer.bodies, numbered(5));
  assert.deepStrictEqual(consumer.redelivered, [true, true, true, false, false]);
});

/** What the holder held comes first, in its old order and marked as redelivered, then what is fresh. */
async function returnedInOrder(session, queue) {
  const consumer = await Consumer.start(await session.channel(), queue);
  await consumer.wait(9);
  assert.deepStrictEqual(consumer.bodies, ['0', '2', '3', '4', '5', '6', '7', '8', '9']);
  assert.deepStrictEqual(consumer.redelivered, [...Array(5).fill(true), ...Array(4).fill(false)]);
}

check('messages of a killed consumer come back in order', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(10) });
  const holder = await session.holder(queue);
  assert.strictEqual(await ready(channel, queue), 4);
  holder.kill('SIGKILL');
  await waitReady(channel, queue, 9);
  await returnedInOrder(session, queue);
});

check('messages of a frozen consumer come back', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(10) });
  const holder = await session.holder(queue, 1);
  assert.strictEqual(await ready(channel, queue), 4);
  holder.kill('SIGSTOP'); // Its connection stays, and only its heartbeats stop.
  await waitReady(channel, queue, 9);
  await returnedInOrder(session, queue);
});

/** The message as it was, with an `x-death` that says where, why and how often. */
function isDeadLetter({ properties, content }, queue, reason, messageId, body) {
  assert.deepStrictEqual([properties.messageId, content.toString()], [messageId, body]);
  const { headers } = properties;
  assert.strictEqual(headers['x-death'].length, 1);
  const { time, ...death } = headers['x-death'][0];
  assert.strictEqual(time['!'], 'timestamp');
  assert.deepStrictEqual(death, { queue, reason, count: 1, exchange: '', 'routing-keys': [queue] });
  const first = ['queue', 'reason', 'exchange'].map((key) => headers[`x-first-death-${key}`]);
  assert.deepStrictEqual(first, [queue, reason, '']);
}

check('poison message is dead lettered at its limit', async (session) => {
  const channel = await session.channel();
  const dead = await session.queue(channel);
  // RabbitMQ keeps delivery limits in quorum queues only.
  const queue = await session.queue(channel, {
    durable: true,
    deadLetterExchange: '',
    deadLetterRoutingKey: dead,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
  });
  channel.sendToQueue(queue, Buffer.from('poison'), { messageId: '7' });
  channel.sendToQueue(queue, Buffer.from('good'));
  await channel.waitForConfirms();
  await channel.prefetch(1);
  const consumer = await Consumer.start(channel, queue);
  for (let requeues = 0; requeues < 3; requeues++) {
    const message = await consumer.wait(1 + requeues);
    assert.deepStrictEqual([message.content.toString(), message.fields.redelivered], ['poison', requeues > 0]);
    assert.strictEqual(message.properties.headers['x-delivery-count'] ?? 0, requeues);
    assert.strictEqual(await ready(channel, dead), 0, 'dead-lettered before the limit');
    channel.nack(message, false, true);
  }
  assert.strictEqual((await consumer.wait(4)).content.toString(), 'good');
  await waitReady(channel, dead, 1);
  isDeadLetter(await channel.get(dead), queue, 'delivery_limit', '7', 'poison');
});

check('rejected message is dead lettered', async (session) => {
  const channel = await session.channel();
  const dead = await session.queue(channel);
  const { exchange } = await channel.assertExchange(session.name(), 'direct', { durable: false });
  const queue = await session.queue(channel, { deadLetterExchange: exchange });
  await channel.bindQueue(dead, exchange, queue);
  const refusals = [(message) => channel.reject(message, false), (message) => channel.nack(message, false, false)];
  for (const [number, refuse] of refusals.entries()) {
    channel.sendToQueue(queue, Buffer.from('unwanted'), { messageId: String(number) });
    await channel.waitForConfirms();
    refuse(await channel.get(queue));
    await waitReady(channel, dead, 1);
    isDeadLetter(await channel.get(dead), queue, 'rejected', String(number), 'unwanted');
  }
  assert.strictEqual(await ready(channel, queue), 0);
});
