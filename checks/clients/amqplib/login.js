'use strict';
// Who gets in: mechanisms, passwords, virtual hosts, and what both ends say of themselves.

const assert = require('node:assert');
const { credentials } = require('amqplib');
const { check, closesConnection, numbered } = require('./session');

const ANNOUNCED = [
  'authentication_failure_close',
  'basic.nack',
  'connection.blocked',
  'consumer_cancel_notify',
  'consumer_priorities',
  'direct_reply_to',
  'exchange_exchange_bindings',
  'per_consumer_qos',
  'publisher_confirms',
];

/** amqplib does not tell with what text the broker refused to open a virtual host. */
const NOT_OPENED = 'Expected ConnectionOpenOk; got <ConnectionClose';

/** The login must fail with this text. */
async function refused(session, text, options) {
  const error = await session.connect(options).then(() => null, (refusal) => refusal);
  assert(error, 'it was let in');
  assert(error.message.includes(text), `"${error.message}" without "${text}"`);
}

function refusal(mechanism) {
  const why = `Login was refused using authentication mechanism ${mechanism}.`;
  return `ACCESS_REFUSED - ${why} For details see the broker logfile.`;
}

check('capabilities are announced', async (session) => {
  const { serverProperties } = (await session.connect()).connection;
  for (const name of ANNOUNCED) assert.strictEqual(serverProperties.capabilities[name], true, name);
  for (const name of ['product', 'version', 'platform']) assert(serverProperties[name], name);
});

check('amqplain logs in', async (session) => {
  const connection = await session.connect({ socket: { credentials: credentials.amqplain('guest', 'guest') } });
  await session.queue(await session.channel({ connection }));
  await refused(session, refusal('AMQPLAIN'), { socket: { credentials: credentials.amqplain('guest', 'wrong') } });
});

check('unknown mechanism is refused', async (session) => {
  // RabbitMQ ends the connection without a word.
  await refused(session, '', { socket: { credentials: { mechanism: 'GUESS', response: () => Buffer.from('') } } });
});

check('wrong login is told like a wrong password', async (session) => {
  for (const [user, password] of [['guest', 'wrong'], ['nobody', 'guest'], ['', ''], ['guest', '']]) {
    await refused(session, refusal('PLAIN'), { socket: { credentials: credentials.plain(user, password) } });
  }
});

check('unknown virtual host is refused', async (session) => {
  await refused(session, NOT_OPENED, { vhost: 'nowhere' });
});

check('limits of a connection are negotiated', async (session) => {
  const connection = await session.connect({ channelMax: 3, heartbeat: 7, frameMax: 8192 });
  const limits = ({ connection: { channelMax, heartbeat, frameMax } }) => [channelMax, heartbeat, frameMax];
  assert.deepStrictEqual(limits(connection), [3, 7, 8192]);
  assert.deepStrictEqual(limits(await session.connect()), [2047, 60, 131072]);
  const channels = [];
  for (let number = 0; number < 3; number++) channels.push(await session.channel({ connection }));
  await channels[1].close();
  await session.queue(await session.channel({ connection }), { bodies: numbered(1) });
});

check('channel beyond the maximum closes the connection', async (session) => {
  const connection = await session.connect({ channelMax: 2 });
  const channel = await session.channel({ connection });
  await session.channel({ connection });
  connection.connection.channelMax = 3; // It would refuse to open one more itself.
  const text = 'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)';
  await closesConnection(channel, 530, text, () => session.channel({ connection }));
});

check('password can be changed while connected', async (session) => {
  const connection = await session.connect();
  await connection.updateSecret(Buffer.from('guest'), 'the old one is known');
  await session.queue(await session.channel({ connection }), { bodies: numbered(1) });
});

module.exports = { NOT_OPENED, refused };
