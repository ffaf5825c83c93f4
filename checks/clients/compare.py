"""The same checks against the broker and against RabbitMQ: what one fails and the other passes is a difference.

A difference is explained by a line `client: check: reason` in differences.txt. One that is not, and a line that
explains nothing any more, is a failure.
"""

import names
from harness import broker
from harness.rabbitmq import RabbitMQ
from harness.report import Report


def run(options, run_all):
    """Runs all checks against both, prints each difference, and returns the exit code."""
    ours, theirs = Report("broker under test"), Report("RabbitMQ")
    with RabbitMQ() as measure:
        run_all(theirs, measure)
    with broker.start(options) as target:
        run_all(ours, target)
    print()
    return tell(ours.errors, theirs.errors, names.differences(), partial=bool(options.only or options.client))


def tell(ours, theirs, reasons, partial):
    """Prints what differs; returns 1 if one difference has no reason, or one reason has no difference."""
    bad = 0
    for who, check in ours:
        error, measure = ours[who, check], theirs.get((who, check))
        if (error is None) == (measure is None):
            continue
        reason = reasons.pop((who, check), None)
        bad += reason is None
        print(f"{'UNEXPLAINED' if reason is None else 'explained'} {who}: {check}")
        print(f"    here:     {error or 'passes'}")
        print(f"    RabbitMQ: {measure or 'passes'}")
        if reason:
            print(f"    reason:   {reason}")
    failed = [place for place, error in theirs.items() if error is not None and ours.get(place) is not None]
    for who, check in failed:
        print(f"FAILED by both, so the check itself is wrong: {who}: {check}: {theirs[who, check]}")
    idle = [] if partial else reasons
    for who, check in idle:
        print(f"explained, but there is no difference: {who}: {check}")
    print(f"{len(ours)} checks compared, {bad} unexplained differences")
    return 1 if bad or failed or idle else 0
