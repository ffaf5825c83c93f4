"""Who comes first: messages and consumers with priorities, a single active consumer, an exclusive one."""

import pika
from session import Consumer, check, closes_channel, closes_connection, equal, numbered, ready, until, wait_ready


def publish_by_priority(channel, queue, priorities):
    """One message a priority; its body tells the priority and its place."""
    for place, priority in enumerate(priorities):
        properties = pika.BasicProperties(priority=priority)
        channel.basic_publish("", queue, f"{priority}-{place}".encode(), properties)


def drain(channel, queue):
    return [channel.basic_get(queue, auto_ack=True)[2].decode() for _ in range(ready(channel, queue))]


@check
def message_of_higher_priority_comes_first(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-max-priority": 5})
    publish_by_priority(channel, queue, (0, 3, None, 5, 3, 9, 1))
    equal(drain(channel, queue), ["5-3", "9-5", "3-1", "3-4", "1-6", "0-0", "None-2"], "order")


@check
def priority_means_nothing_to_a_plain_queue(session):
    channel = session.channel()
    queue = session.queue(channel)
    publish_by_priority(channel, queue, (0, 3, 5))
    equal(drain(channel, queue), ["0-0", "3-1", "5-2"], "order")


@check
def requeued_message_keeps_its_priority(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-max-priority": 5})
    publish_by_priority(channel, queue, (1, 4, 4))
    first, _, body = channel.basic_get(queue)
    equal(body, b"4-1", "head")
    publish_by_priority(channel, queue, (5,))
    channel.basic_nack(first.delivery_tag)
    wait_ready(channel, queue, 4)
    equal(drain(channel, queue), ["5-0", "4-1", "4-2", "1-0"], "order")


@check
def full_priority_queue_drops_its_head(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-max-priority": 5, "x-max-length": 2})
    publish_by_priority(channel, queue, (1, 5, 3))
    equal(drain(channel, queue), ["3-2", "1-0"], "order")


@check
def consumer_of_higher_priority_gets_what_it_can_hold(session):
    channel = session.channel()
    queue = session.queue(channel)
    ordinary, preferred = session.channel(), session.channel()
    preferred.basic_qos(prefetch_count=2)
    low = Consumer(ordinary, queue)
    high = Consumer(preferred, queue, arguments={"x-priority": 10})
    for body in numbered(4):
        channel.basic_publish("", queue, body)
    high.wait(2)
    low.wait(2)
    equal((high.bodies, low.bodies), ([b"0", b"1"], [b"2", b"3"]), "shares")
    preferred.basic_ack(0, multiple=True)
    ready(preferred, queue)
    channel.basic_publish("", queue, b"4")
    high.wait(3)


@check
def single_active_consumer_has_the_queue_until_it_goes(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-single-active-consumer": True})
    active, waiting = (Consumer(session.channel(), queue) for _ in range(2))
    for body in numbered(4):
        channel.basic_publish("", queue, body)
    active.wait(4)
    active.channel.basic_ack(active.deliveries[0][0].delivery_tag)
    ready(waiting.channel, queue)
    equal(waiting.bodies, [], "deliveries of the waiting consumer")
    active.channel.close()
    waiting.wait(3)
    equal(waiting.bodies, [b"1", b"2", b"3"], "order")


@check
def exclusive_consumer_keeps_others_out(session):
    queue = session.queue(session.channel())
    text = f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"
    first = Consumer(session.channel(), queue)
    channel = session.channel()
    with closes_channel(channel, 403, text):
        Consumer(channel, queue, exclusive=True)
    first.channel.basic_cancel(first.tag)
    Consumer(first.channel, queue, exclusive=True)
    channel = session.channel()
    with closes_channel(channel, 403, text):
        Consumer(channel, queue)


@check
def prefetch_of_a_channel_is_shared_by_its_consumers(session):
    channel = session.channel()
    queues = [session.queue(channel, numbered(3)) for _ in range(2)]
    channel.basic_qos(prefetch_count=4, global_qos=True)
    consumers = [Consumer(channel, queue) for queue in queues]

    def held():
        return sum(len(consumer.deliveries) for consumer in consumers)

    until(lambda: held() == 4, "4 deliveries", channel.connection.process_data_events)
    equal(sum(ready(channel, queue) for queue in queues), 2, "ready messages")
    equal(held(), 4, "deliveries")
    channel.basic_ack(0, multiple=True)
    until(lambda: held() == 6, "6 deliveries", channel.connection.process_data_events)


@check
def prefetch_counts_for_consumers_that_come_later(session):
    channel = session.channel()
    queues = [session.queue(channel, numbered(3)) for _ in range(2)]
    channel.basic_qos(prefetch_count=1)
    first = Consumer(channel, queues[0])
    channel.basic_qos(prefetch_count=2)
    second = Consumer(channel, queues[1])
    first.wait(1)
    second.wait(2)
    equal([ready(channel, queue) for queue in queues], [2, 1], "ready messages")


@check
def consumer_tag_is_used_once(session):
    channel = session.channel()
    queue = session.queue(channel)
    Consumer(channel, queue, consumer_tag="mine")
    Consumer(session.channel(), queue, consumer_tag="mine")
    method = pika.spec.Basic.Consume(queue=queue, consumer_tag="mine")
    with closes_connection(channel, 530, "NOT_ALLOWED - attempt to reuse consumer tag 'mine'"):
        # pika itself would refuse it.
        channel._impl._send_method(method)
