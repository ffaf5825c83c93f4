"""A client that asks for more than anybody needs: a limit answers, and memory stays bounded."""

import struct
import time

from crowd import SERVED_LIMIT_MS, served
from measures import measure
from process import peak_memory_kib
from wire import CLOSE, Peer, content_header, long_string, method, publish, short_string

ASKED = 1_000_000
BATCH = 1_000
LIMIT_MIB = 1024
TOO_LARGE = 128 * 1024 * 1024 + 1
CHANNEL_CLOSE = (20, 40)
PASSIVE, NO_WAIT = 0b00001, 0b10000
# What is at its limit cannot be declared by anybody any more, but used.
PASSIVE_DECLARE = method(1, (50, 10), bytes(2) + short_string(b"greedy-0") + bytes([PASSIVE]) + long_string(b""))


def declare_queue(number):
    arguments = short_string(b"greedy-%d" % number) + bytes([NO_WAIT]) + long_string(b"")
    return method(1, (50, 10), struct.pack(">H", 0) + arguments)


def declare_exchange(number):
    names = short_string(b"greedy-%d" % number) + short_string(b"fanout")
    return method(1, (40, 10), struct.pack(">H", 0) + names + bytes([NO_WAIT]) + long_string(b""))


def bind(number):
    names = short_string(b"greedy-0") + short_string(b"amq.topic") + short_string(b"a.%d.*" % number)
    return method(1, (50, 20), struct.pack(">H", 0) + names + b"\x01" + long_string(b""))


def consume(number):
    names = short_string(b"greedy-0") + short_string(b"tag-%d" % number)
    return method(1, (60, 20), struct.pack(">H", 0) + names + b"\x08" + long_string(b""))


def ask(target, write):
    """Asks a million times, each another; returns how many were taken before the refusal, and its code."""
    with Peer(target.address) as peer:
        peer.open()
        peer.send(declare_queue(0))
        try:
            for start in range(0, ASKED, BATCH):
                peer.send(b"".join(write(number) for number in range(start, start + BATCH)))
        except OSError:
            pass  # It was cut off; why is still to be read.
        return refusal(peer)


def refusal(peer):
    """The code with which the broker closes the channel or the connection."""
    peer.socket.settimeout(60)
    while True:
        _, _, payload = peer.receive_frame()
        if struct.unpack_from(">HH", payload) in (CHANNEL_CLOSE, CLOSE):
            [code] = struct.unpack_from(">H", payload, 4)
            return code, payload[7 : 7 + payload[6]].decode()


def limited(target, write):
    started = time.monotonic()
    code, text = ask(target, write)
    took_s = time.monotonic() - started
    peak_mib = peak_memory_kib(target.process_id) / 1024
    served_ms = served(target, PASSIVE_DECLARE)
    assert peak_mib <= LIMIT_MIB, f"{peak_mib:.0f} MiB"
    assert served_ms < SERVED_LIMIT_MS, f"another client had to wait for {served_ms:.0f} ms"
    return f"{code} {text!r} after {took_s:.1f} s, {peak_mib:.0f} MiB in all"


@measure()
def bodies_larger_than_allowed(target):
    """Refused when they are announced. RabbitMQ says the same when it has all of them."""
    served(target)  # What the first connection needs is not counted.
    before_kib = peak_memory_kib(target.process_id)
    for size in (TOO_LARGE, 2**40, 2**64 - 1):
        with Peer(target.address) as peer:
            peer.open()
            peer.send(publish() + content_header(size))
            code, text = refusal(peer)
            assert code == 406, f"{code} {text!r} for {size} bytes"
    grown_kib = peak_memory_kib(target.process_id) - before_kib
    assert grown_kib <= 4096, f"grown by {grown_kib} KiB"
    return f"{code} {text!r}, grown by {grown_kib} KiB"


@measure()
def million_queues(target):
    return limited(target, declare_queue)


@measure()
def million_exchanges(target):
    return limited(target, declare_exchange)


@measure()
def million_bindings(target):
    return limited(target, bind)


@measure()
def million_consumers(target):
    return limited(target, consume)
