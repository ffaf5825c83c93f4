"""The names of the checks: which there are, which a client leaves out, and where this broker means to be different."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
ANY_BROKER, SET_UP = HERE / "checks.txt", HERE / "set-up.txt"
DIFFERENCES = HERE / "differences.txt"


def every():
    """All names."""
    return _lines(ANY_BROKER) + _lines(SET_UP)


def selected(set_up, text):
    """The names with this text that a broker can be asked for, set up or not."""
    names = every() if set_up else _lines(ANY_BROKER)
    return [name for name in names if text in name]


def left_out(client):
    """The names that a client leaves out; its file gives the reason behind each."""
    file = HERE / client / "left-out.txt"
    return [line.split(": ", 1)[0] for line in _lines(file)] if file.exists() else []


def differences():
    """The checks that this broker is not meant to pass, by client and name, each with the reason."""
    split = (line.split(": ", 2) for line in _lines(DIFFERENCES))
    return {(client, name): reason for client, name, reason in split}


def _lines(file):
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
