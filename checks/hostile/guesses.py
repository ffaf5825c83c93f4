"""Passwords and permissions probed: it takes time, tells nothing, and nobody else has to wait."""

import struct
import threading
import time

from crowd import SERVED_LIMIT_MS, served
from measures import measure
from process import peak_memory_kib
from wire import CHANNEL_OPEN, CHANNEL_OPEN_OK, PROTOCOL_HEADER, START, TUNE, Peer, declare, method
from wire import short_string, start_ok

GUESSERS = 50
GUESSING_S = 5
LEAST_DELAY_S = 0.2
PROBES = 2_000
LIMITED = start_ok(user=b"limited", password=b"a:better secret")


def guess(address, user, password):
    """Tries to log in; returns how long the refusal took."""
    started = time.monotonic()
    with Peer(address) as peer:
        peer.send(PROTOCOL_HEADER)
        peer.expect(START)
        peer.send(start_ok(user=user, password=password))
        assert peer.ended(timeout_s=30, unless=TUNE) in (None, 403), "it was let in, or refused for something else"
    return time.monotonic() - started


@measure()
def passwords_guessed(target):
    """A guess takes a while, whether the user exists or not, and however many guess."""
    delays = [guess(target.address, user, b"wrong") for user in (b"guest", b"nobody")]
    assert min(delays) >= LEAST_DELAY_S, f"a refusal comes after {min(delays):.3f} s"
    guesses, deadline = [], time.monotonic() + GUESSING_S

    def keep_guessing(number):
        while time.monotonic() < deadline:
            guess(target.address, b"guest", b"wrong-%d" % number)
            guesses.append(number)

    threads = [threading.Thread(target=keep_guessing, args=(number,)) for number in range(GUESSERS)]
    for thread in threads:
        thread.start()
    slowest_ms = max(served(target) for _ in range(20))
    for thread in threads:
        thread.join()
    rate = len(guesses) / GUESSING_S
    assert slowest_ms < SERVED_LIMIT_MS, f"a client with the right password had to wait for {slowest_ms:.0f} ms"
    guessed = f"{rate:.0f} guesses a second by {GUESSERS}"
    return f"refused after {min(delays):.2f} s, {guessed}, others served in {slowest_ms:.0f} ms"


def get(queue):
    return method(1, (60, 70), struct.pack(">H", 0) + short_string(queue) + b"\x00")


def delete(exchange):
    return method(1, (40, 20), struct.pack(">H", 0) + short_string(exchange) + b"\x00")


@measure(prepared=True)
def permissions_probed(target):
    """A user that may do little learns nothing of what it may not touch, not even whether it is there."""
    with Peer(target.address) as owner, Peer(target.address) as prober:
        owner.open()
        owner.send(declare(b"theirs", exclusive=False))
        owner.expect((50, 11))
        prober.open(login=LIMITED)
        before_kib = peak_memory_kib(target.process_id)
        for number in range(PROBES):
            name = b"theirs" if number % 2 else b"nobody's"
            request, kind = ((get(name), b"queue"), (delete(name), b"exchange"))[number // 2 % 2]
            prober.send(request)
            answer = prober.expect((20, 40))
            expected = b"ACCESS_REFUSED - access to %s '%s' in vhost '/' refused for user 'limited'" % (kind, name)
            assert answer[:2] == b"\x01\x93" and answer[3 : 3 + answer[2]] == expected, f"{answer} instead of {expected}"
            prober.send(method(1, (20, 41)) + CHANNEL_OPEN)
            prober.expect(CHANNEL_OPEN_OK)
    grown_kib = peak_memory_kib(target.process_id) - before_kib
    assert grown_kib <= 4096, f"grown by {grown_kib} KiB"
    return f"{PROBES} refused with 403, grown by {grown_kib} KiB"
