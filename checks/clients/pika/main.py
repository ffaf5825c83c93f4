"""Runs the checks with pika. Reads a task in JSON from standard input; prints a line of JSON for each check.

The task is {"target": {"url", "tls", ...}, "known": [names], "selected": [names]}.
"""

import importlib
import json
import signal
import sys
from pathlib import Path

from session import CHECKS, Session

CHECK_TIMEOUT_S = 30
END_TIMEOUT_S = 10
NO_CHECKS = ("main", "session")


def outcome(name, target):
    """Runs one check; None when it holds, otherwise what is wrong."""
    if name not in CHECKS:
        return "this client has no such check"
    session = Session(target)
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


def say(name, error):
    print(json.dumps({"check": name, "error": error}), flush=True)


def main():
    signal.signal(signal.SIGALRM, on_alarm)
    for module in sorted(Path(__file__).parent.glob("*.py")):
        if module.stem not in NO_CHECKS:
            importlib.import_module(module.stem)
    task = json.load(sys.stdin)
    for name in task["selected"]:
        say(name, outcome(name, task["target"]))
    for name in CHECKS.keys() - task["known"]:
        say(name, "it is in no list of names")


if __name__ == "__main__":
    main()
