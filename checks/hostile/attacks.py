"""What a broken or hostile peer may send. Each attack must end its own connection, and nothing else."""

import os
import socket
import struct

from wire import (
    BODY,
    CHANNEL_OPEN,
    CONNECTION_OPEN,
    CONTENT_HEADER,
    FRAME_MAX,
    METHOD,
    PROTOCOL_HEADER,
    TUNE,
    Peer,
    content_header,
    declare,
    frame,
    long_string,
    method,
    nested_array,
    nested_table,
    publish,
    short_string,
    start_ok,
    tune_ok,
)

FLOOD_MIB = 32
ATTACKS = {}


def attack(function):
    """Registers an attack under its name in words."""
    ATTACKS[function.__name__.replace("_", " ")] = function
    return function


def ends(address, octets, *codes, flood_mib=0):
    """After a proper login these bytes must end the connection, with one of the reply codes or without a word."""
    with Peer(address) as peer:
        peer.open()
        peer.send(octets)
        peer.flood(flood_mib)
        code = peer.ended()
        assert code in (None, *codes), f"reply code {code} instead of one of {codes} for {octets[:40]}"


def answers(address, octets):
    """After a proper login these bytes must be answered, by an error or otherwise; silence would be a broker stuck."""
    with Peer(address) as peer:
        peer.open()
        peer.send(octets)
        try:
            peer.receive_frame()
        except EOFError:
            return


# Before the login


@attack
def garbage_instead_of_the_protocol_header(address):
    tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    amqp_1_0 = b"AMQP\x00\x01\x00\x00"
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 4096, os.urandom(1000), tls_hello, amqp_1_0):
        with Peer(address) as peer:
            peer.send(garbage)
            answer = peer.receive(8)
            assert answer == PROTOCOL_HEADER, f"{answer} instead of the protocol header"
            assert peer.ended() is None


@attack
def frame_cut_short_before_the_login(address):
    for octets in (b"AMQP", PROTOCOL_HEADER, PROTOCOL_HEADER + start_ok()[:5], PROTOCOL_HEADER + start_ok()[:-1]):
        with Peer(address) as peer:
            peer.send(octets)
            peer.socket.shutdown(socket.SHUT_WR)
            peer.ended()


@attack
def oversized_frame_before_the_login(address):
    for size in (FRAME_MAX + 1, 2**31, 2**32 - 1):
        with Peer(address) as peer:
            peer.greet()
            peer.send(struct.pack(">BHI", METHOD, 0, size))
            peer.flood(FLOOD_MIB)
            code = peer.ended()
            assert code in (None, 501), f"reply code {code}"


@attack
def nested_table_before_the_login(address):
    for properties in (nested_table(600), nested_table(1300), nested_table(15_000), nested_array(600), nested_array(15_000)):
        with Peer(address) as peer:
            peer.greet()
            peer.send(start_ok(properties))
            peer.ended(unless=TUNE)  # It may be shallow enough for this broker.


@attack
def wrong_frame_before_the_login(address):
    cut_off_table = struct.pack(">I", 2**32 - 1) + b"\x01a"
    wrong = (
        CONNECTION_OPEN,
        CHANNEL_OPEN,
        tune_ok(),
        publish(),
        start_ok(cut_off_table),
        start_ok(mechanism=b"NONE"),
        start_ok()[:-1] + b"\x00",
        frame(BODY, 0, b"body"),
        frame(77, 0, b""),
        frame(METHOD, 0, b"\x00"),
    )
    for octets in wrong:
        with Peer(address) as peer:
            peer.greet()
            peer.send(octets)
            peer.ended(timeout_s=10)


# After it


@attack
def frame_cut_short(address):
    whole = declare(b"some queue")
    for length in (1, 6, 7, len(whole) - 1):
        with Peer(address) as peer:
            peer.open()
            peer.send(whole[:length])
            peer.socket.shutdown(socket.SHUT_WR)
            peer.ended()


@attack
def oversized_frame(address):
    for size in (FRAME_MAX - 8 + 1, 2**31, 2**32 - 1):
        ends(address, struct.pack(">BHI", BODY, 1, size), 501, flood_mib=FLOOD_MIB)


@attack
def wrong_frame_end(address):
    ends(address, declare()[:-1] + b"\x00", 501)


@attack
def unknown_frame_type(address):
    ends(address, frame(77, 1, b""), 501, 505)


@attack
def frame_that_does_not_belong_on_channel_0(address):
    command_invalid, unexpected_frame, channel_error = 503, 505, 504
    for octets in (declare(channel=0), publish(channel=0), method(0, (20, 10), short_string(b""))):
        ends(address, octets, command_invalid, channel_error)
    for octets in (content_header(5, channel=0), frame(BODY, 0, b"body")):
        ends(address, octets, command_invalid, unexpected_frame, channel_error, 501)
    for octets in (start_ok(), tune_ok(), CONNECTION_OPEN):
        ends(address, octets, command_invalid, channel_error)


@attack
def frame_on_a_channel_that_is_not_open(address):
    ends(address, declare(channel=2), 504)
    ends(address, CHANNEL_OPEN, 504)


@attack
def content_out_of_turn(address):
    unexpected_frame = 505
    ends(address, content_header(5), unexpected_frame)
    ends(address, frame(BODY, 1, b"body"), unexpected_frame)
    ends(address, publish() + frame(BODY, 1, b"body"), unexpected_frame)
    ends(address, publish() + publish(), unexpected_frame)
    ends(address, publish() + content_header(5) + declare(), unexpected_frame)
    ends(address, publish() + content_header(5) + content_header(5), unexpected_frame)
    ends(address, publish() + frame(CONTENT_HEADER, 1, struct.pack(">HHQH", 50, 0, 5, 0)), unexpected_frame)


@attack
def method_that_makes_no_sense(address):
    command_invalid, not_implemented, syntax_error, internal_error = 503, 540, 502, 541
    codes = (command_invalid, not_implemented, syntax_error, internal_error, 501)
    ends(address, method(1, (60, 999)), *codes)
    ends(address, method(1, (999, 10)), *codes)
    ends(address, method(1, (60, 60), bytes(50)), *codes)
    ends(address, method(1, (50, 10), b"\x00\x00\xffshort"), *codes)
    ends(address, frame(METHOD, 1, b""), *codes)
    ends(address, declare(arguments=struct.pack(">I", 2**32 - 1)), *codes)
    ends(address, declare(arguments=long_string(b"\x01aS\xff\xff\xff\xff")), *codes)
    ends(address, declare(arguments=long_string(b"\x01a?")), *codes)


@attack
def nested_table_in_arguments_and_headers(address):
    for nested in (nested_table, nested_array):
        answers(address, declare(arguments=nested(20_000)))
        headers = nested(20_000)
        header = struct.pack(">HHQH", 60, 0, 0, 1 << 13) + headers
        answers(address, publish() + frame(CONTENT_HEADER, 1, header) + declare())


@attack
def huge_body_announced_and_not_sent(address):
    for size in (2**40, 2**63, 2**64 - 1):
        with Peer(address) as peer:
            peer.open()
            peer.send(publish() + content_header(size) + frame(BODY, 1, bytes(1000)))


@attack
def connections_that_come_and_go(address):
    for number in range(100):
        with Peer(address) as peer:
            peer.send(PROTOCOL_HEADER[: number % 9])
            if number % 2:  # A reset instead of an orderly end.
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
