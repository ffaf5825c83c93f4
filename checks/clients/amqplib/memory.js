'use strict';
// A broker that runs out of memory: it stops who publishes, tells them so, and serves everybody else.

const assert = require('node:assert');
const { check, numbered, ready, until } = require('./session');
const { take } = require('./letters');

const FLOOD_MIB = 700;

/** Publishes until it is told to stop. */
async function flood(channel, queue, told) {
  for (let mebibytes = 0; mebibytes < FLOOD_MIB && told.length === 0; mebibytes++) {
    const confirmed = new Promise((resolve) => channel.sendToQueue(queue, Buffer.alloc(1 << 20), {}, resolve));
    await Promise.race([confirmed, until(() => told.length > 0, 'blocked').catch(() => {})]);
  }
}

check('publisher that fills the memory is blocked', async (session) => {
  const [connection, other, told] = [await session.connect(), await session.channel(), []];
  connection.on('blocked', (reason) => told.push(reason));
  connection.on('unblocked', () => told.push('unblocked'));
  const channel = await session.channel({ connection });
  const queue = await session.queue(channel);
  const small = await session.queue(other, { bodies: numbered(3) });
  await flood(channel, queue, told);
  await until(() => told.length > 0, 'blocked');
  assert.strictEqual(told[0], 'low on memory');
  assert.strictEqual((await take(other, small)).content.toString(), '0');
  await other.deleteQueue(queue);
  await until(() => told.at(-1) === 'unblocked', 'unblocked');
  channel.sendToQueue(small, Buffer.from('again'));
  await channel.waitForConfirms();
  assert.strictEqual(await ready(channel, small), 3);
});
