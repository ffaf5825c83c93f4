"""Transactions: what is published and acknowledged in one happens at its commit, or not at all."""


from session import check, closes_channel, equal, numbered, ready


def transactional(session):
    channel = session.channel(confirms=False)
    channel.tx_select()
    return channel


@check
def transaction_publishes_at_its_commit(session):
    channel = transactional(session)
    queue = session.queue(channel, numbered(3))
    equal(ready(channel, queue), 0, "ready messages before the commit")
    channel.tx_commit()
    equal(ready(channel, queue), 3, "ready messages after it")
    got = [channel.basic_get(queue)[2] for _ in range(3)]
    equal(got, numbered(3), "order")


@check
def transaction_acknowledges_at_its_commit(session):
    channel, other = transactional(session), session.channel()
    queue = session.queue(other, numbered(3))
    tags = [channel.basic_get(queue)[0].delivery_tag for _ in range(3)]
    channel.basic_ack(tags[0])
    channel.basic_nack(tags[1], requeue=True)
    equal(ready(other, queue), 0, "ready messages before the commit")
    channel.tx_commit()
    equal(ready(other, queue), 1, "ready messages after it")
    channel.close()
    equal(ready(other, queue), 2, "ready messages without the channel")


@check
def rollback_forgets_what_was_published_and_acknowledged(session):
    channel, other = transactional(session), session.channel()
    queue = session.queue(other, numbered(2))
    tag = channel.basic_get(queue)[0].delivery_tag
    channel.basic_ack(tag)
    channel.basic_publish("", queue, b"never")
    channel.tx_rollback()
    channel.tx_commit()
    equal(ready(other, queue), 1, "ready messages")
    channel.basic_ack(tag)
    channel.tx_commit()
    channel.close()
    equal(ready(other, queue), 1, "ready messages without the channel")


@check
def transaction_ends_with_its_channel(session):
    channel, other = transactional(session), session.channel()
    queue = session.queue(other, numbered(1))
    channel.basic_ack(channel.basic_get(queue)[0].delivery_tag)
    channel.basic_publish("", queue, b"never")
    channel.close()
    equal(ready(other, queue), 1, "ready messages")


@check
def returns_come_with_the_commit(session):
    channel = transactional(session)
    returned = []
    channel.add_on_return_callback(lambda _channel, method, _properties, body: returned.append((method.reply_code, body)))
    channel.basic_publish("", session.name(), b"nowhere", mandatory=True)
    ready(channel, session.queue(channel))
    equal(returned, [], "returns before the commit")
    channel.tx_commit()
    channel.connection.process_data_events(time_limit=0)
    equal(returned, [(312, b"nowhere")], "returns after it")


@check
def transactions_and_confirms_do_not_mix(session):
    channel = transactional(session)
    with closes_channel(channel, 406, "PRECONDITION_FAILED - cannot switch from tx to confirm mode"):
        channel.confirm_delivery()
    channel = session.channel()
    with closes_channel(channel, 406, "PRECONDITION_FAILED - cannot switch from confirm to tx mode"):
        channel.tx_select()
    for decide in ("tx_commit", "tx_rollback"):
        channel = session.channel(confirms=False)
        with closes_channel(channel, 406, "PRECONDITION_FAILED - channel is not transactional"):
            getattr(channel, decide)()
