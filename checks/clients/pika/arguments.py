"""Arguments that cannot be taken, and declarations that do not agree: the texts say which and why."""

from session import check, closes_channel, closes_connection, equal, numbered, ready

WRONG = (
    ({"x-message-ttl": "soon"}, "x-message-ttl", "\"expected integer, got longstr\""),
    ({"x-message-ttl": -1}, "x-message-ttl", "{value_negative,-1}"),
    ({"x-expires": 0}, "x-expires", "{value_zero,0}"),
    ({"x-expires": -1}, "x-expires", "{value_negative,-1}"),
    ({"x-max-length": "5"}, "x-max-length", "\"expected integer, got longstr\""),
    ({"x-max-length": -5}, "x-max-length", "{value_negative,-5}"),
    ({"x-max-length-bytes": -5}, "x-max-length-bytes", "{value_negative,-5}"),
    ({"x-max-priority": 256}, "x-max-priority", "{max_value_exceeded,256}"),
    ({"x-max-priority": -1}, "x-max-priority", "{value_negative,-1}"),
    ({"x-overflow": "explode"}, "x-overflow", "invalid_overflow"),
    ({"x-overflow": 1}, "x-overflow", "{unacceptable_type,signedint}"),
    ({"x-dead-letter-routing-key": "a"}, "x-dead-letter-routing-key", "routing_key_but_no_dlx_defined"),
    ({"x-single-active-consumer": "yes"}, "x-single-active-consumer", "{unacceptable_type,longstr}"),
    ({"x-queue-type": "heap"}, "x-queue-type", "\"unsupported queue type 'heap'\""),
)


@check
def wrong_queue_arguments_close_the_channel(session):
    for arguments, name, reason in WRONG:
        channel, queue = session.channel(), session.name()
        text = f"PRECONDITION_FAILED - invalid arg '{name}' for queue '{queue}' in vhost '/': {reason}"
        with closes_channel(channel, 406, text):
            channel.queue_declare(queue, arguments=arguments)
    channel, queue = session.channel(), session.name()
    text = f"invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue '{queue}' in vhost '/'"
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - {text}"):
        channel.queue_declare(queue, arguments={"x-dead-letter-exchange": 1})


@check
def wrong_consumer_argument_closes_the_channel(session):
    channel = session.channel()
    queue = session.queue(channel)
    text = f"invalid arg 'x-priority' for queue '{queue}' in vhost '/': \"expected integer, got longstr\""
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - {text}"):
        channel.basic_consume(queue, lambda *_: None, arguments={"x-priority": "high"})


@check
def unknown_arguments_are_taken(session):
    channel = session.channel()
    queue = session.queue(channel, numbered(1), arguments={"x-nonsense": 1, "y": {"z": [True]}})
    channel.queue_declare(queue, arguments={"x-nonsense": 2})
    channel.queue_declare(queue)
    channel.exchange_declare(session.name(), arguments={"x-nonsense": 1})
    equal(ready(channel, queue), 1, "ready messages")


VALUE = "the value '{}' of type 'signedint'"
DIFFERENT = (
    ("x-message-ttl", 1000, 2000, "received '2000' but current is '1000'"),
    ("x-message-ttl", 1000, None, f"received none but current is {VALUE.format(1000)}"),
    ("x-expires", None, 60000, f"received {VALUE.format(60000)} but current is none"),
    ("x-max-length", 5, 6, "received '6' but current is '5'"),
    ("x-max-length-bytes", 5, 6, "received '6' but current is '5'"),
    ("x-max-priority", 5, 6, "received '6' but current is '5'"),
    ("x-dead-letter-exchange", "a", "b", "received 'b' but current is 'a'"),
    ("x-dead-letter-exchange", "a", None, "received none but current is the value 'a' of type 'longstr'"),
    ("x-overflow", "reject-publish", "drop-head", "received 'drop-head' but current is 'reject-publish'"),
    ("x-single-active-consumer", True, None, "received none but current is the value 'true' of type 'bool'"),
)


@check
def redeclaring_a_queue_tells_what_differs(session):
    for argument, first, second, reason in DIFFERENT:
        channel, queue = session.channel(), session.name()
        channel.queue_declare(queue, arguments={} if first is None else {argument: first})
        text = f"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue '{queue}' in vhost '/': {reason}"
        with closes_channel(channel, 406, text):
            channel.queue_declare(queue, arguments={} if second is None else {argument: second})
    for option in ("durable", "auto_delete"):
        channel = session.channel()
        queue = session.queue(channel)
        reason = f"inequivalent arg '{option}' for queue '{queue}' in vhost '/': received 'true' but current is 'false'"
        with closes_channel(channel, 406, f"PRECONDITION_FAILED - {reason}"):
            channel.queue_declare(queue, **{option: True})


@check
def redeclaring_an_exchange_tells_what_differs(session):
    for option, pika_name, other, received, current in (
        ("type", "exchange_type", "topic", "topic", "direct"),
        ("durable", "durable", True, "true", "false"),
        ("auto_delete", "auto_delete", True, "true", "false"),
        ("internal", "internal", True, "true", "false"),
    ):
        channel, exchange = session.channel(), session.name()
        channel.exchange_declare(exchange)
        place = f"inequivalent arg '{option}' for exchange '{exchange}' in vhost '/'"
        text = f"PRECONDITION_FAILED - {place}: received '{received}' but current is '{current}'"
        with closes_channel(channel, 406, text):
            channel.exchange_declare(exchange, **{pika_name: other})


@check
def unknown_exchange_type_closes_the_connection(session):
    channel = session.channel()
    # RabbitMQ calls a type unknown or invalid, as Erlang knows its name or not.
    with closes_connection(channel, 503, "exchange type 'pile'"):
        channel.exchange_declare(session.name(), "pile")


@check
def reserved_names_are_refused(session):
    queue = session.queue(session.channel())
    reserved = "name 'amq.mine' contains reserved prefix 'amq.*'"
    on_default = "operation not permitted on the default exchange"
    on_system = "deletion of system exchange 'amq.direct' in vhost '/' not allowed"
    refusals = (
        (lambda channel: channel.queue_declare("amq.mine"), f"queue {reserved}"),
        (lambda channel: channel.exchange_declare("amq.mine"), f"exchange {reserved}"),
        (lambda channel: channel.exchange_declare("", "direct"), on_default),
        (lambda channel: channel.queue_bind(queue, "", "a"), on_default),
        (lambda channel: channel.exchange_delete("amq.direct"), on_system),
        (lambda channel: channel.exchange_delete(""), on_default),
    )
    for attempt, reason in refusals:
        channel = session.channel()
        with closes_channel(channel, 403, f"ACCESS_REFUSED - {reason}"):
            attempt(channel)
    session.channel().exchange_declare("amq.direct", "direct", durable=True)


@check
def exchange_goes_when_it_is_unused(session):
    channel = session.channel()
    used, unused, queue = session.name(), session.name(), session.queue(channel)
    channel.exchange_declare(used, "fanout", auto_delete=True)
    channel.queue_bind(queue, used)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - exchange '{used}' in vhost '/' in use"):
        channel.exchange_delete(used, if_unused=True)
    channel = session.channel()
    channel.exchange_declare(unused, "fanout")
    channel.exchange_delete(unused, if_unused=True)
    channel.exchange_delete(unused)
    channel.queue_unbind(queue, used)
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{used}' in vhost '/'"):
        channel.exchange_declare(used, passive=True)


@check
def empty_queue_name_means_the_last_one_declared(session):
    channel = session.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind("", "amq.fanout")
    channel.basic_publish("amq.fanout", "", b"", mandatory=True)
    equal(ready(channel, queue), 1, "ready messages")
    equal(channel.queue_purge("").method.message_count, 1, "purged")
    channel.queue_bind("", "amq.direct", "")
    channel.basic_publish("amq.direct", queue, b"", mandatory=True)
    equal(channel.queue_delete("").method.message_count, 1, "deleted")
    channel = session.channel()
    with closes_channel(channel, 404, "NOT_FOUND - no previously declared queue"):
        channel.basic_consume("", lambda *_: None)
