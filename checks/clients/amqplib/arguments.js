'use strict';
// Arguments that cannot be taken, and declarations that do not agree: the texts say which and why.

const assert = require('node:assert');
const { check, closesChannel, closesConnection, numbered, ready } = require('./session');

const NOT_A_NUMBER = '"expected integer, got longstr"';
const WRONG = [
  ['x-message-ttl', 'soon', NOT_A_NUMBER],
  ['x-message-ttl', -1, '{value_negative,-1}'],
  ['x-expires', 0, '{value_zero,0}'],
  ['x-expires', -1, '{value_negative,-1}'],
  ['x-max-length', '5', NOT_A_NUMBER],
  ['x-max-length', 0.5, '"expected integer, got double"'],
  ['x-max-length', -5, '{value_negative,-5}'],
  ['x-max-length-bytes', -5, '{value_negative,-5}'],
  ['x-max-priority', 256, '{max_value_exceeded,256}'],
  ['x-max-priority', -1, '{value_negative,-1}'],
  ['x-overflow', 'explode', 'invalid_overflow'],
  ['x-overflow', 1, '{unacceptable_type,byte}'],
  ['x-dead-letter-routing-key', 'a', 'routing_key_but_no_dlx_defined'],
  ['x-single-active-consumer', 'yes', '{unacceptable_type,longstr}'],
  ['x-queue-type', 'heap', '"unsupported queue type \'heap\'"'],
];

check('wrong queue arguments close the channel', async (session) => {
  for (const [argument, value, reason] of WRONG) {
    const [channel, queue] = [await session.channel(), session.name()];
    const text = `PRECONDITION_FAILED - invalid arg '${argument}' for queue '${queue}' in vhost '/': ${reason}`;
    await closesChannel(channel, 406, text, () => channel.assertQueue(queue, { arguments: { [argument]: value } }));
  }
  const [channel, queue] = [await session.channel(), session.name()];
  const text = `invalid type 'byte' for arg 'x-dead-letter-exchange' in queue '${queue}' in vhost '/'`;
  await closesChannel(channel, 406, `PRECONDITION_FAILED - ${text}`, () =>
    channel.assertQueue(queue, { deadLetterExchange: 1 }),
  );
});

check('wrong consumer argument closes the channel', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const text = `PRECONDITION_FAILED - invalid arg 'x-priority' for queue '${queue}' in vhost '/': ${NOT_A_NUMBER}`;
  await closesChannel(channel, 406, text, () => channel.consume(queue, () => {}, { priority: 'high' }));
});

check('unknown arguments are taken', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel, { bodies: numbered(1), arguments: { 'x-nonsense': 1, y: { z: [true] } } });
  await channel.assertQueue(queue, { durable: false, arguments: { 'x-nonsense': 2 } });
  await channel.assertQueue(queue, { durable: false });
  await channel.assertExchange(session.name(), 'direct', { arguments: { 'x-nonsense': 1 } });
  assert.strictEqual(await ready(channel, queue), 1);
});

const DIFFERENT = [
  ['x-message-ttl', 1000, 2000, "received '2000' but current is '1000'"],
  ['x-message-ttl', 1000, undefined, "received none but current is the value '1000' of type 'short'"],
  ['x-expires', undefined, 60_000, "received the value '60000' of type 'signedint' but current is none"],
  ['x-max-length', 5, 6, "received '6' but current is '5'"],
  ['x-max-length-bytes', 5, 6, "received '6' but current is '5'"],
  ['x-max-priority', 5, 6, "received '6' but current is '5'"],
  ['x-dead-letter-exchange', 'a', 'b', "received 'b' but current is 'a'"],
  ['x-dead-letter-exchange', 'a', undefined, "received none but current is the value 'a' of type 'longstr'"],
  ['x-overflow', 'reject-publish', 'drop-head', "received 'drop-head' but current is 'reject-publish'"],
  ['x-single-active-consumer', true, undefined, "received none but current is the value 'true' of type 'bool'"],
];

function declare(channel, queue, argument, value) {
  return channel.assertQueue(queue, { durable: false, arguments: value === undefined ? {} : { [argument]: value } });
}

check('redeclaring a queue tells what differs', async (session) => {
  for (const [argument, first, second, reason] of DIFFERENT) {
    const [channel, queue] = [await session.channel(), session.name()];
    await declare(channel, queue, argument, first);
    const text = `PRECONDITION_FAILED - inequivalent arg '${argument}' for queue '${queue}' in vhost '/': ${reason}`;
    await closesChannel(channel, 406, text, () => declare(channel, queue, argument, second));
  }
  for (const [option, name] of [['durable', 'durable'], ['autoDelete', 'auto_delete']]) {
    const channel = await session.channel();
    const queue = await session.queue(channel);
    const text = `inequivalent arg '${name}' for queue '${queue}' in vhost '/': received 'true' but current is 'false'`;
    await closesChannel(channel, 406, `PRECONDITION_FAILED - ${text}`, () =>
      channel.assertQueue(queue, { durable: false, [option]: true }),
    );
  }
});

check('redeclaring an exchange tells what differs', async (session) => {
  for (const [name, option, type, received, current] of [
    ['type', {}, 'topic', 'topic', 'direct'],
    ['durable', { durable: true }, 'direct', 'true', 'false'],
    ['auto_delete', { autoDelete: true }, 'direct', 'true', 'false'],
    ['internal', { internal: true }, 'direct', 'true', 'false'],
  ]) {
    const [channel, exchange] = [await session.channel(), session.name()];
    await channel.assertExchange(exchange, 'direct', { durable: false });
    const place = `inequivalent arg '${name}' for exchange '${exchange}' in vhost '/'`;
    const text = `PRECONDITION_FAILED - ${place}: received '${received}' but current is '${current}'`;
    await closesChannel(channel, 406, text, () => channel.assertExchange(exchange, type, { durable: false, ...option }));
  }
});

check('unknown exchange type closes the connection', async (session) => {
  const channel = await session.channel();
  // RabbitMQ calls a type unknown or invalid, as Erlang knows its name or not.
  const text = "exchange type 'pile'";
  await closesConnection(channel, 503, text, () => channel.assertExchange(session.name(), 'pile'));
});

check('reserved names are refused', async (session) => {
  const reserved = "name 'amq.mine' contains reserved prefix 'amq.*'";
  const onDefault = 'operation not permitted on the default exchange';
  const onSystem = "deletion of system exchange 'amq.direct' in vhost '/' not allowed";
  const queue = await session.queue(await session.channel());
  for (const [attempt, reason] of [
    [(channel) => channel.assertQueue('amq.mine'), `queue ${reserved}`],
    [(channel) => channel.assertExchange('amq.mine', 'direct'), `exchange ${reserved}`],
    [(channel) => channel.assertExchange('', 'direct'), onDefault],
    [(channel) => channel.bindQueue(queue, '', 'a'), onDefault],
    [(channel) => channel.deleteExchange('amq.direct'), onSystem],
    [(channel) => channel.deleteExchange(''), onDefault],
  ]) {
    const channel = await session.channel();
    await closesChannel(channel, 403, `ACCESS_REFUSED - ${reason}`, () => attempt(channel));
  }
  await (await session.channel()).assertExchange('amq.direct', 'direct');
});

check('exchange goes when it is unused', async (session) => {
  const channel = await session.channel();
  const [used, unused, queue] = [session.name(), session.name(), await session.queue(channel)];
  await channel.assertExchange(used, 'fanout', { autoDelete: true });
  await channel.bindQueue(queue, used, '');
  const busy = await session.channel();
  const text = `PRECONDITION_FAILED - exchange '${used}' in vhost '/' in use`;
  await closesChannel(busy, 406, text, () => busy.deleteExchange(used, { ifUnused: true }));
  await channel.assertExchange(unused, 'fanout');
  await channel.deleteExchange(unused, { ifUnused: true });
  await channel.deleteExchange(unused);
  await channel.unbindQueue(queue, used, '');
  const missing = `NOT_FOUND - no exchange '${used}' in vhost '/'`;
  await closesChannel(channel, 404, missing, () => channel.checkExchange(used));
});

check('empty queue name means the last one declared', async (session) => {
  const channel = await session.channel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue('', 'amq.fanout', '');
  channel.publish('amq.fanout', '', Buffer.from(''));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, queue), 1);
  assert.strictEqual((await channel.purgeQueue('')).messageCount, 1);
  await channel.bindQueue('', 'amq.direct', '');
  channel.publish('amq.direct', queue, Buffer.from(''));
  await channel.waitForConfirms();
  assert.strictEqual((await channel.deleteQueue('')).messageCount, 1);
  const other = await session.channel();
  await closesChannel(other, 404, 'NOT_FOUND - no previously declared queue', () => other.consume('', () => {}));
});
