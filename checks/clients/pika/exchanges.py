"""Exchanges beyond the plain ones: topics, headers, exchanges bound to exchanges, alternates, copies."""

import pika
from session import check, closes_channel, equal, ready


@check
def topic_exchange_routes_by_pattern(session):
    channel = session.channel()
    for pattern, keys in {
        "a.*": ["a.b", "a."],
        "a.#": ["a", "a.b", "a.b.c", "a."],
        "*.b": ["a.b"],
        "#": ["", "a", "a.b", "a.b.c", "a.", "*"],
        "#.c": ["a.b.c"],
        "*": ["a", "*"],
        "": [""],
    }.items():
        queue = session.queue(channel)
        channel.queue_bind(queue, "amq.topic", pattern)
        for key in ("", "a", "a.b", "a.b.c", "a.", "*"):
            channel.basic_publish("amq.topic", key, key.encode())
        taken = [channel.basic_get(queue, auto_ack=True)[2].decode() for _ in range(ready(channel, queue))]
        equal(sorted(taken), sorted(keys), f"keys that {pattern!r} takes")
        channel.queue_delete(queue)


@check
def headers_exchange_routes_by_headers(session):
    channel = session.channel()
    messages = {"both": {"a": "1", "b": 2}, "one": {"a": "1"}, "other": {"a": "2", "x-c": "3"}, "none": {}}
    for arguments, bodies in (
        ({"x-match": "all", "a": "1", "b": 2}, ["both"]),
        ({"x-match": "any", "a": "1", "b": 2}, ["both", "one"]),
        ({"a": None}, ["both", "one", "other"]),
        ({"x-match": "any", "x-c": "3"}, []),
        ({"x-match": "any-with-x", "x-c": "3"}, ["other"]),
        ({"x-match": "all"}, ["both", "one", "other", "none"]),
    ):
        queue = session.queue(channel)
        channel.queue_bind(queue, "amq.headers", "", arguments)
        for body, headers in messages.items():
            channel.basic_publish("amq.headers", "", body.encode(), pika.BasicProperties(headers=headers))
        taken = [channel.basic_get(queue, auto_ack=True)[2].decode() for _ in range(ready(channel, queue))]
        equal(taken, bodies, f"messages that {arguments} takes")
        channel.queue_delete(queue)
    queue = session.queue(channel)
    with closes_channel(channel, 406, "PRECONDITION_FAILED - Invalid x-match field value"):
        channel.queue_bind(queue, "amq.match", "", {"x-match": "some"})


@check
def exchanges_bind_to_each_other(session):
    channel = session.channel()
    source, destination, queue = session.name(), session.name(), session.queue(channel)
    channel.exchange_declare(source, "topic")
    channel.exchange_declare(destination, "fanout")
    channel.exchange_bind(destination, source, "a.#")
    channel.exchange_bind(source, destination, "")
    channel.queue_bind(queue, destination)
    channel.basic_publish(source, "a.b", b"", mandatory=True)
    equal(ready(channel, queue), 1, "ready messages")
    channel.exchange_unbind(destination, source, "a.#")
    channel.basic_publish(source, "a.b", b"")
    equal(ready(channel, queue), 1, "ready messages after unbinding")


@check
def alternate_exchange_takes_what_has_no_way(session):
    channel = session.channel()
    exchange, alternate = session.name(), session.name()
    routed, unrouted = session.queue(channel), session.queue(channel)
    channel.exchange_declare(alternate, "fanout")
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": alternate})
    channel.queue_bind(routed, exchange, "known")
    channel.queue_bind(unrouted, alternate)
    for key in ("known", "unknown"):
        channel.basic_publish(exchange, key, b"", mandatory=True)
    equal([ready(channel, routed), ready(channel, unrouted)], [1, 1], "ready messages")
    text = f"PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '{exchange}' in vhost '/': "
    with closes_channel(channel, 406, text):
        channel.exchange_declare(exchange, "direct")


@check
def internal_exchange_is_closed_to_publishers(session):
    channel = session.channel()
    inner, outer, queue = session.name(), session.name(), session.queue(channel)
    channel.exchange_declare(inner, "fanout", internal=True)
    channel.exchange_declare(outer, "fanout")
    channel.exchange_bind(inner, outer)
    channel.queue_bind(queue, inner)
    channel.basic_publish(outer, "", b"", mandatory=True)
    equal(ready(channel, queue), 1, "ready messages")
    text = f"ACCESS_REFUSED - cannot publish to internal exchange '{inner}' in vhost '/'"
    with closes_channel(channel, 403, text):
        channel.basic_publish(inner, "", b"")


@check
def copies_go_to_more_keys(session):
    channel = session.channel()
    queues = [session.queue(channel) for _ in range(3)]
    headers = {"CC": [queues[1], queues[0]], "BCC": [queues[2]]}
    channel.basic_publish("", queues[0], b"", pika.BasicProperties(headers=headers))
    for queue in queues:
        equal(ready(channel, queue), 1, "ready messages")
        equal(channel.basic_get(queue)[1].headers, {"CC": headers["CC"]}, "headers")
    text = "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,\"CC\",longstr}"
    with closes_channel(channel, 406, text):
        channel.basic_publish("", queues[0], b"", pika.BasicProperties(headers={"CC": queues[1]}))
