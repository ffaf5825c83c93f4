"""Certificates for the checks of TLS, made by openssl in target/checks: an authority, and what it signed."""

import shutil
import subprocess

from .environment import SCRATCH

FOLDER = SCRATCH / "certificates"
AUTHORITY = FOLDER / "authority.pem"
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def make():
    """Makes the authority, a server's and a client's certificate, unless they are there; returns their folder."""
    if (FOLDER / "complete").exists():
        return FOLDER
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _openssl("req", "-x509", *_new("authority"), "-addext", "keyUsage=critical,keyCertSign", "-out", AUTHORITY)
    for name in ("server", "client"):
        signed_by = ("-CA", AUTHORITY, "-CAkey", FOLDER / "authority.key")
        extensions = ("-addext", NAMES, "-addext", "basicConstraints=critical,CA:FALSE")
        _openssl("req", "-x509", *_new(name), *signed_by, *extensions, "-out", FOLDER / f"{name}.pem")
    (FOLDER / "complete").touch()
    return FOLDER


def for_clients():
    """What a client needs to know: the authority, and a certificate of its own with its key."""
    make()
    paths = {"authority": AUTHORITY, "certificate": FOLDER / "client.pem", "key": FOLDER / "client.key"}
    return {name: str(path) for name, path in paths.items()}


def _new(name):
    """A key, valid for ten years because nobody else ever sees it."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", FOLDER / f"{name}.key")
    return (*key, "-days", "3650", "-subj", f"/CN=handoff checks {name}")


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
