"""A broker that runs out of memory: it stops who publishes, tells them so, and serves everybody else."""

import threading

from session import check, equal, numbered, until

FLOOD_MIB = 700
PATIENCE_S = 25


def flood(channel, queue, told):
    """Publishes until it is told to stop, then listens until it is told to go on.

    A message that is on its way when it is told to stop waits until there is memory again.
    """
    for _ in range(FLOOD_MIB):
        channel.basic_publish("", queue, bytes(1 << 20))
        if told:
            break
    while told[-1:] != ["unblocked"]:
        channel.connection.process_data_events(time_limit=0.1)


@check
def publisher_that_fills_the_memory_is_blocked(session):
    connection, other = session.connect(), session.channel()
    channel, told = connection.channel(), []
    channel.confirm_delivery()
    # pika's blocking connection tells only between two calls, and publishing is the call that waits.
    connection._impl.add_on_connection_blocked_callback(lambda _connection, frame: told.append(frame.method.reason))
    connection._impl.add_on_connection_unblocked_callback(lambda _connection, _frame: told.append("unblocked"))
    queue, small = session.queue(channel), session.queue(other, numbered(3))
    publisher = threading.Thread(target=flood, args=(channel, queue, told), daemon=True)
    publisher.start()
    until(lambda: told, "blocked", timeout_s=PATIENCE_S)
    equal(told[0], "low on memory", "reason")
    equal(other.basic_get(small, auto_ack=True)[2], b"0", "delivery to a consumer meanwhile")
    other.queue_delete(queue)
    until(lambda: told[-1] == "unblocked", "unblocked", timeout_s=PATIENCE_S)
    publisher.join(PATIENCE_S)
    assert not publisher.is_alive(), "the message on its way is not confirmed"
    session.queue(channel, numbered(1))
