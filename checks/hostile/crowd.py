"""Many connections at once: what each takes, and that others are served meanwhile."""

import threading
import time

from measures import measure
from process import memory_kib, open_files, until
from wire import PROTOCOL_HEADER, Peer, declare, start_ok

CONNECTIONS = 10_000
LIMIT_KIB = 32
SILENT = 2_000
HANDSHAKE_LIMIT_S = 15
# Whoever is served waits much shorter on a machine that has nothing else to do.
SERVED_LIMIT_MS = 5000
DECLARE_OK = (50, 11)


def served(target, request=declare(b"served")):
    """A client comes, declares something and goes; returns how many milliseconds that took."""
    started = time.monotonic()
    with Peer(target.address) as peer:
        peer.open()
        peer.send(request)
        peer.expect(DECLARE_OK)
    return 1000 * (time.monotonic() - started)


@measure()
def ten_thousand_connections(target):
    files, before_kib = open_files(target.process_id), memory_kib(target.process_id)
    peers = []
    try:
        started = time.monotonic()
        for _ in range(CONNECTIONS):
            peers.append(Peer(target.address))
            peers[-1].open()
        took_s = time.monotonic() - started
        each_kib = (memory_kib(target.process_id) - before_kib) / CONNECTIONS
        served_ms = served(target)
        peers[0].send(declare(b"first"))
        peers[0].expect(DECLARE_OK)
    finally:
        for peer in peers:
            peer.socket.close()
    until(lambda: open_files(target.process_id) <= files, "sockets given back", 30)
    assert each_kib <= LIMIT_KIB, f"each takes {each_kib:.1f} KiB"
    assert served_ms < SERVED_LIMIT_MS, f"one more client had to wait for {served_ms:.0f} ms"
    return f"{each_kib:.1f} KiB each with a channel, opened in {took_s:.1f} s, one more served in {served_ms:.0f} ms"


@measure()
def thousands_that_never_finish_the_handshake(target):
    files = open_files(target.process_id)
    peers = [Peer(target.address) for _ in range(SILENT)]
    for peer in peers[::2]:
        peer.send(PROTOCOL_HEADER)
    served_ms = served(target)
    cut_off_s = until(lambda: open_files(target.process_id) <= files, "all of them cut off", HANDSHAKE_LIMIT_S)
    for peer in peers:
        peer.socket.close()
    assert served_ms < SERVED_LIMIT_MS, f"a client had to wait for {served_ms:.0f} ms"
    return f"{SILENT} cut off after {cut_off_s:.1f} s, a client served in {served_ms:.0f} ms meanwhile"


@measure()
def one_byte_a_second(target):
    """It gets nowhere before its time is over, and nobody else notices."""
    peer = Peer(target.address)

    def trickle():
        for octet in PROTOCOL_HEADER + start_ok():
            try:
                peer.send(bytes([octet]))
            except OSError:
                return
            time.sleep(1)

    started = time.monotonic()
    threading.Thread(target=trickle, daemon=True).start()
    slowest_ms = max(served(target) for _ in range(50))
    peer.ended(timeout_s=HANDSHAKE_LIMIT_S)
    took_s = time.monotonic() - started
    assert slowest_ms < SERVED_LIMIT_MS, f"a client had to wait for {slowest_ms:.0f} ms"
    return f"cut off after {took_s:.1f} s, others served in at most {slowest_ms:.0f} ms"
