"""What happens to a message: published, consumed, given back, dead-lettered."""

from datetime import datetime

import pika
from pika.exceptions import NackError, UnroutableError
from session import Consumer, check, closes_channel, equal, numbered, ready, until, wait_ready


@check
def publish_with_confirms(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(100))
    equal(ready(channel, queue), 100, "ready messages")


@check
def mandatory_message_without_a_queue_is_returned(session):
    channel = session.channel()
    queue = session.name()
    try:
        channel.basic_publish("", queue, b"nowhere", pika.BasicProperties(message_id="7"), mandatory=True)
    except UnroutableError as error:
        [returned] = error.messages
        equal(returned.method.reply_code, 312, "reply code")
        equal(returned.method.reply_text, "NO_ROUTE", "reply text")
        equal((returned.method.exchange, returned.method.routing_key), ("", queue), "address")
        equal((returned.properties.message_id, returned.body), ("7", b"nowhere"), "message")
    else:
        raise AssertionError("it was not returned")
    channel.basic_publish("", queue, b"nowhere", mandatory=False)


@check
def full_queue_refuses_with_a_nack(session):
    channel = session.channel()
    arguments = {"x-max-length": 2, "x-overflow": "reject-publish"}
    queue = session.queue(channel, numbered(2), arguments=arguments)
    try:
        channel.basic_publish("", queue, b"too many")
    except NackError:
        pass
    else:
        raise AssertionError("it was confirmed")
    equal(channel.basic_get(queue, auto_ack=True)[2], b"0", "head")
    channel.basic_publish("", queue, b"2")
    equal(ready(channel, queue), 2, "ready messages")


@check
def full_queue_drops_its_oldest_to_the_dead_letter_queue(session):
    channel = session.channel()
    dead = session.queue(channel)
    arguments = {"x-max-length": 2, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    queue = session.queue(channel, numbered(3), arguments=arguments)
    wait_ready(channel, dead, 1)
    _, properties, body = channel.basic_get(dead, auto_ack=True)
    equal(body, b"0", "dead letter")
    equal(properties.headers["x-death"][0]["reason"], "maxlen", "reason")
    equal(ready(channel, queue), 2, "ready messages")


@check
def unknown_exchange_closes_the_channel(session):
    channel = session.channel()
    exchange = session.name()
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.basic_publish(exchange, "", b"nowhere")


@check
def consumer_never_holds_more_than_its_prefetch(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(10))
    channel.basic_qos(prefetch_count=3)
    consumer = Consumer(channel, queue)
    for done in range(8):
        consumer.wait(3 + done)
        equal(ready(channel, queue), 7 - done, "ready messages")
        equal(len(consumer.deliveries), 3 + done, "deliveries")
        channel.basic_ack(consumer.deliveries[done][0].delivery_tag)
    equal(consumer.bodies, numbered(10), "order")
    equal(consumer.redelivered, [False] * 10, "redelivered")


@check
def acknowledge_several_at_once(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(10))
    channel.basic_qos(prefetch_count=4)
    consumer = Consumer(channel, queue)
    fourth, _, _ = consumer.wait(4)
    channel.basic_ack(fourth.delivery_tag, multiple=True)
    consumer.wait(8)
    equal(ready(channel, queue), 2, "ready messages")
    channel.basic_ack(0, multiple=True)
    consumer.wait(10)
    channel.basic_ack(0, multiple=True)
    equal(channel.queue_delete(queue).method.message_count, 0, "messages left")


@check
def consumers_take_turns(session):
    channel = session.channel()
    queue = session.queue(channel)
    consumers = [Consumer(session.channel(), queue) for _ in range(3)]
    for body in numbered(9):
        channel.basic_publish("", queue, body)
    for consumer in consumers:
        consumer.wait(3)
    equal(sorted(sum([consumer.bodies for consumer in consumers], [])), numbered(9), "all deliveries")


@check
def cancelled_consumer_gets_no_more(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(1))
    consumer = Consumer(channel, queue)
    first, _, _ = consumer.wait(1)
    channel.basic_cancel(consumer.tag)
    channel.basic_publish("", queue, b"more")
    equal(ready(channel, queue), 1, "ready messages")
    equal(len(consumer.deliveries), 1, "deliveries")
    channel.basic_ack(first.delivery_tag)
    equal(ready(channel, queue), 1, "ready messages after a late acknowledgement")


@check
def deleted_queue_cancels_its_consumer(session):
    channel = session.channel()
    queue = session.queue(channel)
    consumer = Consumer(channel, queue)
    session.channel().queue_delete(queue)
    until(lambda: consumer.cancelled, "consumer cancelled", channel.connection.process_data_events)
    ready(channel, session.queue(channel))


@check
def get_takes_one_message_at_a_time(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(3))
    first, _, body = channel.basic_get(queue)
    equal((body, first.message_count, first.redelivered), (b"0", 2, False), "first")
    _, _, body = channel.basic_get(queue, auto_ack=True)
    equal(body, b"1", "second")
    channel.basic_nack(first.delivery_tag)
    again, _, body = channel.basic_get(queue, auto_ack=True)
    equal((body, again.message_count, again.redelivered), (b"0", 1, True), "first again")
    equal(channel.basic_get(queue, auto_ack=True)[2], b"2", "third")
    equal(channel.basic_get(queue), (None, None, None), "empty queue")


@check
def recover_gives_back_what_the_channel_holds(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(3))
    consumer = Consumer(channel, queue)
    consumer.wait(3)
    channel.basic_recover(requeue=True)
    consumer.wait(6)
    equal(consumer.bodies, numbered(3) * 2, "deliveries")
    equal(consumer.redelivered, [False] * 3 + [True] * 3, "redelivered")


@check
def nacked_message_returns_to_its_place(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(5))
    taken = [channel.basic_get(queue)[0] for _ in range(3)]
    for place in (1, 2, 0):
        channel.basic_nack(taken[place].delivery_tag, requeue=True)
    got = [channel.basic_get(queue, auto_ack=True) for _ in range(5)]
    equal([body for _, _, body in got], numbered(5), "order")
    equal([method.redelivered for method, _, _ in got], [True] * 3 + [False] * 2, "redelivered")


def returned_in_order(session, channel, queue):
    """What the holder held comes first, in its old order and marked as redelivered, then what is fresh."""
    consumer = Consumer(session.channel(), queue)
    consumer.wait(9)
    equal(consumer.bodies, [b"%d" % number for number in (0, 2, 3, 4, 5, 6, 7, 8, 9)], "order")
    equal(consumer.redelivered, [True] * 5 + [False] * 4, "redelivered")


@check
def messages_of_a_killed_consumer_come_back_in_order(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(10))
    holder = session.holder(queue)
    equal(ready(channel, queue), 4, "ready messages")
    holder.kill()
    wait_ready(channel, queue, 9)
    returned_in_order(session, channel, queue)


@check
def messages_of_a_frozen_consumer_come_back(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(10))
    session.freeze(session.holder(queue, heartbeat_s=1))
    equal(ready(channel, queue), 4, "ready messages")
    wait_ready(channel, queue, 9)
    returned_in_order(session, channel, queue)


def is_dead_letter(got, queue, reason, message_id, body):
    """The message as it was, with an `x-death` that says where, why and how often."""
    _, properties, dead_body = got
    equal((properties.message_id, dead_body), (message_id, body), "dead letter")
    [death] = properties.headers["x-death"]
    expected = {"queue": queue, "reason": reason, "count": 1, "exchange": "", "routing-keys": [queue]}
    equal({key: death.get(key) for key in expected}, expected, "x-death")
    assert isinstance(death["time"], datetime), f"x-death without its time: {death}"
    first = {"x-first-death-queue": queue, "x-first-death-reason": reason, "x-first-death-exchange": ""}
    equal({key: properties.headers.get(key) for key in first}, first, "first death")


@check
def poison_message_is_dead_lettered_at_its_limit(session):
    channel = session.channel()
    dead = session.queue(channel)
    # RabbitMQ keeps delivery limits in quorum queues only.
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    queue = session.queue(channel, durable=True, arguments=arguments)
    channel.basic_publish("", queue, b"poison", pika.BasicProperties(message_id="7"))
    channel.basic_publish("", queue, b"good")
    channel.basic_qos(prefetch_count=1)
    consumer = Consumer(channel, queue)
    for requeues in range(3):
        method, properties, body = consumer.wait(1 + requeues)
        equal((body, method.redelivered), (b"poison", requeues > 0), "delivery")
        equal((properties.headers or {}).get("x-delivery-count", 0), requeues, "delivery count")
        equal(ready(channel, dead), 0, "dead letters before the limit")
        channel.basic_nack(method.delivery_tag, requeue=True)
    equal(consumer.wait(4)[2], b"good", "delivery after the limit")
    wait_ready(channel, dead, 1)
    is_dead_letter(channel.basic_get(dead), queue, "delivery_limit", "7", b"poison")


@check
def rejected_message_is_dead_lettered(session):
    channel = session.channel()
    dead, exchange = session.queue(channel), session.name()
    channel.exchange_declare(exchange, "direct")
    queue = session.queue(channel, arguments={"x-dead-letter-exchange": exchange})
    channel.queue_bind(dead, exchange, queue)
    for number, refuse in enumerate((channel.basic_reject, channel.basic_nack)):
        channel.basic_publish("", queue, b"unwanted", pika.BasicProperties(message_id=str(number)))
        refuse(channel.basic_get(queue)[0].delivery_tag, requeue=False)
        wait_ready(channel, dead, 1)
        is_dead_letter(channel.basic_get(dead), queue, "rejected", str(number), b"unwanted")
    equal(ready(channel, queue), 0, "ready messages")
