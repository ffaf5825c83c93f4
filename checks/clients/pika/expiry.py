"""What ends by itself: messages after their time to live, and queues that nobody uses."""

import pika
from pika.exceptions import UnroutableError
from session import Consumer, check, closes_channel, equal, numbered, ready, until, wait_ready


def graveyard(session, channel, **arguments):
    """A queue with these arguments, and the queue of its dead letters."""
    dead = session.queue(channel)
    letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    named = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
    return session.queue(channel, arguments={**named, **letters}), dead


def expires(milliseconds):
    return pika.BasicProperties(expiration=str(milliseconds))


@check
def message_expires_after_the_time_of_its_queue(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, message_ttl=100)
    for body in numbered(3):
        channel.basic_publish("", queue, body)
    wait_ready(channel, dead, 3)
    letters = [channel.basic_get(dead, auto_ack=True) for _ in range(3)]
    equal([body for _, _, body in letters], numbered(3), "order")
    for _, properties, _ in letters:
        [death] = properties.headers["x-death"]
        del death["time"]
        expected = {"count": 1, "reason": "expired", "queue": queue, "exchange": "", "routing-keys": [queue]}
        equal(death, expected, "x-death")
    equal(ready(channel, queue), 0, "ready messages")


@check
def message_expires_by_its_own_expiration(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel)
    channel.basic_publish("", queue, b"short-lived", expires(100))
    wait_ready(channel, dead, 1)
    _, properties, body = channel.basic_get(dead, auto_ack=True)
    equal((body, properties.expiration), (b"short-lived", None), "dead letter")
    [death] = properties.headers["x-death"]
    equal((death["reason"], death["original-expiration"]), ("expired", "100"), "x-death")


@check
def shorter_time_to_live_counts(session):
    channel = session.channel()
    for queue_ms, message_ms in ((100, 60_000), (60_000, 100)):
        queue, dead = graveyard(session, channel, message_ttl=queue_ms)
        channel.basic_publish("", queue, b"", expires(message_ms))
        wait_ready(channel, dead, 1)


@check
def message_expires_only_at_the_head_of_its_queue(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel)
    witness, later = graveyard(session, channel, message_ttl=300)
    channel.basic_publish("", queue, b"lasting")
    channel.basic_publish("", queue, b"hidden", expires(1))
    channel.basic_publish("", witness, b"")
    wait_ready(channel, later, 1)
    equal((ready(channel, queue), ready(channel, dead)), (2, 0), "ready messages")
    equal(channel.basic_get(queue, auto_ack=True)[2], b"lasting", "head")
    wait_ready(channel, dead, 1)
    equal(channel.basic_get(queue), (None, None, None), "queue without its head")


@check
def message_that_is_held_does_not_expire(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, message_ttl=200)
    witness, later = graveyard(session, channel, message_ttl=400)
    for name in (queue, witness):
        channel.basic_publish("", name, b"")
    held, _, _ = channel.basic_get(queue)
    wait_ready(channel, later, 1)
    equal(ready(channel, dead), 0, "dead letters")
    channel.basic_nack(held.delivery_tag)
    wait_ready(channel, dead, 1)


@check
def expiration_of_zero_needs_somebody_at_hand(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel)
    channel.basic_publish("", queue, b"nobody", expires(0))
    wait_ready(channel, dead, 1)
    consumer = Consumer(channel, queue, auto_ack=True)
    channel.basic_publish("", queue, b"somebody", expires(0))
    equal(consumer.wait(1)[2], b"somebody", "delivery")
    equal(ready(channel, dead), 1, "dead letters")


@check
def wrong_expiration_closes_the_channel(session):
    for expiration, text in (
        ("soon", "PRECONDITION_FAILED - invalid expiration 'soon': no_integer"),
        ("10 ms", "PRECONDITION_FAILED - invalid expiration '10 ms': {leftover_string,\" ms\"}"),
        ("-1", "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}"),
    ):
        channel = session.channel()
        queue = session.queue(channel)
        with closes_channel(channel, 406, text):
            channel.basic_publish("", queue, b"", pika.BasicProperties(expiration=expiration))


def gone(channel, queue):
    """Whether the queue is gone. Unlike declaring it, publishing to it is no use of it."""
    try:
        channel.basic_publish("", queue, b"", mandatory=True)
    except UnroutableError:
        return True
    return False


@check
def unused_queue_expires(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-expires": 300})
    assert not gone(channel, queue), "it expired at once"
    until(lambda: gone(channel, queue), "expired queue")
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        ready(channel, queue)


@check
def used_queue_does_not_expire(session):
    channel = session.channel()
    used, unused = (session.queue(channel, arguments={"x-expires": 300}) for _ in range(2))
    consumer = Consumer(channel, used)
    until(lambda: gone(channel, unused), "expired queue")
    ready(channel, used)
    channel.basic_cancel(consumer.tag)
    until(lambda: gone(channel, used), "expired queue")
