'use strict';
// The process of a consumer: it holds five messages, the second acknowledged and replaced, until it is killed.
// Usage: holder.js URL QUEUE HEARTBEAT_S

const { Consumer, Session } = require('./session');

async function main([url, queue, heartbeat]) {
  const channel = await new Session({ url }).channel({ heartbeat });
  await channel.prefetch(5);
  const consumer = await Consumer.start(channel, queue);
  await consumer.wait(5);
  channel.ack(consumer.messages[1]);
  await consumer.wait(6);
  process.send('holding');
}

main(process.argv.slice(2));
