'use strict';
// What one check uses: connections, names of its own, and consumers; everything goes when the check ends.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const amqplib = require('amqplib');

const PATIENCE_MS = 5000;
const checks = new Map();

/** Registers a check under its name. */
function check(name, action) {
  checks.set(name, action);
}

/** Bodies that tell their place. */
function numbered(count) {
  return Array.from({ length: count }, (_, number) => String(number));
}

/** Waits until the condition, which may be a promise, holds. */
async function until(condition, what) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert(Date.now() < deadline, `not within ${PATIENCE_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** How many messages are ready. Whatever the broker sent before it answered has been dispatched by then. */
async function ready(channel, queue) {
  return (await channel.checkQueue(queue)).messageCount;
}

/** Waits until so many messages are ready. */
function waitReady(channel, queue, count) {
  return until(async () => (await ready(channel, queue)) === count, `${count} ready messages`);
}

/** The action, which may be a promise, must make the broker close the channel with this code and text. */
async function closesChannel(what, code, text, action) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const closed = new Promise((resolve, reject) => {
    what.once('error', resolve);
    signal.addEventListener('abort', () => reject(new assert.AssertionError({ message: 'it stayed open' })));
  });
  Promise.resolve(action()).catch(() => {}); // The error comes as an event as well.
  const error = await closed;
  assert.strictEqual(error.code, code, `reply code ${error.code} instead of ${code}: ${error.message}`);
  assert(error.message.includes(text), `"${error.message}" without "${text}"`);
}

/** The action must make the broker close the channel's whole connection with this code and text. */
function closesConnection(channel, code, text, action) {
  return closesChannel(channel.connection, code, text, action);
}

/** A consumer that keeps what is delivered. */
class Consumer {
  static async start(channel, queue, options) {
    const consumer = new Consumer();
    consumer.messages = [];
    consumer.cancelled = false;
    const { consumerTag } = await channel.consume(queue, (message) => consumer.take(message), options);
    consumer.tag = consumerTag;
    return consumer;
  }

  take(message) {
    if (message === null) this.cancelled = true;
    else this.messages.push(message);
  }

  get bodies() {
    return this.messages.map((message) => message.content.toString());
  }

  get redelivered() {
    return this.messages.map((message) => message.fields.redelivered);
  }

  /** Waits for so many deliveries since the start; returns the last of them. */
  async wait(count) {
    await until(() => this.messages.length >= count, `${count} deliveries`);
    assert.strictEqual(this.messages.length, count, `${this.messages.length} deliveries instead of ${count}`);
    return this.messages[count - 1];
  }
}

/** The connections and names of one check. */
class Session {
  constructor(target) {
    this.target = target;
    this.connections = [];
    this.names = [];
    this.processes = [];
  }

  /** A connection; the options are those of amqplib's URL, and `port`, `vhost`, and `socket` for those of its socket. */
  async connect({ port, vhost, socket = {}, ...options } = {}) {
    const url = new URL(this.target.url);
    if (socket.ca) url.protocol = 'amqps:';
    if (port) url.port = port;
    if (vhost) url.pathname = vhost;
    for (const [option, value] of Object.entries(options)) url.searchParams.set(option, value);
    const connection = await amqplib.connect(url.href, socket);
    connection.open = true;
    connection.on('error', () => {});
    connection.on('close', () => (connection.open = false));
    this.connections.push(connection);
    return connection;
  }

  /** A channel with publisher confirms, on a connection of its own or on the one given. */
  async channel({ connection, ...options } = {}) {
    const channel = await (connection ?? (await this.connect(options))).createConfirmChannel();
    channel.on('error', () => {}); // Without a listener it would end the process.
    return channel;
  }

  /** A name that nobody else uses, for a queue or an exchange that this session deletes. */
  name(prefix = 'check.') {
    this.names.push(`${prefix}${randomUUID()}`);
    return this.names.at(-1);
  }

  /** Declares a queue and publishes the bodies to it. */
  async queue(channel, { bodies = [], ...options } = {}) {
    const queue = this.name();
    await channel.assertQueue(queue, { durable: false, ...options });
    for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body));
    await channel.waitForConfirms();
    return queue;
  }

  /** Starts a process that consumes and holds five messages of the queue. */
  async holder(queue, heartbeat = 60) {
    const child = fork(path.join(__dirname, 'holder.js'), [this.target.url, queue, String(heartbeat)]);
    this.processes.push(child);
    await once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return child;
  }

  /**
   * Ends every process, deletes what has a name, and ends every connection: in this order, because a connection that is
   * blocked does not end before there is memory again.
   */
  async end() {
    for (const child of this.processes) child.kill('SIGKILL');
    const cleaner = await new Session(this.target).connect();
    for (const name of this.names) {
      // Deleting what is not there is no error in RabbitMQ; other brokers may refuse it.
      const channel = await cleaner.createChannel();
      channel.on('error', () => {});
      await channel.deleteQueue(name).then(() => channel.deleteExchange(name)).catch(() => {});
    }
    await cleaner.close();
    for (const connection of this.connections) if (connection.open) await connection.close();
  }
}

module.exports = {
  Consumer,
  Session,
  check,
  checks,
  closesChannel,
  closesConnection,
  numbered,
  ready,
  until,
  waitReady,
};
