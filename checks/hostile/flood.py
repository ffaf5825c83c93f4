"""Producers that do not stop, and readers that do: memory stays bounded, and others go on."""

import select
import socket
import struct
import time

from crowd import SERVED_LIMIT_MS, served
from measures import measure
from process import memory_kib, peak_memory_kib
from wire import BODY, FRAME_MAX, METHOD, Peer, content_header, declare, frame, long_string, method, publish
from wire import short_string, start_ok

WATERMARK_MIB = 64
PRODUCERS = 4
PATIENCE_S = 20
BODY_BYTES = 64 * 1024
MESSAGES = 1_000
DECLARE_OK, CONSUME_OK, DELIVER, BLOCKED = (50, 11), (60, 21), (60, 60), (10, 60)


def message(queue, size):
    body = b"".join(frame(BODY, 1, bytes(piece)) for piece in pieces(size))
    return publish(queue) + content_header(size) + body


def pieces(size):
    """The sizes of the body frames of a body."""
    largest = FRAME_MAX - 8
    return [largest] * (size // largest) + [size % largest] * (size % largest > 0)


def told_of_blocking():
    """A login of a client that wants to be told when it is blocked."""
    capabilities = b"\x0ccapabilitiesF" + long_string(b"\x12connection.blockedt\x01")
    return start_ok(long_string(capabilities))


def flood(peers, octets):
    """Sends on all connections as much as is taken; ends when nothing was for a second."""
    for peer in peers:
        peer.socket.setblocking(False)
    sent, position, quiet_since = 0, dict.fromkeys(peers, 0), time.monotonic()
    while time.monotonic() < quiet_since + 1:
        _, writable, _ = select.select([], [peer.socket for peer in peers], [], 0.1)
        for peer in peers:
            if peer.socket in writable:
                taken = peer.socket.send(octets[position[peer] :])
                position[peer] = (position[peer] + taken) % len(octets)
                sent, quiet_since = sent + taken, time.monotonic()
        assert sent < 100 * WATERMARK_MIB << 20, "it takes without end"
    for peer in peers:
        peer.socket.settimeout(PATIENCE_S)
    return sent


@measure("--memory-watermark", str(WATERMARK_MIB << 20))
def producers_that_flood_a_queue_without_a_consumer(target):
    before_mib = memory_kib(target.process_id) / 1024
    owner = Peer(target.address)
    owner.open()
    owner.send(declare(b"flooded", exclusive=False))
    owner.expect(DECLARE_OK)
    producers = [Peer(target.address) for _ in range(PRODUCERS)]
    for producer in producers:
        producer.open(login=told_of_blocking())
    sent_mib = flood(producers, message(b"flooded", 1 << 20)) / (1 << 20)
    for producer in producers:
        producer.expect(BLOCKED)
    grown_mib = peak_memory_kib(target.process_id) / 1024 - before_mib
    served_ms = served(target)
    assert grown_mib <= 1.5 * WATERMARK_MIB, f"{grown_mib:.0f} MiB with a watermark of {WATERMARK_MIB} MiB"
    assert served_ms < SERVED_LIMIT_MS, f"another client had to wait for {served_ms:.0f} ms"
    return f"blocked after {sent_mib:.0f} MiB, grown by {grown_mib:.0f} MiB, watermark {WATERMARK_MIB} MiB"


def consume(queue, no_ack=False):
    flags = bytes([0b0010 if no_ack else 0])
    return method(1, (60, 20), bytes(2) + short_string(queue) + short_string(b"") + flags + long_string(b""))


@measure()
def reader_that_stops_with_everything_prefetched(target):
    """It holds no more than what fits between it and the broker; what it does not take, another consumer gets."""
    owner, stopped, other = (Peer(target.address) for _ in range(3))
    stopped.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for peer in (owner, stopped, other):
        peer.open()
    owner.send(declare(b"shared", exclusive=False))
    owner.expect(DECLARE_OK)
    stopped.send(consume(b"shared"))
    stopped.expect(CONSUME_OK)
    owner.send(message(b"shared", BODY_BYTES) * MESSAGES)
    other.send(consume(b"shared", no_ack=True))
    other.expect(CONSUME_OK)
    taken = deliveries(other, timeout_s=2)
    stopped.socket.close()
    again = deliveries(other, timeout_s=2)
    assert taken + again == MESSAGES, f"{taken} and {again} of {MESSAGES} messages"
    held_kib = again * BODY_BYTES // 1024
    assert held_kib <= 8 * 1024, f"the reader held {held_kib} KiB"
    return f"{again} of {MESSAGES} messages were held, {held_kib} KiB; all were delivered to another"


def deliveries(peer, timeout_s):
    """How many messages come until none does for a while."""
    peer.socket.settimeout(timeout_s)
    count = 0
    try:
        while True:
            kind, _, payload = peer.receive_frame()
            count += kind == METHOD and payload[:4] == struct.pack(">HH", *DELIVER)
    except TimeoutError:
        return count
