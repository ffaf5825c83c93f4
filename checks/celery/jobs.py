"""The application: what the worker runs, and what `run` asks for.

The broker is named by BROKER_URL, the file in which tasks leave their traces by TRACES.
"""

import os
import time

from celery import Celery

TASK_S, LONG_TASK_S = 0.01, 2
LONG = 70

app = Celery("jobs", broker=os.environ["BROKER_URL"], backend="rpc://")
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_publish_retry=False,
    broker_connection_retry_on_startup=True,
    # Confirms: a task that `delay` returned for is in the queue.
    broker_transport_options={"confirm_publish": True},
)


@app.task
def trace(number):
    """Takes a while, with a line before it and one after; one takes long enough to be killed in the middle of it."""
    leave(f"started {number}")
    time.sleep(LONG_TASK_S if number == LONG else TASK_S)
    leave(f"done {number}")


def leave(line):
    with open(os.environ["TRACES"], "a") as traces:
        traces.write(line + "\n")


@app.task
def add(one, other):
    """The sum."""
    return one + other
