"""What a publisher is told: whose messages are taken, what is confirmed, and what is not there at all."""

import pika
from pika.exceptions import UnroutableError
from session import check, closes_channel, closes_connection, equal, ready


@check
def user_of_a_message_must_be_the_login(session):
    channel = session.channel()
    queue = session.queue(channel)
    channel.basic_publish("", queue, b"", pika.BasicProperties(user_id="guest"))
    text = "PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'"
    with closes_channel(channel, 406, text):
        channel.basic_publish("", queue, b"", pika.BasicProperties(user_id="other"))


@check
def message_without_a_way_is_confirmed(session):
    channel = session.channel()
    channel.basic_publish("", session.name(), b"nowhere")
    channel.basic_publish("amq.headers", "", b"nowhere", pika.BasicProperties(headers={"a": 1}))


@check
def each_confirm_answers_one_message(session):
    connection = session.connect()
    channel = connection.channel()
    answers = []
    # pika's blocking channel hides the confirms, and waits for each.
    channel._impl.confirm_delivery(lambda frame: answers.append(frame.method), callback=lambda _: None)
    queue = session.queue(channel)
    for number in range(20):
        channel.basic_publish("", queue, b"%d" % number)
    ready(channel, queue)
    confirmed = set()
    while len(confirmed) < 20:
        connection.process_data_events(time_limit=1)
        for answer in answers:
            first = 1 if answer.multiple else answer.delivery_tag
            confirmed.update(range(first, answer.delivery_tag + 1))
    equal(confirmed, set(range(1, 21)), "confirmed")
    equal({type(answer) for answer in answers}, {pika.spec.Basic.Ack}, "kinds of answers")


@check
def immediate_is_not_implemented(session):
    channel = session.channel()
    method = pika.spec.Basic.Publish(exchange="", routing_key=session.name(), immediate=True)
    with closes_connection(channel, 540, "NOT_IMPLEMENTED - immediate=true"):
        channel._impl._send_method(method, (pika.BasicProperties(), b""))


@check
def what_nobody_implements_is_refused(session):
    refusals = (
        (lambda channel: channel.basic_qos(prefetch_size=1), "prefetch_size!=0 (1)"),
        (lambda channel: channel.flow(False), "active=false"),
        (lambda channel: channel.basic_recover(requeue=False), "requeue=false"),
    )
    for attempt, reason in refusals:
        channel = session.channel()
        with closes_connection(channel, 540, f"NOT_IMPLEMENTED - {reason}"):
            attempt(channel)
    equal(session.channel().flow(True), True, "flow")


@check
def returned_message_comes_before_its_confirm(session):
    channel = session.channel()
    big = bytes(300_000)
    try:
        channel.basic_publish("amq.topic", session.name(), big, pika.BasicProperties(headers={"a": "b"}), mandatory=True)
    except UnroutableError as error:
        [returned] = error.messages
        equal((returned.method.exchange, returned.properties.headers), ("amq.topic", {"a": "b"}), "address and headers")
        equal(returned.body, big, "body")
    else:
        raise AssertionError("it was not returned")
