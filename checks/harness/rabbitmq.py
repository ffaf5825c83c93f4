"""RabbitMQ from Debian's package, as the measure: on free ports of the loopback interface, in a folder of its own.

Nothing that is installed or runs already is touched: it has its own node name, name server, cookie and data.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import certificates, setting
from .environment import SCRATCH

FOLDER = SCRATCH / "rabbitmq"
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 60
OWN_MEMORY_MIB = 192


class RabbitMQ:
    """A node of its own, with the users and virtual hosts of `setting`."""

    def __init__(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        self.log = FOLDER / "output.log"
        plain, encrypted, names, peers = _free_ports(4)
        _write_configuration(plain, encrypted)
        self.environment = _environment(names, peers)
        # Started here, the name server is also stopped here; the node would leave one behind.
        epmd = ["epmd", "-address", "127.0.0.1", "-port", str(names)]
        self.name_server = subprocess.Popen(epmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [_program("rabbitmq-server")], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.process_id = None  # Its memory and sockets are not judged.
        self.address = ("127.0.0.1", plain)
        self.url = f"amqp://guest:guest@127.0.0.1:{plain}/%2f"
        self.tls = {"port": encrypted, **certificates.for_clients()}
        self._wait()

    def _wait(self):
        """The node says so in its output when its listeners are open and its definitions are taken."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while "completed with" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise SystemExit(f"RabbitMQ did not start; see {self.log}")
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends the node, which is the leader of a session of its own, and the name server."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.name_server.kill()
        self.name_server.wait()


def _program(name):
    """The script itself: Debian's wrapper would change the user."""
    candidates = sorted(Path("/usr/lib/rabbitmq/lib").glob(f"rabbitmq_server-*/sbin/{name}"))
    if not candidates:
        raise SystemExit("RabbitMQ is not installed (Debian: apt-get install --no-install-recommends rabbitmq-server)")
    return candidates[-1]


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    return ports


def _environment(names, peers):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(FOLDER),  # The cookie is kept there.
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": "checks@localhost",
        "RABBITMQ_DIST_PORT": str(peers),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
        "RABBITMQ_CONFIG_FILE": str(FOLDER / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(FOLDER / "plugins"),
        "RABBITMQ_LOG_BASE": str(FOLDER / "log"),
        "RABBITMQ_MNESIA_BASE": str(FOLDER / "data"),
        "RABBITMQ_PID_FILE": str(FOLDER / "pid"),
    }


def _write_configuration(plain, encrypted):
    made = certificates.make()
    (FOLDER / "plugins").write_text("[].\n")
    (FOLDER / "definitions.json").write_text(json.dumps(_definitions(), indent=2))
    lines = (
        f"listeners.tcp.1 = 127.0.0.1:{plain}",
        f"listeners.ssl.1 = 127.0.0.1:{encrypted}",
        f"ssl_options.cacertfile = {made / 'authority.pem'}",
        f"ssl_options.certfile = {made / 'server.pem'}",
        f"ssl_options.keyfile = {made / 'server.key'}",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
        "log.console = true",
        "log.file = false",
        f"vm_memory_high_watermark.absolute = {OWN_MEMORY_MIB + setting.MEMORY_WATERMARK_MIB}MiB",
        f"load_definitions = {FOLDER / 'definitions.json'}",
    )
    (FOLDER / "rabbitmq.conf").write_text("\n".join(lines) + "\n")


def _definitions():
    users = (setting.GUEST, setting.LIMITED)
    fields = ("user", "vhost", "configure", "write", "read")
    return {
        "rabbit_version": "3.10.0",
        "users": [{"name": name, "password": password, "tags": ""} for name, password in users],
        "vhosts": [{"name": name} for name in setting.VIRTUAL_HOSTS],
        "permissions": [dict(zip(fields, permission)) for permission in setting.PERMISSIONS],
    }
