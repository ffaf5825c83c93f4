'use strict';
// What a user may do, and where. The users and virtual hosts are those of `checks/harness/setting.py`.

const assert = require('node:assert');
const { credentials } = require('amqplib');
const { NOT_OPENED, refused } = require('./login');
const { Consumer, check, closesChannel, numbered, ready } = require('./session');

const NOBODY = () => {};
const LIMITED = { socket: { credentials: credentials.plain('limited', 'a:better secret') } };

/** A channel of the user that may only touch names that begin with `mine.`. */
function limited(session) {
  return session.channel(LIMITED);
}

async function denied(session, kind, name, attempt) {
  const channel = await limited(session);
  const text = `ACCESS_REFUSED - access to ${kind} '${name}' in vhost '/' refused for user 'limited'`;
  await closesChannel(channel, 403, text, () => attempt(channel));
}

check('user may touch what is its own', async (session) => {
  const channel = await limited(session);
  const [queue, exchange] = [session.name('mine.'), session.name('mine.')];
  await channel.assertQueue(queue);
  await channel.assertExchange(exchange, 'fanout');
  await channel.bindQueue(queue, exchange, '');
  channel.publish(exchange, '', Buffer.from('one'));
  channel.sendToQueue(queue, Buffer.from('two'));
  await (await Consumer.start(channel, queue, { noAck: true })).wait(2);
  await channel.deleteQueue(queue);
  await channel.deleteExchange(exchange);
});

check('user may not touch the queues of others', async (session) => {
  const theirs = await session.queue(await session.channel(), { bodies: numbered(1) });
  for (const attempt of [
    (channel) => channel.assertQueue(theirs),
    (channel) => channel.deleteQueue(theirs),
    (channel) => channel.purgeQueue(theirs),
    (channel) => channel.get(theirs),
    (channel) => channel.consume(theirs, NOBODY),
    (channel) => channel.bindQueue(theirs, 'amq.fanout', ''),
    (channel) => channel.unbindQueue(theirs, 'amq.fanout', ''),
  ]) {
    await denied(session, 'queue', theirs, attempt);
  }
  assert.strictEqual(await ready(await session.channel(), theirs), 1);
});

check('user may not touch the exchanges of others', async (session) => {
  const [theirs, mine, queue] = [session.name(), session.name('mine.'), session.name('mine.')];
  await (await session.channel()).assertExchange(theirs, 'fanout');
  await (await limited(session)).assertQueue(queue);
  await (await limited(session)).assertExchange(mine, 'fanout');
  for (const attempt of [
    (channel) => channel.assertExchange(theirs, 'fanout'),
    (channel) => channel.deleteExchange(theirs),
    (channel) => channel.publish(theirs, '', Buffer.from('')),
    (channel) => channel.bindQueue(queue, theirs, ''),
    (channel) => channel.bindExchange(mine, theirs, ''),
    (channel) => channel.bindExchange(theirs, mine, ''),
    (channel) => channel.assertExchange(session.name('mine.'), 'direct', { alternateExchange: theirs }),
    (channel) => channel.assertQueue(session.name('mine.'), { deadLetterExchange: theirs }),
  ]) {
    await denied(session, 'exchange', theirs, attempt);
  }
});

check('passive declare needs no permission', async (session) => {
  const theirs = await session.queue(await session.channel(), { bodies: numbered(2) });
  assert.strictEqual(await ready(await limited(session), theirs), 2);
});

check('permissions are asked before existence', async (session) => {
  const missing = session.name();
  await denied(session, 'queue', missing, (channel) => channel.get(missing));
  await denied(session, 'exchange', missing, (channel) => channel.publish(missing, '', Buffer.from('')));
});

check('topic publisher without a binding gets its message back', async (session) => {
  const channel = await limited(session);
  const [exchange, returns] = [session.name('mine.'), []];
  channel.on('return', ({ fields }) => returns.push(fields.replyCode));
  await channel.assertExchange(exchange, 'topic');
  channel.publish(exchange, 'a.b', Buffer.from(''), { mandatory: true });
  await channel.waitForConfirms();
  assert.deepStrictEqual(returns, [312]);
});

check('virtual host of others is refused', async (session) => {
  await refused(session, NOT_OPENED, { vhost: 'other', ...LIMITED });
  await refused(session, NOT_OPENED, { vhost: 'closed' });
});

check('virtual hosts share nothing', async (session) => {
  const [here, there] = [await session.channel(), await session.channel({ vhost: 'other' })];
  const queue = await session.queue(here, { bodies: numbered(2) });
  await closesChannel(there, 404, `NOT_FOUND - no queue '${queue}' in vhost 'other'`, () => ready(there, queue));
  const again = await session.channel({ vhost: 'other' });
  await again.assertQueue(queue, { autoDelete: true });
  await again.bindQueue(queue, 'amq.fanout', '');
  again.publish('amq.fanout', '', Buffer.from(''));
  await again.waitForConfirms();
  assert.deepStrictEqual([await ready(here, queue), await ready(again, queue)], [2, 1]);
  await again.deleteQueue(queue);
  assert.strictEqual(await ready(here, queue), 2);
});
