"""A good client. It sends itself messages until its standard input ends, then tells how that went, in JSON.

Usage: bystander.py URL
"""

import json
import select
import sys
import time

import pika


def main(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_qos(prefetch_count=1)
    deliveries = channel.consume(queue, inactivity_timeout=5)
    print("ready", flush=True)

    round_trips, slowest_ms = 0, 0
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        body = b"%d" % round_trips
        started = time.monotonic()
        channel.basic_publish("", queue, body)
        method, _, received = next(deliveries)
        if received != body:
            raise SystemExit(f"{received} came back instead of {body}")
        channel.basic_ack(method.delivery_tag)
        slowest_ms = max(slowest_ms, 1000 * (time.monotonic() - started))
        round_trips += 1
    print(json.dumps({"round_trips": round_trips, "slowest_ms": slowest_ms}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
