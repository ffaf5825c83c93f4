"""Plays Kafka's clients against a log server and asserts what they see. Called by ./run."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, libversion
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 3
PATIENCE_S = 60
HERE = os.path.dirname(os.path.abspath(__file__))


@contextlib.contextmanager
def server(arguments):
    """The address of the server that the arguments name or start."""
    if len(arguments) == 1 and re.fullmatch(r"[^/\s]+:\d+", arguments[0]):
        yield arguments[0]
        return
    anywhere = "127.0.0.1:0"
    command = [arguments[0], "serve", "--listen", anywhere, "--log", anywhere, "--log-partitions", str(PARTITIONS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = [process.stdout.readline() for _ in range(2)]
        assert said[1].startswith("log listening on "), f"the server said {said!r}"
        yield said[1].removeprefix("log listening on ").strip()
        assert process.poll() is None, "the server ended"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def kcat(address, *arguments, stdin=""):
    done = subprocess.run(
        ["kcat", "-b", address, *arguments],
        input=stdin, capture_output=True, text=True, timeout=PATIENCE_S,
    )
    assert done.returncode == 0, f"kcat {arguments}: {done.stderr}"
    return done.stdout


def produce(address, topic, records, **options):
    """Produces (key, value) pairs; the partition and offset of each."""
    producer = Producer({"bootstrap.servers": address, **options})
    places = {}

    def delivered(error, message):
        assert error is None, error
        places[message.value()] = (message.partition(), message.offset())

    for key, value in records:
        producer.produce(topic, key=key, value=value, on_delivery=delivered)
        producer.poll(0)
    assert producer.flush(PATIENCE_S) == 0, "not everything was delivered"
    return places


def consumer(address, **options):
    return Consumer({
        "bootstrap.servers": address,
        "group.id": "by-hand",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
        **options,
    })


def take(reader, count):
    """Exactly count messages, in the order in which they come."""
    messages = []
    deadline = time.monotonic() + PATIENCE_S
    while len(messages) < count:
        assert time.monotonic() < deadline, f"{len(messages)} of {count} records came"
        for message in reader.consume(count - len(messages), timeout=0.1):
            assert not message.error(), message.error()
            messages.append(message)
    return messages


def numbered(count):
    return [(b"key-%d" % (number % 17), b"value-%d" % number) for number in range(count)]


def confluent_assigned(address):
    """What is produced is consumed, by partition in order, with every acks and compression."""
    for index, options in enumerate([
        {"acks": "all"}, {"acks": 1}, {"acks": 0}, {"linger.ms": 20},
        {"compression.type": "gzip"}, {"compression.type": "snappy"},
        {"compression.type": "lz4"}, {"compression.type": "zstd"},
    ]):
        topic = f"assigned-{index}"
        records = numbered(1000)
        places = produce(address, topic, records, **options)
        reader = consumer(address)
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
        messages = take(reader, len(records))
        expected = [value for _, value in records]
        assert sorted(message.value() for message in messages) == sorted(expected)
        for key in {key for key, _ in records}:
            of_key = [message for message in messages if message.key() == key]
            assert [message.value() for message in of_key] == [value for k, value in records if k == key]
            assert len({message.partition() for message in of_key}) == 1
        for message in messages:
            if options.get("acks") != 0:
                assert places[message.value()] == (message.partition(), message.offset())
        for number in range(PARTITIONS):
            offsets = [message.offset() for message in messages if message.partition() == number]
            assert offsets == list(range(len(offsets))), "offsets are dense"
            assert reader.get_watermark_offsets(TopicPartition(topic, number)) == (0, len(offsets))
        reader.close()


def confluent_times(address):
    """Offsets are found by time."""
    producer = Producer({"bootstrap.servers": address})
    for number in range(10):
        producer.produce("times", value=str(number), partition=0, timestamp=1_000 + 100 * number)
    assert producer.flush(PATIENCE_S) == 0
    reader = consumer(address)
    for asked, expected in [(0, 0), (1_000, 0), (1_450, 5), (1_900, 9), (1_901, OFFSET_END)]:
        found = reader.offsets_for_times([TopicPartition("times", 0, asked)], timeout=PATIENCE_S)
        assert found[0].offset == expected, f"time {asked}: offset {found[0].offset}"
    reader.close()


def confluent_commits(address):
    """Who comes after goes on where the group has committed, and is told when its offset is out of range."""
    produce(address, "commits", [(None, b"%d" % number) for number in range(30)], **{"partitioner": "consistent"})
    first = consumer(address)
    where = [number for number in range(PARTITIONS) if first.get_watermark_offsets(TopicPartition("commits", number))[1]]
    assert len(where) == 1, where
    first.assign([TopicPartition("commits", where[0])])
    take(first, 30)
    first.commit(offsets=[TopicPartition("commits", where[0], 12)], asynchronous=False)
    first.close()
    second = consumer(address)
    committed = second.committed([TopicPartition("commits", where[0])], timeout=PATIENCE_S)
    assert committed[0].offset == 12, committed
    second.assign([TopicPartition("commits", where[0])])
    assert [message.offset() for message in take(second, 18)] == list(range(12, 30))
    second.assign([TopicPartition("commits", where[0], 1_000)])
    assert [message.offset() for message in take(second, 30)] == list(range(30)), "reset to the earliest"
    second.close()


def confluent_admin(address):
    """Topics are created as wished, once, described and deleted."""
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic("created", 7, 1)])["created"].result(PATIENCE_S)
    assert len(admin.list_topics(timeout=PATIENCE_S).topics["created"].partitions) == 7
    for topic, code in [(NewTopic("created", 7, 1), 36), (NewTopic("replicated", 1, 3), 38), (NewTopic("a b", 1, 1), 17)]:
        try:
            admin.create_topics([topic])[topic.topic].result(PATIENCE_S)
            raise AssertionError(f"{topic} was created")
        except KafkaException as refused:
            assert refused.args[0].code() == code, refused
    admin.delete_topics(["created"])["created"].result(PATIENCE_S)
    assert "created" not in admin.list_topics(timeout=PATIENCE_S).topics


def kcat_round_trip(address):
    """kcat lists, produces, consumes and asks for offsets."""
    lines = [f"k{number}:v{number}" for number in range(100)]
    kcat(address, "-P", "-t", "kcat", "-K:", stdin="\n".join(lines) + "\n")
    read = kcat(address, "-C", "-t", "kcat", "-o", "beginning", "-e", "-q", "-f", "%k:%s\n")
    assert sorted(read.split()) == sorted(lines)
    assert f'topic "kcat" with {PARTITIONS} partitions' in kcat(address, "-L", "-t", "kcat")
    ends = [int(kcat(address, "-Q", "-t", f"kcat:{number}:-1").split()[-1]) for number in range(PARTITIONS)]
    assert sum(ends) == len(lines), ends
    last = kcat(address, "-C", "-t", "kcat", "-p", "0", "-o", "-1", "-c", "1", "-q", "-f", "%o")
    assert int(last) == ends[0] - 1
    read = kcat(address, "-G", "kcat-group", "-e", "-q", "-f", "%k:%s\n", "-X", "auto.offset.reset=earliest", "kcat")
    assert sorted(read.split()) == sorted(lines), "as a group of one"


class Worker:
    """A consumer in a process of its own, so that it can be killed."""

    def __init__(self, address, topic, group, strategy):
        script = os.path.join(HERE, "worker.py")
        arguments = [sys.executable, script, address, topic, group, strategy]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""

    def said(self, what):
        """Each thing of this kind that the worker has said so far."""
        with contextlib.suppress(TypeError):
            self.text += self.process.stdout.read() or ""
        lines = self.text.split("\n")[:-1]
        return [line.split()[1:] for line in lines if line.startswith(what + " ") or line == what]

    def kill(self):
        self.process.kill()
        self.process.wait()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


def group_of_three(address, strategy):
    """Three share the partitions; one is killed; nothing is lost, and the group goes on where it committed."""
    topic = f"group-{strategy}"
    produce(address, topic, numbered(300))
    workers = [Worker(address, topic, f"{topic}-readers", strategy) for _ in range(3)]
    try:
        done = lambda: {value for worker in workers for value, in worker.said("done")}
        wait_until(lambda: all(len(worker.said("assigned")) > 0 for worker in workers), "everyone has a share")
        wait_until(lambda: len(done()) >= 100, "a third is done")
        workers[0].kill()
        produce(address, topic, [(key, value + b"-later") for key, value in numbered(300)])
        expected = {value.decode() for _, value in numbered(300)}
        expected |= {value + "-later" for value in expected}
        wait_until(lambda: done() == expected, "everything is done")
    finally:
        for worker in workers:
            worker.process.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.process.wait(timeout=PATIENCE_S)
    reader = consumer(address, **{"group.id": f"{topic}-readers"})
    asked = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    for partition in reader.committed(asked, timeout=PATIENCE_S):
        end = reader.get_watermark_offsets(TopicPartition(topic, partition.partition))[1]
        assert partition.offset == end, f"committed {partition.offset} of {end}"
    reader.close()


def main(arguments):
    with server(arguments) as address:
        checks = [
            ("confluent-kafka: assigned partitions", confluent_assigned, ()),
            ("confluent-kafka: offsets by time", confluent_times, ()),
            ("confluent-kafka: commit and resume", confluent_commits, ()),
            ("confluent-kafka: create topics", confluent_admin, ()),
            ("kcat", kcat_round_trip, ()),
            ("a group of three, one is killed (range)", group_of_three, ("range",)),
            ("a group of three, one is killed (cooperative-sticky)", group_of_three, ("cooperative-sticky",)),
        ]
        print(f"librdkafka {libversion()[0]} against {address}", flush=True)
        for name, check, parameters in checks:
            begun = time.monotonic()
            check(address, *parameters)
            print(f"ok  {name} ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
