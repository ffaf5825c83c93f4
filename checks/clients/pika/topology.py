"""Queues and exchanges: what they are declared with, who may use them, how they end, and what is answered when not."""

import pika
from pika.exceptions import ProbableAuthenticationError, UnroutableError
from session import Consumer, check, closes_channel, equal, numbered, ready


@check
def unknown_queue_closes_only_its_channel(session):
    connection = session.connect()
    bystander = connection.channel()
    for _ in range(20):
        channel = connection.channel()
        queue = session.name()
        with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
            channel.basic_consume(queue, lambda *_: None)
    session.queue(bystander)


@check
def unknown_delivery_tag_closes_the_channel(session):
    channel = session.channel()
    with closes_channel(channel, 406, "PRECONDITION_FAILED - unknown delivery tag 99"):
        channel.basic_ack(99)
    session.queue(channel.connection.channel())


@check
def acknowledging_twice_closes_the_channel(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(2))
    tag = channel.basic_get(queue)[0].delivery_tag
    channel.basic_get(queue)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - unknown delivery tag {tag}"):
        channel.basic_ack(tag)
        channel.basic_ack(tag)
    equal(ready(session.channel(), queue), 1, "messages given back")


@check
def redeclaring_with_other_options_closes_the_channel(session):
    queue = session.queue(session.channel(), arguments={"x-max-length": 5})
    for option, other in (("durable", {"durable": True}), ("x-max-length", {"arguments": {"x-max-length": 6}})):
        channel = session.channel()
        text = f"PRECONDITION_FAILED - inequivalent arg '{option}' for queue '{queue}' in vhost '/'"
        with closes_channel(channel, 406, text):
            channel.queue_declare(queue, **{"arguments": {"x-max-length": 5}, **other})
    session.channel().queue_declare(queue, arguments={"x-max-length": 5})


@check
def wrong_password_is_refused(session):
    try:
        session.connect(credentials=pika.PlainCredentials("guest", "wrong"))
    except ProbableAuthenticationError as error:
        assert "(403)" in str(error) and "ACCESS_REFUSED" in str(error), f"refused without a reason: {error}"
    else:
        raise AssertionError("it was let in")


@check
def passive_declare_tells_what_is_there(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(3))
    channel.basic_qos(prefetch_count=1)
    Consumer(channel, queue).wait(1)
    told = session.channel().queue_declare(queue, passive=True).method
    equal((told.queue, told.message_count, told.consumer_count), (queue, 2, 1), "queue")
    missing = session.name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{missing}' in vhost '/'"):
        channel.queue_declare(missing, passive=True)
    channel = session.channel()
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{missing}' in vhost '/'"):
        channel.exchange_declare(missing, passive=True)


@check
def server_names_a_queue(session):
    channel = session.channel()
    names = {channel.queue_declare("", exclusive=True).method.queue for _ in range(5)}
    equal(len(names), 5, "different names")
    for name in names:
        assert name.startswith("amq.gen-"), f"the name is {name!r}"
        channel.basic_publish("", name, b"hello", mandatory=True)


@check
def purge_and_delete_tell_how_many(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(5))
    held = channel.basic_get(queue)[0]
    equal(channel.queue_purge(queue).method.message_count, 4, "purged")
    channel.basic_nack(held.delivery_tag)
    equal(channel.queue_delete(queue).method.message_count, 1, "deleted")
    with closes_channel(channel, 404, "NOT_FOUND"):
        ready(channel, queue)


@check
def delete_only_if_unused_and_empty(session):
    queue = session.queue(session.channel(), numbered(1))
    channel = session.channel()
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' not empty"):
        channel.queue_delete(queue, if_empty=True)
    channel = session.channel()
    Consumer(session.channel(), queue, auto_ack=True).wait(1)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' in use"):
        channel.queue_delete(queue, if_unused=True)


@check
def exclusive_queue_is_locked_for_others(session):
    queue = session.queue(session.channel(), exclusive=True)
    text = f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost '/'"
    channel = session.channel()
    with closes_channel(channel, 405, text):
        channel.queue_declare(queue, exclusive=True)
    channel = session.channel()
    with closes_channel(channel, 405, text):
        channel.basic_consume(queue, lambda *_: None)


@check
def exclusive_queue_ends_with_its_connection(session):
    owner, channel = session.channel(), session.channel()
    queue = session.queue(owner, exclusive=True)
    owner.connection.close()
    with closes_channel(channel, 404, "NOT_FOUND"):
        ready(channel, queue)


@check
def auto_delete_queue_ends_with_its_last_consumer(session):
    channel = session.channel()
    queue = session.queue(channel, auto_delete=True)
    consumers = [Consumer(channel, queue), Consumer(channel, queue)]
    channel.basic_cancel(consumers[0].tag)
    equal(ready(channel, queue), 0, "ready messages")
    channel.basic_cancel(consumers[1].tag)
    with closes_channel(channel, 404, "NOT_FOUND"):
        ready(channel, queue)


@check
def direct_exchange_routes_by_key(session):
    channel = session.channel()
    exchange = session.name()
    channel.exchange_declare(exchange, "direct")
    red, blue = session.queue(channel), session.queue(channel)
    for queue, key in ((red, "red"), (red, "both"), (red, "both"), (blue, "blue"), (blue, "both")):
        channel.queue_bind(queue, exchange, key)
    for key in ("red", "blue", "both"):
        channel.basic_publish(exchange, key, key.encode(), mandatory=True)
    equal((ready(channel, red), ready(channel, blue)), (2, 2), "ready messages")
    channel.queue_unbind(red, exchange, "red")
    try:
        channel.basic_publish(exchange, "red", b"", mandatory=True)
    except UnroutableError:
        pass
    else:
        raise AssertionError("an unbound key is still routed")


@check
def fanout_exchange_routes_to_all(session):
    channel = session.channel()
    exchange = session.name()
    channel.exchange_declare(exchange, "fanout")
    queues = [session.queue(channel) for _ in range(3)]
    for queue in queues:
        channel.queue_bind(queue, exchange)
    channel.basic_publish(exchange, "any key", b"")
    channel.queue_unbind(queues[0], exchange)
    channel.basic_publish(exchange, "", b"")
    equal([ready(channel, queue) for queue in queues], [1, 2, 2], "ready messages")
    channel.exchange_delete(exchange)
    with closes_channel(channel, 404, "NOT_FOUND"):
        channel.basic_publish(exchange, "", b"")
