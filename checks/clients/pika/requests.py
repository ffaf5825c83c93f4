"""Request and reply: the synchronous pattern over a queue, with no queue for the replies."""

import pika
from pika.exceptions import UnroutableError
from session import Consumer, check, closes_channel, equal, ready

REPLIES = "amq.rabbitmq.reply-to"


@check
def request_is_answered_directly(session):
    client, server = session.channel(), session.channel()
    queue = session.queue(server)
    replies = Consumer(client, REPLIES, auto_ack=True)
    requests = Consumer(server, queue, auto_ack=True)
    for number in (1, 2):
        properties = pika.BasicProperties(reply_to=REPLIES, correlation_id=str(number))
        client.basic_publish("", queue, b"question", properties)
        _, asked, _ = requests.wait(number)
        assert asked.reply_to.startswith(REPLIES + "."), f"reply to {asked.reply_to!r}"
        answer = pika.BasicProperties(correlation_id=asked.correlation_id)
        server.basic_publish("", asked.reply_to, b"answer", answer)
        method, told, body = replies.wait(number)
        equal((body, told.correlation_id), (b"answer", str(number)), "answer")
        equal((method.exchange, method.routing_key), ("", asked.reply_to), "address")
        equal(server.queue_declare(asked.reply_to, passive=True).method.queue, asked.reply_to, "declared name")


@check
def reply_to_a_client_that_went_has_no_route(session):
    client, server = session.channel(), session.channel()
    queue = session.queue(server)
    Consumer(client, REPLIES, auto_ack=True)
    client.basic_publish("", queue, b"question", pika.BasicProperties(reply_to=REPLIES))
    _, asked, _ = server.basic_get(queue, auto_ack=True)
    client.connection.close()
    try:
        server.basic_publish("", asked.reply_to, b"answer", mandatory=True)
    except UnroutableError as error:
        equal(error.messages[0].method.reply_code, 312, "reply code")
    else:
        raise AssertionError("it was not returned")
    with closes_channel(server, 404, f"NOT_FOUND - no queue '{asked.reply_to}' in vhost '/'"):
        ready(server, asked.reply_to)


@check
def mandatory_reply_is_delivered_and_returned(session):
    channel = session.channel()
    replies = Consumer(channel, REPLIES, auto_ack=True)
    queue = session.queue(channel)
    channel.basic_publish("", queue, b"question", pika.BasicProperties(reply_to=REPLIES))
    _, asked, _ = channel.basic_get(queue, auto_ack=True)
    try:
        channel.basic_publish("", asked.reply_to, b"answer", mandatory=True)
    except UnroutableError:
        pass
    else:
        raise AssertionError("it was not returned")
    equal(replies.wait(1)[2], b"answer", "answer")


@check
def direct_reply_has_its_rules(session):
    channel = session.channel()
    with closes_channel(channel, 406, "PRECONDITION_FAILED - reply consumer cannot acknowledge"):
        Consumer(channel, REPLIES)
    channel = session.channel()
    Consumer(channel, REPLIES, auto_ack=True)
    with closes_channel(channel, 406, "PRECONDITION_FAILED - reply consumer already set"):
        Consumer(channel, REPLIES, auto_ack=True)
    channel = session.channel()
    with closes_channel(channel, 406, "PRECONDITION_FAILED - fast reply consumer does not exist"):
        channel.basic_publish("", session.queue(session.channel()), b"", pika.BasicProperties(reply_to=REPLIES))


@check
def other_reply_addresses_pass_unchanged(session):
    channel = session.channel()
    queue = session.queue(channel)
    for address in ("replies", "amq.rabbitmq.reply-to.made-up"):
        channel.basic_publish("", queue, b"", pika.BasicProperties(reply_to=address))
        equal(channel.basic_get(queue, auto_ack=True)[1].reply_to, address, "reply to")
