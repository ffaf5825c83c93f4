"""What a peer seldom sends, and may: the connection goes on, and at the most a channel is closed."""

import struct

from wire import BODY, CHANNEL_OPEN, CONNECTION_OPEN, OPEN_OK, PROTOCOL_HEADER, START, TUNE, Peer, content_header
from wire import declare, frame, long_string, method, publish, short_string, start_ok

CHANNEL_CLOSE, CHANNEL_CLOSE_OK, CHANNEL_OPEN_OK, DECLARE_OK = (20, 40), (20, 41), (20, 11), (50, 11)
ACK, REJECT, NACK, CONSUME, DELIVER = (60, 80), (60, 90), (60, 120), (60, 20), (60, 60)
NO_WAIT, NO_ACK = 0b1000, 0b0010
ODDITIES, MORE_THAN_RABBITMQ_TAKES = {}, {}


def oddity(function):
    """Registers an oddity under its name in words."""
    ODDITIES[function.__name__.replace("_", " ")] = function
    return function


def more_than_rabbitmq_takes(function):
    """Registers an oddity that RabbitMQ 3.10 refuses."""
    MORE_THAN_RABBITMQ_TAKES[function.__name__.replace("_", " ")] = function
    return function


def still_works(peer):
    peer.send(declare(b""))
    peer.expect(DECLARE_OK)


def settle(identity, tag, flag=0):
    """An acknowledgement or a refusal."""
    return method(1, identity, struct.pack(">QB", tag, flag))


@oddity
def delivery_tag_that_does_not_exist(address):
    for tag in (1, 99, 2**64 - 1):
        for identity in (ACK, REJECT, NACK):
            with Peer(address) as peer:
                peer.open()
                peer.send(settle(identity, tag))
                told = struct.unpack_from(">H", peer.expect(CHANNEL_CLOSE))[0]
                assert told == 406, f"reply code {told}"
                peer.send(method(1, CHANNEL_CLOSE_OK) + CHANNEL_OPEN)
                peer.expect(CHANNEL_OPEN_OK)
                still_works(peer)


@oddity
def everything_acknowledged_when_there_is_nothing(address):
    with Peer(address) as peer:
        peer.open()
        peer.send(2 * settle(ACK, 0, 1) + settle(NACK, 0, 1))
        still_works(peer)


@oddity
def frames_for_a_channel_that_is_closing(address):
    """They were sent before the client knew, and are no error."""
    with Peer(address) as peer:
        peer.open()
        wrong = settle(ACK, 99)
        peer.send(wrong + wrong + publish() + content_header(3) + frame(BODY, 1, b"abc") + declare())
        peer.expect(CHANNEL_CLOSE)
        peer.send(method(1, CHANNEL_CLOSE_OK) + CHANNEL_OPEN)
        peer.expect(CHANNEL_OPEN_OK)
        still_works(peer)


@more_than_rabbitmq_takes
def routing_key_that_is_no_text(address):
    """Any bytes, up to 255 of them; they come back in the delivery. Nobody waits for the consumer to be there."""
    key = bytes(range(255, 0, -1))
    with Peer(address) as peer:
        peer.open()
        peer.send(declare(b""))
        answer = peer.expect(DECLARE_OK)
        queue = answer[1 : 1 + answer[0]]
        ticket, flags = bytes(2), bytes([NO_WAIT | NO_ACK])
        names = short_string(queue) + short_string(b"amq.direct") + short_string(key)
        bind = ticket + names + b"\x01" + long_string(b"")
        consume = ticket + short_string(queue) + short_string(b"tag") + flags + long_string(b"")
        peer.send(method(1, (50, 20), bind) + method(1, CONSUME, consume))
        peer.send(publish(key, exchange=b"amq.direct") + content_header(0))
        assert peer.expect(DELIVER).endswith(short_string(key)), "another key"


@more_than_rabbitmq_takes
def zero_for_every_limit(address):
    """It means that the client sets none."""
    with Peer(address) as peer:
        peer.send(PROTOCOL_HEADER)
        peer.expect(START)
        peer.send(start_ok())
        peer.expect(TUNE)
        peer.send(method(0, (10, 31), struct.pack(">HIH", 0, 0, 0)) + CONNECTION_OPEN)
        peer.expect(OPEN_OK)
        peer.send(CHANNEL_OPEN)
        peer.expect(CHANNEL_OPEN_OK)
        still_works(peer)


@oddity
def one_byte_at_a_time(address):
    with Peer(address) as peer:
        peer.open(peer.send_slowly)
        peer.send_slowly(declare(b"slow"))
        peer.expect(DECLARE_OK)
