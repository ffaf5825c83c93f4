"""What the broker's process takes from the machine, as Linux tells it."""

import os
import re
import resource
import time
from pathlib import Path


def memory_kib(process_id):
    """What it has in memory now."""
    return _status(process_id, "VmRSS")


def peak_memory_kib(process_id):
    """The most that it ever had."""
    return _status(process_id, "VmHWM")


def open_files(process_id):
    return len(os.listdir(f"/proc/{process_id}/fd"))


def until(condition, what, timeout_s):
    """Waits until the condition holds; returns for how many seconds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + timeout_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


def raise_file_limit(wanted):
    """For this process and those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= wanted, f"the system allows {hard} open files, and {wanted} are needed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _status(process_id, field):
    status = Path(f"/proc/{process_id}/status").read_text()
    value = re.search(rf"{field}:\s+(\d+) kB", status)
    assert value, "the process has ended"
    return int(value[1])
