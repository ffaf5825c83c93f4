'use strict';
// Queues and exchanges: what they are declared with, who may use them, how they end, and what is answered when not.

const assert = require('node:assert');
const amqplib = require('amqplib');
const { Consumer, check, closesChannel, numbered, ready } = require('./session');

const NOBODY = () => {};

check('unknown queue closes only its channel', async (session) => {
  const connection = await session.connect();
  const bystander = await session.channel({ connection });
  for (let attempt = 0; attempt < 20; attempt++) {
    const channel = await session.channel({ connection });
    const queue = session.name();
    await closesChannel(channel, 404, `NOT_FOUND - no queue '${queue}' in vhost '/'`, () => channel.consume(queue, NOBODY));
  }
  await session.queue(bystander);
});

check('unknown delivery tag closes the channel', async (session) => {
  const connection = await session.connect();
  const channel = await session.channel({ connection });
  await closesChannel(channel, 406, 'PRECONDITION_FAILED - unknown delivery tag 99', () => {
    channel.ack({ fields: { deliveryTag: 99 } });
  });
  await session.queue(await session.channel({ connection }));
});

check('acknowledging twice closes the channel', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(2) });
  const message = await channel.get(queue);
  await channel.get(queue);
  const text = `PRECONDITION_FAILED - unknown delivery tag ${message.fields.deliveryTag}`;
  await closesChannel(channel, 406, text, () => {
    channel.ack(message);
    channel.ack(message);
  });
  assert.strictEqual(await ready(await session.channel(), queue), 1);
});

check('redeclaring with other options closes the channel', async (session) => {
  const queue = await session.queue(await session.channel(), { maxLength: 5 });
  const same = { durable: false, maxLength: 5 };
  for (const [option, other] of [['durable', { durable: true }], ['x-max-length', { maxLength: 6 }]]) {
    const channel = await session.channel();
    const text = `PRECONDITION_FAILED - inequivalent arg '${option}' for queue '${queue}' in vhost '/'`;
    await closesChannel(channel, 406, text, () => channel.assertQueue(queue, { ...same, ...other }));
  }
  await (await session.channel()).assertQueue(queue, same);
});

check('wrong password is refused', async (session) => {
  const url = new URL(session.target.url);
  url.password = 'wrong';
  await assert.rejects(amqplib.connect(url.href), /403.*ACCESS_REFUSED/);
});

check('passive declare tells what is there', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(3) });
  await channel.prefetch(1);
  const consumer = await Consumer.start(channel, queue);
  await consumer.wait(1);
  const told = await (await session.channel()).checkQueue(queue);
  assert.deepStrictEqual({ ...told }, { queue, messageCount: 2, consumerCount: 1 });
  const missing = session.name();
  await closesChannel(channel, 404, `NOT_FOUND - no queue '${missing}' in vhost '/'`, () => channel.checkQueue(missing));
  const other = await session.channel();
  const text = `NOT_FOUND - no exchange '${missing}' in vhost '/'`;
  await closesChannel(other, 404, text, () => other.checkExchange(missing));
});

check('server names a queue', async (session) => {
  const channel = await session.channel();
  const returns = [];
  channel.on('return', (message) => returns.push(message));
  const names = new Set();
  for (let number = 0; number < 5; number++) names.add((await channel.assertQueue('', { exclusive: true })).queue);
  assert.strictEqual(names.size, 5);
  for (const name of names) {
    assert.match(name, /^amq\.gen-/);
    channel.sendToQueue(name, Buffer.from('hello'), { mandatory: true });
  }
  await channel.waitForConfirms();
  assert.strictEqual(returns.length, 0);
});

check('purge and delete tell how many', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(5) });
  const held = await channel.get(queue);
  assert.strictEqual((await channel.purgeQueue(queue)).messageCount, 4);
  channel.nack(held);
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 1);
  await closesChannel(channel, 404, 'NOT_FOUND', () => ready(channel, queue));
});

check('delete only if unused and empty', async (session) => {
  const queue = await session.queue(await session.channel(), { bodies: numbered(1) });
  const full = await session.channel();
  const notEmpty = `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`;
  await closesChannel(full, 406, notEmpty, () => full.deleteQueue(queue, { ifEmpty: true }));
  const used = await session.channel();
  const consumer = await Consumer.start(await session.channel(), queue, { noAck: true });
  await consumer.wait(1);
  const inUse = `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use`;
  await closesChannel(used, 406, inUse, () => used.deleteQueue(queue, { ifUnused: true }));
});

check('exclusive queue is locked for others', async (session) => {
  const queue = await session.queue(await session.channel(), { exclusive: true });
  const text = `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'`;
  const declaring = await session.channel();
  await closesChannel(declaring, 405, text, () => declaring.assertQueue(queue, { durable: false, exclusive: true }));
  const consuming = await session.channel();
  await closesChannel(consuming, 405, text, () => consuming.consume(queue, NOBODY));
});

check('exclusive queue ends with its connection', async (session) => {
  const connection = await session.connect();
  const queue = await session.queue(await session.channel({ connection }), { exclusive: true });
  await connection.close();
  const channel = await session.channel();
  await closesChannel(channel, 404, 'NOT_FOUND', () => ready(channel, queue));
});

check('auto delete queue ends with its last consumer', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { autoDelete: true });
  const consumers = [await Consumer.start(channel, queue), await Consumer.start(channel, queue)];
  await channel.cancel(consumers[0].tag);
  assert.strictEqual(await ready(channel, queue), 0);
  await channel.cancel(consumers[1].tag);
  await closesChannel(channel, 404, 'NOT_FOUND', () => ready(channel, queue));
});

check('direct exchange routes by key', async (session) => {
  const channel = await session.channel();
  const returned = [];
  channel.on('return', ({ fields }) => returned.push(fields.routingKey));
  const { exchange } = await channel.assertExchange(session.name(), 'direct', { durable: false });
  const red = await session.queue(channel);
  const blue = await session.queue(channel);
  const bindings = [[red, 'red'], [red, 'both'], [red, 'both'], [blue, 'blue'], [blue, 'both']];
  for (const [queue, key] of bindings) await channel.bindQueue(queue, exchange, key);
  for (const key of ['red', 'blue', 'both', 'none']) channel.publish(exchange, key, Buffer.from(key), { mandatory: true });
  await channel.waitForConfirms();
  assert.deepStrictEqual([await ready(channel, red), await ready(channel, blue)], [2, 2]);
  await channel.unbindQueue(red, exchange, 'red');
  channel.publish(exchange, 'red', Buffer.from('red'), { mandatory: true });
  await channel.waitForConfirms();
  assert.deepStrictEqual(returned, ['none', 'red']);
});

check('fanout exchange routes to all', async (session) => {
  const channel = await session.channel();
  const { exchange } = await channel.assertExchange(session.name(), 'fanout', { durable: false });
  const queues = [await session.queue(channel), await session.queue(channel), await session.queue(channel)];
  for (const queue of queues) await channel.bindQueue(queue, exchange, '');
  channel.publish(exchange, 'any key', Buffer.from(''));
  await channel.unbindQueue(queues[0], exchange, '');
  channel.publish(exchange, '', Buffer.from(''));
  await channel.waitForConfirms();
  assert.deepStrictEqual(await Promise.all(queues.map((queue) => ready(channel, queue))), [1, 2, 2]);
  await channel.deleteExchange(exchange);
  await closesChannel(channel, 404, 'NOT_FOUND', () => channel.publish(exchange, '', Buffer.from('')));
});
