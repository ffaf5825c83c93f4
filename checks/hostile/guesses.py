"""Passwords and permissions probed: it takes time, tells nothing, and nobody else has to wait."""

import threading
import time

from crowd import served
from measures import measure
from wire import START, TUNE, PROTOCOL_HEADER, Peer, start_ok

GUESSERS = 50
GUESSING_S = 5
LEAST_DELAY_S = 0.2


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
    assert slowest_ms < 2000, f"a client with the right password had to wait for {slowest_ms:.0f} ms"
    return f"refused after {min(delays):.2f} s, {rate:.0f} guesses a second by {GUESSERS}, others served in {slowest_ms:.0f} ms"
