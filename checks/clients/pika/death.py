"""Where dead letters go and what is written on them, beyond their first death."""

import pika
from expiry import expires, graveyard
from session import check, equal, ready, wait_ready


def deaths(properties):
    """The entries of `x-death`, without the time."""
    return [{key: value for key, value in death.items() if key != "time"} for death in properties.headers["x-death"]]


def reject(channel, queue):
    """Takes a message and refuses it for good."""
    channel.basic_reject(channel.basic_get(queue)[0].delivery_tag, requeue=False)


@check
def deaths_of_one_kind_are_counted(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel)
    channel.basic_publish("", queue, b"unwanted")
    for count in (1, 2, 3):
        reject(channel, queue)
        wait_ready(channel, dead, 1)
        _, properties, body = channel.basic_get(dead, auto_ack=True)
        [death] = deaths(properties)
        equal((death["count"], death["reason"], death["queue"]), (count, "rejected", queue), "x-death")
        channel.basic_publish("", queue, body, properties)


@check
def latest_kind_of_death_comes_first(session):
    channel = session.channel()
    last = session.queue(channel)
    queue, second = session.queue(channel), session.name()
    arguments = {"x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": last}
    channel.queue_declare(second, arguments=arguments)
    first = session.name()
    channel.queue_declare(first, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": second})
    channel.basic_publish("", first, b"", pika.BasicProperties(headers={"mine": 1}))
    reject(channel, first)
    wait_ready(channel, last, 1)
    _, properties, _ = channel.basic_get(last, auto_ack=True)
    common = {"count": 1, "exchange": ""}
    equal(
        deaths(properties),
        [
            {**common, "reason": "expired", "queue": second, "routing-keys": [second]},
            {**common, "reason": "rejected", "queue": first, "routing-keys": [first]},
        ],
        "x-death",
    )
    equal(properties.headers["mine"], 1, "own header")
    told = [properties.headers[f"x-first-death-{key}"] for key in ("queue", "reason", "exchange")]
    equal(told, [first, "rejected", ""], "first death")
    equal(ready(channel, queue), 0, "messages of an untouched queue")


@check
def dead_letter_keeps_its_keys(session):
    channel = session.channel()
    exchange, letters = session.name(), session.name()
    channel.exchange_declare(exchange, "direct")
    channel.exchange_declare(letters, "topic")
    queue = session.queue(channel, arguments={"x-dead-letter-exchange": letters})
    by_key, by_copy = session.queue(channel), session.queue(channel)
    channel.queue_bind(queue, exchange, "its.key")
    channel.queue_bind(by_key, letters, "its.*")
    channel.queue_bind(by_copy, letters, "copy")
    channel.basic_publish(exchange, "its.key", b"", pika.BasicProperties(headers={"CC": ["copy"]}))
    reject(channel, queue)
    for dead in (by_key, by_copy):
        wait_ready(channel, dead, 1)
        method, properties, _ = channel.basic_get(dead, auto_ack=True)
        equal((method.exchange, method.routing_key), (letters, "its.key"), "address")
        equal(deaths(properties)[0]["routing-keys"], ["its.key", "copy"], "x-death")
        equal(properties.headers["CC"], ["copy"], "copies")


@check
def dead_letter_with_a_new_key_forgets_its_copies(session):
    channel = session.channel()
    queue, dead = graveyard(session, channel)
    copy = session.queue(channel)
    channel.basic_publish("", queue, b"", pika.BasicProperties(headers={"CC": [copy]}))
    channel.queue_purge(copy)
    reject(channel, queue)
    wait_ready(channel, dead, 1)
    _, properties, _ = channel.basic_get(dead, auto_ack=True)
    equal(deaths(properties)[0]["routing-keys"], [queue, copy], "x-death")
    equal("CC" in properties.headers, False, "copies")
    equal(ready(channel, copy), 0, "messages of the copy's queue")


@check
def circle_of_expiry_is_cut(session):
    channel = session.channel()
    queue = session.name()
    channel.queue_declare(queue, arguments={"x-message-ttl": 50, "x-dead-letter-exchange": ""})
    channel.basic_publish("", queue, b"around")
    wait_ready(channel, queue, 0)
    witness, later = graveyard(session, channel, message_ttl=300)
    channel.basic_publish("", witness, b"")
    wait_ready(channel, later, 1)
    equal(channel.queue_delete(queue).method.message_count, 0, "messages still going round")


@check
def circle_with_a_rejection_goes_on(session):
    channel = session.channel()
    queue, waiting = session.name(), session.name()
    letters = {"x-dead-letter-exchange": ""}
    channel.queue_declare(queue, arguments={**letters, "x-dead-letter-routing-key": waiting})
    channel.queue_declare(waiting, arguments={**letters, "x-dead-letter-routing-key": queue, "x-message-ttl": 20})
    channel.basic_publish("", queue, b"again")
    for rounds in range(3):
        wait_ready(channel, queue, 1)
        method, properties, body = channel.basic_get(queue)
        equal(body, b"again", "body")
        counts = {death["reason"]: death["count"] for death in deaths(properties)} if rounds else {}
        equal(counts, {"expired": rounds, "rejected": rounds} if rounds else {}, "counts")
        channel.basic_reject(method.delivery_tag, requeue=False)


@check
def dead_letter_without_an_exchange_is_dropped(session):
    channel = session.channel()
    queue = session.queue(channel, arguments={"x-dead-letter-exchange": session.name()})
    channel.basic_publish("", queue, b"", expires(1))
    wait_ready(channel, queue, 0)
    channel.basic_publish("", queue, b"")
    reject(channel, queue)
    equal(ready(channel, queue), 0, "ready messages")
