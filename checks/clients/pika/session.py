"""What one check uses: connections, names of its own, and consumers; everything goes when the check ends."""

import multiprocessing
import os
import signal
import time
import uuid
from contextlib import contextmanager
from reprlib import repr as shortened

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker

PATIENCE_S = 5
CHECKS = {}


def check(function):
    """Registers a check under its name in words."""
    CHECKS[function.__name__.replace("_", " ")] = function
    return function


def numbered(count):
    """Bodies that tell their place."""
    return [b"%d" % number for number in range(count)]


def equal(actual, expected, what):
    """Raises unless both are the same; of two dictionaries, tells the entries that are not."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        for key in actual.keys() | expected.keys():
            equal(actual.get(key, "nothing"), expected.get(key, "nothing"), f"{what}, {key}")
    assert actual == expected, f"{what}: {shortened(actual)} instead of {shortened(expected)}"


def until(condition, what, wait=time.sleep, timeout_s=PATIENCE_S):
    """Calls `wait` with a short time again and again until the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        wait(0.02)


def ready(channel, queue):
    """How many messages are ready. Whatever the broker sent before it answered has been dispatched on return."""
    count = channel.queue_declare(queue, passive=True).method.message_count
    channel.connection.process_data_events(time_limit=0)
    return count


def wait_ready(channel, queue, count, timeout_s=PATIENCE_S):
    """Waits until so many messages are ready."""
    until(lambda: ready(channel, queue) == count, f"{count} ready messages", timeout_s=timeout_s)


@contextmanager
def closes(what, channel, code, text):
    """What is done within must make the broker end something, at the latest when it is asked something else."""
    try:
        yield
        channel.queue_declare("", exclusive=True)
    except what as closed:
        equal(closed.reply_code, code, "reply code")
        assert text in closed.reply_text, f"reply text {closed.reply_text!r} without {text!r}"
    else:
        raise AssertionError(f"no {what.__name__}")


def closes_channel(channel, code, text):
    """What is done within must make the broker close the channel, with a text that has this in it."""
    return closes(ChannelClosedByBroker, channel, code, text)


def closes_connection(channel, code, text):
    """What is done within must make the broker close the whole connection, with a text that has this in it."""
    return closes(ConnectionClosedByBroker, channel, code, text)


class Consumer:
    """A consumer that keeps what is delivered, as (method, properties, body)."""

    def __init__(self, channel, queue, **options):
        self.channel = channel
        self.deliveries = []
        self.cancelled = False
        channel.add_on_cancel_callback(self._cancel)
        self.tag = channel.basic_consume(queue, self._take, **options)

    def _take(self, _channel, method, properties, body):
        self.deliveries.append((method, properties, body))

    def _cancel(self, _frame):
        self.cancelled = True

    @property
    def bodies(self):
        return [body for _, _, body in self.deliveries]

    @property
    def redelivered(self):
        return [method.redelivered for method, _, _ in self.deliveries]

    def wait(self, count):
        """Waits for so many deliveries since the start; returns the last of them."""
        pump = self.channel.connection.process_data_events
        until(lambda: len(self.deliveries) >= count, f"{count} deliveries, only {self.bodies}", pump)
        equal(len(self.deliveries), count, "deliveries")
        return self.deliveries[-1]


def hold(target, queue, heartbeat_s, pipe):
    """The process of a consumer: it holds five messages, the second acknowledged and replaced, until it is killed."""
    session = Session(target)
    channel = session.channel(heartbeat=heartbeat_s)
    channel.basic_qos(prefetch_count=5)
    consumer = Consumer(channel, queue)
    consumer.wait(5)
    channel.basic_ack(consumer.deliveries[1][0].delivery_tag)
    consumer.wait(6)
    pipe.send("holding")
    while True:
        channel.connection.process_data_events(time_limit=0.1)


class Session:
    """The connections and names of one check."""

    def __init__(self, target):
        self.target = target
        self._connections = []
        self._names = []
        self._processes = []

    def connect(self, **options):
        """A connection; the options are those of pika.ConnectionParameters."""
        parameters = pika.URLParameters(self.target["url"])
        for option, value in options.items():
            setattr(parameters, option, value)
        connection = pika.BlockingConnection(parameters)
        self._connections.append(connection)
        return connection

    def channel(self, confirms=True, **options):
        """A channel on a connection of its own, with publisher confirms."""
        channel = self.connect(**options).channel()
        if confirms:
            channel.confirm_delivery()
        return channel

    def name(self, prefix="check."):
        """A name that nobody else uses, for a queue or an exchange that this session deletes."""
        self._names.append(f"{prefix}{uuid.uuid4()}")
        return self._names[-1]

    def queue(self, channel, bodies=(), **options):
        """Declares a queue and publishes the bodies to it."""
        queue = self.name()
        channel.queue_declare(queue, **options)
        for body in bodies:
            channel.basic_publish("", queue, body)
        return queue

    def holder(self, queue, heartbeat_s=60):
        """Starts a process that consumes and holds five messages of the queue."""
        receiver, sender = multiprocessing.Pipe(duplex=False)
        spawn = multiprocessing.get_context("spawn")
        process = spawn.Process(target=hold, args=(self.target, queue, heartbeat_s, sender), daemon=True)
        process.start()
        self._processes.append(process)
        assert receiver.poll(PATIENCE_S), "the consumer did not get its messages"
        return process

    def freeze(self, process):
        """Stops a process without ending its connection."""
        os.kill(process.pid, signal.SIGSTOP)

    def end(self):
        """Ends every process, deletes what has a name, and ends every connection.

        In this order, because a connection that is blocked does not end before there is memory again.
        """
        for process in self._processes:
            process.kill()
        cleaner = Session(self.target).connect()
        for name in self._names:
            try:
                channel = cleaner.channel()
                channel.queue_delete(name)
                channel.exchange_delete(name)
            except AMQPError:
                continue  # Deleting what is not there is no error in RabbitMQ; other brokers may refuse it.
        for connection in (cleaner, *self._connections):
            if connection.is_open:
                connection.close()
