'use strict';
// What a publisher is told: whose messages are taken, what is confirmed, and what is not there at all.

const assert = require('node:assert');
const { check, closesChannel } = require('./session');

check('user of a message must be the login', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  channel.sendToQueue(queue, Buffer.from(''), { userId: 'guest' });
  await channel.waitForConfirms();
  const text = "PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'";
  await closesChannel(channel, 406, text, () => channel.sendToQueue(queue, Buffer.from(''), { userId: 'other' }));
});

check('message without a way is confirmed', async (session) => {
  const channel = await session.channel();
  channel.sendToQueue(session.name(), Buffer.from('nowhere'));
  channel.publish('amq.headers', '', Buffer.from('nowhere'), { headers: { a: 1 } });
  await channel.waitForConfirms();
});

check('each confirm answers one message', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const answers = [];
  for (let number = 0; number < 20; number++) {
    channel.sendToQueue(queue, Buffer.from(''), {}, (error) => answers.push([number, error]));
  }
  await channel.waitForConfirms();
  answers.sort(([one], [other]) => one - other);
  assert.deepStrictEqual(answers, Array.from({ length: 20 }, (_, number) => [number, null]));
});

check('returned message comes before its confirm', async (session) => {
  const channel = await session.channel();
  const [returns, big, headers] = [[], Buffer.alloc(300_000), { a: 'b' }];
  channel.on('return', (message) => returns.push(message));
  channel.publish('amq.topic', session.name(), big, { mandatory: true, headers });
  await channel.waitForConfirms();
  const [{ content, fields, properties }] = returns;
  assert.strictEqual(fields.exchange, 'amq.topic');
  assert.deepStrictEqual({ ...properties.headers }, headers);
  assert(big.equals(content), 'body');
});
