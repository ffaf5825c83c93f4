"""`handoff serve` as a process of its own, on free ports of the loopback interface, set up like `setting` says."""

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import threading

from . import certificates, setting
from .environment import SCRATCH

START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 15


class Handoff:
    """The broker under test. `flags` are more arguments for `handoff serve`; it need not be prepared for clients."""

    def __init__(self, binary, *flags, prepared=True):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.log = SCRATCH / "broker.log"
        where = ["--config", _configuration()] if prepared else ["--listen", "127.0.0.1:0"]
        command = [binary, "serve", *where, *flags]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.process_id = self.process.pid
        host, port = self._listening_address("")
        self.address = (host, int(port))
        self.url = f"amqp://guest:guest@{host}:{port}/%2f"
        self.tls = None
        if prepared:
            _, encrypted = self._listening_address("TLS ")
            self.tls = {"port": int(encrypted), **certificates.for_clients()}

    def _listening_address(self, prefix):
        watchdog = threading.Timer(START_TIMEOUT_S, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        match = re.fullmatch(rf"{prefix}listening on (\S+):(\d+)\n", line)
        if not match:
            self.process.kill()
            raise SystemExit(f"`handoff serve` said {line!r} instead of `{prefix}listening on ADDRESS`; see {self.log}")
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


def _configuration():
    """Writes the TOML file with everything in it; returns its path."""
    made = certificates.make()
    lines = [
        'listen = ["127.0.0.1:0"]',
        f"virtual_hosts = {json.dumps(setting.VIRTUAL_HOSTS)}",
        "[limits]",
        f"memory_watermark_bytes = {setting.MEMORY_WATERMARK_MIB << 20}",
        "[tls]",
        'listen = ["127.0.0.1:0"]',
        f"certificate = {json.dumps(str(made / 'server.pem'))}",
        f"key = {json.dumps(str(made / 'server.key'))}",
        f"client_ca = {json.dumps(str(made / 'authority.pem'))}",
    ]
    for name, password in (setting.GUEST, setting.LIMITED):
        lines += ["[[user]]", f"name = {json.dumps(name)}", f"password_hash = {json.dumps(_hash(password))}"]
        lines += _permissions(name)
    file = SCRATCH / "handoff.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def _hash(password):
    """Made here rather than by the broker, and with fewer iterations: every check logs in several times."""
    salt, iterations = os.urandom(16), 1000
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    encoded = (base64.b64encode(octets).decode().rstrip("=") for octets in (salt, derived))
    return "$".join(("", "pbkdf2-sha256", f"i={iterations}", *encoded))


def _permissions(name):
    """The tables of one user's permissions."""
    lines = []
    for user, virtual_host, *patterns in setting.PERMISSIONS:
        if user == name:
            keys = zip(("virtual_host", "configure", "write", "read"), (virtual_host, *patterns))
            lines += ["[[user.permission]]", *(f"{key} = {json.dumps(value)}" for key, value in keys)]
    return lines
