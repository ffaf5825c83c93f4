'use strict';
// Request and reply: the synchronous pattern over a queue, with no queue for the replies.

const assert = require('node:assert');
const { Consumer, check, closesChannel, ready } = require('./session');
const { take } = require('./letters');

const REPLIES = 'amq.rabbitmq.reply-to';
const QUESTION = Buffer.from('question');
const ANSWER = Buffer.from('answer');

check('request is answered directly', async (session) => {
  const [client, server] = [await session.channel(), await session.channel()];
  const queue = await session.queue(server);
  const replies = await Consumer.start(client, REPLIES, { noAck: true });
  const requests = await Consumer.start(server, queue, { noAck: true });
  for (const number of [1, 2]) {
    client.sendToQueue(queue, QUESTION, { replyTo: REPLIES, correlationId: String(number) });
    const { replyTo, correlationId } = (await requests.wait(number)).properties;
    assert(replyTo.startsWith(`${REPLIES}.`), `reply to ${replyTo}`);
    server.sendToQueue(replyTo, ANSWER, { correlationId });
    const { content, fields, properties } = await replies.wait(number);
    assert.deepStrictEqual([content.toString(), properties.correlationId], ['answer', String(number)]);
    assert.deepStrictEqual([fields.exchange, fields.routingKey], ['', replyTo]);
    assert.strictEqual((await server.checkQueue(replyTo)).queue, replyTo);
  }
});

/** Publishes to the address as mandatory; whether it was returned. */
async function returned(channel, address) {
  const returns = [];
  channel.once('return', ({ fields }) => returns.push(fields.replyCode));
  channel.sendToQueue(address, ANSWER, { mandatory: true });
  await channel.waitForConfirms();
  return returns;
}

check('reply to a client that went has no route', async (session) => {
  const connection = await session.connect();
  const [client, server] = [await session.channel({ connection }), await session.channel()];
  const queue = await session.queue(server);
  await Consumer.start(client, REPLIES, { noAck: true });
  client.sendToQueue(queue, QUESTION, { replyTo: REPLIES });
  await client.waitForConfirms();
  const { replyTo } = (await take(server, queue)).properties;
  await connection.close();
  assert.deepStrictEqual(await returned(server, replyTo), [312]);
  await closesChannel(server, 404, `NOT_FOUND - no queue '${replyTo}' in vhost '/'`, () => ready(server, replyTo));
});

check('mandatory reply is delivered and returned', async (session) => {
  const channel = await session.channel();
  const replies = await Consumer.start(channel, REPLIES, { noAck: true });
  const queue = await session.queue(channel);
  channel.sendToQueue(queue, QUESTION, { replyTo: REPLIES });
  await channel.waitForConfirms();
  const { replyTo } = (await take(channel, queue)).properties;
  assert.deepStrictEqual(await returned(channel, replyTo), [312]);
  assert.strictEqual((await replies.wait(1)).content.toString(), 'answer');
});

check('direct reply has its rules', async (session) => {
  const channel = await session.channel();
  const acknowledging = 'PRECONDITION_FAILED - reply consumer cannot acknowledge';
  await closesChannel(channel, 406, acknowledging, () => Consumer.start(channel, REPLIES));
  const twice = await session.channel();
  await Consumer.start(twice, REPLIES, { noAck: true });
  const set = 'PRECONDITION_FAILED - reply consumer already set';
  await closesChannel(twice, 406, set, () => Consumer.start(twice, REPLIES, { noAck: true }));
  const asking = await session.channel();
  const queue = await session.queue(asking);
  const missing = 'PRECONDITION_FAILED - fast reply consumer does not exist';
  await closesChannel(asking, 406, missing, () => asking.sendToQueue(queue, QUESTION, { replyTo: REPLIES }));
});

check('other reply addresses pass unchanged', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  for (const replyTo of ['replies', 'amq.rabbitmq.reply-to.made-up']) {
    channel.sendToQueue(queue, QUESTION, { replyTo });
    await channel.waitForConfirms();
    assert.strictEqual((await take(channel, queue)).properties.replyTo, replyTo);
  }
});
