'use strict';
// TLS: the same protocol on another port, with certificates on both ends.

const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { Consumer, check, numbered } = require('./session');

/** What connects to the encrypted port; `overrides` take away or change what the client brings. */
function encrypted(session, overrides = {}) {
  const { port, authority, certificate, key } = session.target.tls;
  const socket = { ca: readFileSync(authority), cert: readFileSync(certificate), key: readFileSync(key), ...overrides };
  return session.connect({ port, socket });
}

check('encrypted connection works', async (session) => {
  const channel = await session.channel({ connection: await encrypted(session) });
  const queue = await session.queue(channel, { bodies: [...numbered(10), 'x'.repeat(500_000)] });
  const consumer = await Consumer.start(await session.channel(), queue, { noAck: true });
  assert.strictEqual((await consumer.wait(11)).content.length, 500_000);
});

check('client without a certificate is refused', async (session) => {
  await assert.rejects(encrypted(session, { cert: undefined, key: undefined }));
});

check('certificate of the broker can be verified', async (session) => {
  const otherAuthority = readFileSync(session.target.tls.certificate);
  await assert.rejects(encrypted(session, { ca: otherAuthority }));
  await encrypted(session, { maxVersion: 'TLSv1.2' });
});
