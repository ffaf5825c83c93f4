"""What a user may do, and where. The users and virtual hosts are those of `checks/harness/setting.py`."""

import pika
from login import refused
from pika.exceptions import UnroutableError
from session import Consumer, check, closes_channel, equal, numbered, ready

LIMITED = pika.PlainCredentials("limited", "a:better secret")


def limited(session):
    """A channel of the user that may only touch names that begin with `mine.`."""
    return session.channel(credentials=LIMITED)


def denied(session, kind, name, attempt):
    channel = limited(session)
    text = f"ACCESS_REFUSED - access to {kind} '{name}' in vhost '/' refused for user 'limited'"
    with closes_channel(channel, 403, text):
        attempt(channel)


@check
def user_may_touch_what_is_its_own(session):
    channel = limited(session)
    queue, exchange = session.name("mine."), session.name("mine.")
    channel.queue_declare(queue)
    channel.exchange_declare(exchange, "fanout")
    channel.queue_bind(queue, exchange)
    channel.basic_publish(exchange, "", b"one", mandatory=True)
    channel.basic_publish("", queue, b"two", mandatory=True)
    consumer = Consumer(channel, queue, auto_ack=True)
    consumer.wait(2)
    channel.queue_delete(queue)
    channel.exchange_delete(exchange)


@check
def user_may_not_touch_the_queues_of_others(session):
    theirs = session.queue(session.channel(), numbered(1))
    for attempt in (
        lambda channel: channel.queue_declare(theirs),
        lambda channel: channel.queue_delete(theirs),
        lambda channel: channel.queue_purge(theirs),
        lambda channel: channel.basic_get(theirs),
        lambda channel: channel.basic_consume(theirs, lambda *_: None),
        lambda channel: channel.queue_bind(theirs, "amq.fanout"),
        lambda channel: channel.queue_unbind(theirs, "amq.fanout"),
    ):
        denied(session, "queue", theirs, attempt)
    equal(ready(session.channel(), theirs), 1, "ready messages")


@check
def user_may_not_touch_the_exchanges_of_others(session):
    theirs, mine, queue = session.name(), session.name("mine."), session.name("mine.")
    session.channel().exchange_declare(theirs, "fanout")
    limited(session).queue_declare(queue)
    limited(session).exchange_declare(mine, "fanout")
    for attempt in (
        lambda channel: channel.exchange_declare(theirs, "fanout"),
        lambda channel: channel.exchange_delete(theirs),
        lambda channel: channel.basic_publish(theirs, "", b""),
        lambda channel: channel.queue_bind(queue, theirs),
        lambda channel: channel.exchange_bind(mine, theirs),
        lambda channel: channel.exchange_bind(theirs, mine),
        lambda channel: channel.exchange_declare(session.name("mine."), arguments={"alternate-exchange": theirs}),
        lambda channel: channel.queue_declare(session.name("mine."), arguments={"x-dead-letter-exchange": theirs}),
    ):
        denied(session, "exchange", theirs, attempt)


@check
def passive_declare_needs_no_permission(session):
    theirs = session.queue(session.channel(), numbered(2))
    equal(ready(limited(session), theirs), 2, "ready messages")


@check
def permissions_are_asked_before_existence(session):
    missing = session.name()
    denied(session, "queue", missing, lambda channel: channel.basic_get(missing))
    denied(session, "exchange", missing, lambda channel: channel.basic_publish(missing, "", b""))


@check
def topic_publisher_without_a_binding_gets_its_message_back(session):
    channel = limited(session)
    exchange = session.name("mine.")
    channel.exchange_declare(exchange, "topic")
    try:
        channel.basic_publish(exchange, "a.b", b"", mandatory=True)
    except UnroutableError:
        return
    raise AssertionError("it was not returned")


@check
def virtual_host_of_others_is_refused(session):
    text = "NOT_ALLOWED - access to vhost '{}' refused for user '{}'"
    refused(session, text.format("other", "limited"), credentials=LIMITED, virtual_host="other")
    refused(session, text.format("closed", "guest"), virtual_host="closed")


@check
def virtual_hosts_share_nothing(session):
    here, there = session.channel(), session.channel(virtual_host="other")
    queue = session.queue(here, numbered(2))
    with closes_channel(there, 404, f"NOT_FOUND - no queue '{queue}' in vhost 'other'"):
        ready(there, queue)
    there = session.channel(virtual_host="other")
    there.queue_declare(queue, auto_delete=True)
    there.queue_bind(queue, "amq.fanout")
    there.basic_publish("amq.fanout", "", b"", mandatory=True)
    equal((ready(here, queue), ready(there, queue)), (2, 1), "ready messages")
    there.queue_delete(queue)
    equal(ready(here, queue), 2, "ready messages")
