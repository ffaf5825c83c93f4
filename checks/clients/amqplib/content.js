'use strict';
// What travels: properties, headers and bodies, on channels and connections that stay.

const assert = require('node:assert');
const { setTimeout: sleep } = require('node:timers/promises');
const { Consumer, check, numbered, ready } = require('./session');

/** A body in which a lost or doubled piece is noticed. */
function patterned(size) {
  return Buffer.from(Uint8Array.from({ length: size }, (_, place) => place % 251));
}

check('properties and headers come back equal', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  // All types that amqplib can send and read again as they were.
  const headers = {
    text: 'Zoë ☃',
    bytes: Buffer.from([0, 255]),
    true: true,
    false: false,
    byte: -1,
    short: -300,
    int: -70_000,
    long: -(2 ** 40),
    double: 0.1,
    unsignedByte: { '!': 'uint8', value: 255 },
    unsignedShort: { '!': 'uint16', value: 65_535 },
    unsignedInt: { '!': 'uint32', value: 4_294_967_295 },
    float: { '!': 'float', value: 0.5 },
    decimal: { '!': 'decimal', value: { places: 2, digits: 314 } },
    time: { '!': 'timestamp', value: 981_173_106 },
    nothing: null,
    table: { of: { tables: {}, text: 'b' }, empty: '' },
    list: ['a', 2, [null, { b: Buffer.from('c') }], []],
    zebra: 1,
    apple: 2,
  };
  const untyped = { ...headers, unsignedByte: 255, unsignedShort: 65_535, unsignedInt: 4_294_967_295, float: 0.5 };
  const properties = {
    contentType: 'application/json',
    contentEncoding: 'gzip',
    deliveryMode: 2,
    priority: 3,
    correlationId: 'c'.repeat(255),
    replyTo: 'r',
    expiration: '60000',
    messageId: 'm',
    timestamp: 981_173_106,
    type: 't',
    userId: 'guest',
    appId: 'ä',
  };
  channel.sendToQueue(queue, Buffer.from('body'), { ...properties, headers });
  const { properties: received } = await channel.get(queue, { noAck: true });
  assert.deepStrictEqual({ ...received }, { ...properties, headers: untyped, clusterId: undefined });
  assert.deepStrictEqual(Object.keys(received.headers), Object.keys(headers));
});

check('bodies of all sizes come back equal', async (session) => {
  const channel = await session.channel();
  const queue = await session.queue(channel);
  const frame = 131_072 - 8;
  for (const size of [0, 1, frame - 1, frame, frame + 1, 2 * frame, 5_000_000]) {
    const body = patterned(size);
    channel.sendToQueue(queue, body);
    channel.sendToQueue(queue, body);
    const got = await channel.get(queue, { noAck: true });
    assert(body.equals(got.content), `body of ${size} bytes`);
    const consumer = await Consumer.start(channel, queue, { noAck: true });
    assert(body.equals((await consumer.wait(1)).content), `delivered body of ${size} bytes`);
    await channel.cancel(consumer.tag);
  }
});

check('small frames are kept to', async (session) => {
  // maxFrameSize makes amqplib refuse a longer frame; 4096 is the least it takes.
  const channel = await session.channel({ frameMax: 4096, maxFrameSize: 4096 });
  const queue = await session.queue(channel);
  for (const size of [4087, 4088, 4089, 100_000]) {
    const body = patterned(size);
    channel.sendToQueue(queue, body);
    const got = await channel.get(queue, { noAck: true });
    assert(body.equals(got.content), `body of ${size} bytes`);
  }
});

check('channels of a connection are independent', async (session) => {
  const connection = await session.connect();
  const channels = await Promise.all(Array.from({ length: 50 }, () => session.channel({ connection })));
  const queues = await Promise.all(channels.map((channel) => session.queue(channel, { bodies: numbered(2) })));
  const consumers = await Promise.all(channels.map((channel, number) => Consumer.start(channel, queues[number])));
  for (const consumer of consumers) await consumer.wait(2);
  await channels[0].close();
  assert.strictEqual(await ready(channels[1], queues[0]), 2);
  assert.strictEqual(await ready(channels[1], queues[2]), 0);
});

check('idle connection outlives its heartbeats', async (session) => {
  const connection = await session.connect({ heartbeat: 1 });
  await sleep(5000);
  await session.queue(await session.channel({ connection }));
});
