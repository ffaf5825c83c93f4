"""Who gets in: mechanisms, passwords, virtual hosts, and what both ends say of themselves."""

import pika
from pika.exceptions import AMQPConnectionError
from session import check, closes_connection, equal, numbered

REFUSED = "ACCESS_REFUSED - Login was refused using authentication mechanism {}. For details see the broker logfile."
ANNOUNCED = (
    "authentication_failure_close",
    "basic.nack",
    "connection.blocked",
    "consumer_cancel_notify",
    "consumer_priorities",
    "direct_reply_to",
    "exchange_exchange_bindings",
    "per_consumer_qos",
    "publisher_confirms",
)


class Credentials(pika.PlainCredentials):
    """Credentials for a mechanism that pika does not have: the answer is given as it is."""

    TYPE = None

    def __init__(self, mechanism, answer):
        super().__init__("guest", "guest")
        self.mechanism, self.answer = mechanism, answer

    def response_for(self, _start):
        return self.mechanism, self.answer


def amqplain(login, password):
    """The answer of AMQPLAIN: a table without its length."""
    fields = ((b"LOGIN", login), (b"PASSWORD", password))
    return b"".join(bytes([len(name)]) + name + b"S" + len(text).to_bytes(4, "big") + text for name, text in fields)


def refused(session, text, **options):
    """The login must fail with this text."""
    try:
        session.connect(**options)
    except AMQPConnectionError as error:
        told = repr(error).replace("\\'", "'")
        assert text in told, f"{told} without {text!r}"
    else:
        raise AssertionError("it was let in")


@check
def capabilities_are_announced(session):
    told = session.connect()._impl.server_properties
    equal({name: told["capabilities"].get(name) for name in ANNOUNCED}, dict.fromkeys(ANNOUNCED, True), "capabilities")
    for name in ("product", "version", "platform"):
        assert told.get(name), f"the broker does not tell its {name}"


@check
def amqplain_logs_in(session):
    session.queue(session.channel(credentials=Credentials("AMQPLAIN", amqplain(b"guest", b"guest"))))
    wrong = Credentials("AMQPLAIN", amqplain(b"guest", b"wrong"))
    refused(session, REFUSED.format("AMQPLAIN"), credentials=wrong)


@check
def unknown_mechanism_is_refused(session):
    # RabbitMQ ends the connection without a word.
    refused(session, "", credentials=Credentials("GUESS", b""))


@check
def wrong_login_is_told_like_a_wrong_password(session):
    for user, password in (("guest", "wrong"), ("nobody", "guest"), ("", ""), ("guest", "")):
        refused(session, REFUSED.format("PLAIN"), credentials=pika.PlainCredentials(user, password))


@check
def unknown_virtual_host_is_refused(session):
    refused(session, "NOT_ALLOWED - vhost nowhere not found", virtual_host="nowhere")


@check
def limits_of_a_connection_are_negotiated(session):
    connection = session.connect(channel_max=3, heartbeat=7, frame_max=8192)
    told = connection._impl.params
    equal((told.channel_max, told.heartbeat, told.frame_max), (3, 7, 8192), "limits")
    told = session.connect()._impl.params
    equal((told.channel_max, told.heartbeat, told.frame_max), (2047, 60, 131072), "limits without a wish")
    channels = [connection.channel() for _ in range(3)]
    channels[1].close()
    session.queue(connection.channel(), numbered(1))


@check
def channel_beyond_the_maximum_closes_the_connection(session):
    connection = session.connect(channel_max=2)
    channel, _ = connection.channel(), connection.channel()
    frame = pika.frame.Method(3, pika.spec.Channel.Open())
    text = "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)"
    with closes_connection(channel, 530, text):
        connection._impl._send_frame(frame)


@check
def password_can_be_changed_while_connected(session):
    connection = session.connect()
    connection.update_secret("guest", "the old one is known")
    session.queue(connection.channel(), numbered(1))
