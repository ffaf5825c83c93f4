"""Environments for the clients, in target/checks: nothing is installed anywhere else.

Each is made once and made again when the file that pins its versions changes.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "target" / "checks"
CLIENTS = ROOT / "checks" / "clients"


def python_with_pika():
    """The interpreter of the virtual environment that has pika."""
    return python_with(CLIENTS / "pika")


def python_with(source):
    """The interpreter of a virtual environment with what requirements.txt in the folder `source` pins."""
    folder = SCRATCH / source.name
    python = folder / "bin" / "python"

    def install():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        requirements = folder / "requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)

    _make(folder, ["requirements.txt"], source, install)
    return python


def node_modules_with_amqplib():
    """The folder of Node modules that has amqplib."""
    return node_modules("amqplib", CLIENTS / "amqplib")


def node_modules(name, source):
    """The folder of Node modules that has what package.json in `source` pins."""
    folder = SCRATCH / name

    def install():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)

    _make(folder, ["package.json", "package-lock.json", ".npmrc"], source, install)
    return folder / "node_modules"


def program_with_lapin():
    """The program in checks/clients/lapin, built by cargo as far as it changed."""
    target = SCRATCH / "lapin"
    command = ["cargo", "build", "--quiet", "--locked", "--target-dir", target]
    subprocess.run(command, cwd=CLIENTS / "lapin", check=True)
    return target / "debug" / "handoff-checks-lapin"


def _make(folder, pins, source, install):
    """Fills `folder` from its pinning files, unless it was filled from equal ones before."""
    complete = folder / "complete"
    unchanged = all((folder / pin).exists() and (folder / pin).read_text() == (source / pin).read_text() for pin in pins)
    if complete.exists() and unchanged:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for pin in pins:
        shutil.copy(source / pin, folder / pin)
    install()
    complete.touch()
