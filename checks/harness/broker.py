"""The broker that is checked: started here as a process of its own, or somebody else's, named by its URL."""

import argparse
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

from .environment import ROOT, SCRATCH

START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 15


class ForeignBroker:
    """A broker that runs already. Nothing is known of its process, and nothing stops it."""

    process_id = None

    def __init__(self, url):
        self.url = url
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port or 5672)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leaves it as it is: it is not ours."""


class Handoff:
    """`handoff serve` on a free port of the loopback interface."""

    def __init__(self, binary):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.log = SCRATCH / "broker.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.process_id = self.process.pid
        host, port = self._listening_address()
        self.address = (host, int(port))
        self.url = f"amqp://guest:guest@{host}:{port}/%2f"

    def _listening_address(self):
        watchdog = threading.Timer(START_TIMEOUT_S, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        match = re.fullmatch(r"listening on (\S+):(\d+)\n", line)
        if not match:
            self.process.kill()
            raise SystemExit(f"`handoff serve` said {line!r} instead of `listening on ADDR`; see {self.log}")
        return match.groups()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Whatever happened to the checks, it does not outlive them."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to leave by SIGTERM, and raises AssertionError unless it does so in time and with exit code 0."""
        died = self.process.poll()
        assert died is None, f"it had ended already, with {died}; see {self.log}"
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there {STOP_TIMEOUT_S} s after SIGTERM") from None
        assert status == 0, f"it ended with {status}; see {self.log}"


def arguments(description):
    """The flags with which every kind of check names its broker."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("binary", nargs="?", help="the handoff program; built in release mode when it is not named")
    parser.add_argument("--against", metavar="URL", help="check the broker at amqp://... instead of starting one")
    return parser


def start(options):
    """The broker that the flags ask for."""
    if options.against:
        return ForeignBroker(options.against)
    return Handoff(options.binary or build())


def build():
    """Builds the release binary and returns its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "handoff"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "handoff"
