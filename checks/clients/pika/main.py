"""Runs the checks with pika. Usage: main.py URL FILE_OF_NAMES [TEXT_IN_NAME]; prints a line of JSON for each."""

import json
import signal
import sys
from pathlib import Path

import content  # noqa: F401
import delivery  # noqa: F401
import exchanges  # noqa: F401
import topology  # noqa: F401
from session import CHECKS, Session

CHECK_TIMEOUT_S = 30
END_TIMEOUT_S = 10


def outcome(name, url):
    """Runs one check; None when it holds, otherwise what is wrong."""
    if name not in CHECKS:
        return "this client has no such check"
    session = Session(url)
    failed = failure(CHECK_TIMEOUT_S, CHECKS[name], session)
    left_behind = failure(END_TIMEOUT_S, session.end)
    return failed or left_behind


def failure(timeout_s, action, *arguments):
    """What went wrong, if anything did. pika waits for answers without end, so an alarm ends the wait."""
    signal.alarm(timeout_s)
    try:
        action(*arguments)
    except Exception as error:  # Whatever goes wrong is the outcome.
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return None


def on_alarm(_signal, _frame):
    raise TimeoutError("no answer in time")


def main(url, file_of_names, text=""):
    signal.signal(signal.SIGALRM, on_alarm)
    names = Path(file_of_names).read_text().splitlines()
    for name in names:
        if text in name:
            print(json.dumps({"check": name, "error": outcome(name, url)}), flush=True)
    for name in CHECKS.keys() - names:
        print(json.dumps({"check": name, "error": f"not in {file_of_names}"}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
