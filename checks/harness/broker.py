"""The broker that is checked: started here as a process of its own, or somebody else's, named by its URL."""

import argparse
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from .environment import ROOT
from .handoff import Handoff


class ForeignBroker:
    """A broker that runs already. Nothing is known of its process, and nothing stops it."""

    process_id = None
    tls = None

    def __init__(self, url):
        self.url = url
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port or 5672)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leaves it as it is: it is not ours."""


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


def told_to_clients(target):
    """What a client's checks have to know of the broker. Without `tls` it was not set up for them."""
    return {"url": target.url, "tls": target.tls}


def build():
    """Builds the release binary and returns its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "handoff"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "handoff"
