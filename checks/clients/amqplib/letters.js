'use strict';
// Queues with dead letters, for the checks of every cause of death.

const assert = require('node:assert');

/** A queue with these options, and the queue of its dead letters. */
async function graveyard(session, channel, options = {}) {
  const dead = await session.queue(channel);
  return [await session.queue(channel, { ...options, deadLetterExchange: '', deadLetterRoutingKey: dead }), dead];
}

/** A message taken from the queue, which must have one. */
async function take(channel, queue) {
  const message = await channel.get(queue, { noAck: true });
  assert(message, 'the queue is empty');
  return message;
}

/** Whether the broker refuses to take the message. */
function refused(channel, queue, body) {
  return new Promise((resolve) => channel.sendToQueue(queue, Buffer.from(body), {}, (error) => resolve(error !== null)));
}

/** The entries of `x-death`, without the time. */
function deaths({ properties }) {
  return properties.headers['x-death'].map(({ time, ...death }) => death);
}

/** Takes a message and refuses it for good. */
async function reject(channel, queue) {
  channel.nack(await channel.get(queue), false, false);
}

module.exports = { deaths, graveyard, refused, reject, take };
