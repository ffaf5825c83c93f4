"""Queues that may not grow: by count, by bytes, and what becomes of what is too much."""

from pika.exceptions import NackError
from expiry import graveyard
from session import Consumer, check, equal, numbered, ready, wait_ready


def refused(channel, queue, body):
    """Whether the broker refuses to take the message."""
    try:
        channel.basic_publish("", queue, body)
    except NackError:
        return True
    return False


@check
def queue_limited_in_bytes_drops_its_oldest(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, max_length_bytes=100)
    for body in (b"a" * 60, b"b" * 40, b"c" * 30, b"d" * 30):
        channel.basic_publish("", queue, body)
    wait_ready(channel, dead, 1)
    equal(ready(channel, queue), 3, "ready messages")
    channel.basic_publish("", queue, b"e" * 101)
    wait_ready(channel, dead, 5)
    equal(ready(channel, queue), 0, "ready messages")


@check
def queue_limited_in_bytes_refuses_with_a_nack(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-max-length-bytes": 100, "x-overflow": "reject-publish"})
    outcomes = [refused(channel, queue, bytes(size)) for size in (60, 60, 40)]
    equal(outcomes, [False, True, False], "refusals")
    equal(ready(channel, queue), 2, "ready messages")


@check
def full_queue_refuses_to_the_dead_letter_queue(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, max_length=2, overflow="reject-publish-dlx")
    outcomes = [refused(channel, queue, body) for body in numbered(3)]
    equal(outcomes, [False, False, True], "refusals")
    wait_ready(channel, dead, 1)
    _, properties, body = channel.basic_get(dead, auto_ack=True)
    equal((body, properties.headers["x-death"][0]["reason"]), (b"2", "maxlen"), "dead letter")
    equal(ready(channel, queue), 2, "ready messages")


@check
def full_queue_that_refuses_has_no_dead_letters(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, max_length=1, overflow="reject-publish")
    equal([refused(channel, queue, body) for body in numbered(2)], [False, True], "refusals")
    equal((ready(channel, queue), ready(channel, dead)), (1, 0), "ready messages")


@check
def queue_of_length_zero_hands_over_only(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, max_length=0)
    channel.basic_publish("", queue, b"nobody")
    wait_ready(channel, dead, 1)
    consumer = Consumer(channel, queue, auto_ack=True)
    channel.basic_publish("", queue, b"somebody")
    equal(consumer.wait(1)[2], b"somebody", "delivery")


@check
def messages_that_are_held_do_not_fill_a_queue(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel, max_length=2)
    for body in numbered(2):
        channel.basic_publish("", queue, body)
    held = [channel.basic_get(queue)[0] for _ in range(2)]
    for body in (b"2", b"3"):
        channel.basic_publish("", queue, body)
    equal((ready(channel, queue), ready(channel, dead)), (2, 0), "ready messages")
    channel.basic_nack(held[0].delivery_tag)
    wait_ready(channel, dead, 1)
    equal(channel.basic_get(dead, auto_ack=True)[2], b"0", "dead letter")
