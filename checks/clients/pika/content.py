"""What travels: properties, headers and bodies, on channels and connections that stay."""

from datetime import datetime, timezone
from decimal import Decimal

import pika
from session import Consumer, check, equal, numbered, ready


def patterned(size):
    """A body in which a lost or doubled piece is noticed."""
    pattern = bytes(range(251))
    return (pattern * (size // 251 + 1))[:size]


@check
def properties_and_headers_come_back_equal(session):
    channel = session.channel()
    queue = session.queue(channel)
    # All types that pika can send; it has no floating point numbers.
    headers = {
        "text": "Zoë ☃",
        "bytes": b"\x00\xff",
        "true": True,
        "false": False,
        "small": -1,
        "large": -(2**62),
        "decimal": Decimal("-3.14"),
        "time": datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone.utc),
        "nothing": None,
        "table": {"of": {"tables": {}, "text": "b"}, "empty": ""},
        "list": ["a", 2, [None, {"b": b"c"}], []],
        "zebra": 1,
        "apple": 2,
    }
    sent = pika.BasicProperties(
        content_type="application/json",
        content_encoding="gzip",
        headers=headers,
        delivery_mode=2,
        priority=3,
        correlation_id="c" * 255,
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=981173106,
        type="t",
        user_id="guest",
        app_id="ä",
        cluster_id="",
    )
    for properties in (sent, pika.BasicProperties(), pika.BasicProperties(headers={})):
        channel.basic_publish("", queue, b"body", properties)
        _, received, _ = channel.basic_get(queue, auto_ack=True)
        equal(vars(received), vars(properties), "properties")
        equal(list(received.headers or {}), list(properties.headers or {}), "order of the headers")


@check
def bodies_of_all_sizes_come_back_equal(session):
    channel = session.channel()
    queue = session.queue(channel)
    frame = 131072 - 8
    for size in (0, 1, frame - 1, frame, frame + 1, 2 * frame, 5_000_000):
        body = patterned(size)
        channel.basic_publish("", queue, body)
        equal(channel.basic_get(queue, auto_ack=True)[2], body, f"body of {size} bytes")
        channel.basic_publish("", queue, body)
        consumer = Consumer(channel, queue, auto_ack=True)
        equal(consumer.wait(1)[2], body, f"delivered body of {size} bytes")
        channel.basic_cancel(consumer.tag)


@check
def small_frames_are_kept_to(session):
    channel = session.channel(frame_max=4096)
    queue = session.queue(channel)
    for size in (4087, 4088, 4089, 100_000):
        body = patterned(size)
        channel.basic_publish("", queue, body)
        equal(channel.basic_get(queue, auto_ack=True)[2], body, f"body of {size} bytes")


@check
def channels_of_a_connection_are_independent(session):
    connection = session.connect()
    channels = [connection.channel() for _ in range(50)]
    queues = [session.queue(channel, numbered(2)) for channel in channels]
    consumers = [Consumer(channel, queue) for channel, queue in zip(channels, queues)]
    for consumer in consumers:
        consumer.wait(2)
    channels[0].close()
    equal(ready(channels[1], queues[0]), 2, "messages given back")
    equal(ready(channels[1], queues[2]), 0, "messages still held")


@check
def idle_connection_outlives_its_heartbeats(session):
    connection = session.connect(heartbeat=1)
    connection.process_data_events(time_limit=5)
    session.queue(connection.channel(), numbered(1))
