"""One consumer of a group: says what it is assigned and what it has done, and commits after each record.

    worker.py ADDRESS TOPIC GROUP STRATEGY
"""

import signal
import sys
import time

from confluent_kafka import Consumer, KafkaException

address, topic, group, strategy = sys.argv[1:]
running = True


def stop(*_):
    global running
    running = False


def assigned(_, partitions):
    if partitions:
        print("assigned", *(partition.partition for partition in partitions), flush=True)


signal.signal(signal.SIGTERM, stop)
consumer = Consumer({
    "bootstrap.servers": address,
    "group.id": group,
    "partition.assignment.strategy": strategy,
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 500,
})
consumer.subscribe([topic], on_assign=assigned)
while running:
    message = consumer.poll(0.1)
    if message is None or message.error():
        continue
    time.sleep(0.01)
    print("done", message.value().decode(), flush=True)
    try:
        consumer.commit(message, asynchronous=False)
    except KafkaException as refused:
        print("refused", refused.args[0].name(), flush=True)
consumer.close()
