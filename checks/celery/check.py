"""Asks for tasks, kills the worker in the middle, starts another, and looks at what was done.

Usage: check.py URL; prints a line of JSON for each check.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TASKS = 200
PROCESSES = 2
PATIENCE_S = 60


class Worker:
    """A worker with its processes, in a session of its own, so that all of them can be killed at once."""

    def __init__(self, log):
        command = [sys.executable, "-m", "celery", "--app", "jobs", "worker", f"--concurrency={PROCESSES}"]
        here = Path(__file__).parent
        self.process = subprocess.Popen(command, cwd=here, stdout=log, stderr=log, start_new_session=True)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        assert status == 0, f"the worker ended with {status}"


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


def count(traces, what):
    """How often each task was `started` or `done`."""
    lines = (line.split() for line in traces.read_text().splitlines())
    return Counter(int(number) for kind, number in lines if kind == what)


def done(traces):
    return count(traces, "done")


def left(app):
    """How many tasks are ready in the queue."""
    with app.connection_for_read() as connection:
        return connection.default_channel.queue_declare("celery", passive=True).message_count


def killed_worker_loses_no_task(jobs, traces, log):
    """The tasks that were at hand when the worker was killed are done again, all others once."""
    for number in range(TASKS):
        jobs.trace.delay(number)
    first = Worker(log)
    until(lambda: jobs.LONG in count(traces, "started"), "the task that takes long")
    first.kill()
    before = sum(done(traces).values())
    assert jobs.LONG not in done(traces), "the worker was killed too late"
    second = Worker(log)
    until(lambda: len(done(traces)) == TASKS, f"all tasks, only {len(done(traces))}")
    until(lambda: left(jobs.app) == 0, "an empty queue")
    second.stop()
    times = done(traces)
    twice = sum(times.values()) - TASKS
    assert set(times) == set(range(TASKS)), "other tasks than were asked for"
    # Each process has one at work and may have one more at hand.
    assert twice <= 2 * PROCESSES, f"{twice} tasks were done twice"
    return f"killed after {before} of {TASKS}, {twice} done twice"


def results_come_back(add, log):
    """A group of tasks, and its results through the queue of replies."""
    from celery import group

    worker = Worker(log)
    results = group(add.s(number, number) for number in range(20))().get(timeout=PATIENCE_S)
    assert results == [2 * number for number in range(20)], f"the results are {results}"
    worker.stop()


def main(url):
    with tempfile.TemporaryDirectory() as folder:
        traces = Path(folder) / "traces"
        traces.touch()
        os.environ.update(BROKER_URL=url, TRACES=str(traces))
        import jobs

        with (Path(folder) / "log").open("w") as log:
            checks = {
                "killed worker loses no task": lambda: killed_worker_loses_no_task(jobs, traces, log),
                "results of a group come back": lambda: results_come_back(jobs.add, log),
            }
            for name, check in checks.items():
                print(json.dumps({"check": name, **outcome(check)}), flush=True)


def outcome(check):
    """What went wrong, or what was measured."""
    try:
        return {"error": None, "measured": check()}
    except Exception as error:  # Whatever goes wrong is the outcome.
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main(*sys.argv[1:])
