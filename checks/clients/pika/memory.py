"""A broker that runs out of memory: it stops who publishes, tells them so, and serves everybody else."""

from session import check, equal, numbered, ready, until

FLOOD_MIB = 700


@check
def publisher_that_fills_the_memory_is_blocked(session):
    connection, other = session.connect(), session.channel(confirms=False)
    told = []
    connection.add_on_connection_blocked_callback(lambda _connection, frame: told.append(frame.method.reason))
    connection.add_on_connection_unblocked_callback(lambda _connection, _frame: told.append("unblocked"))
    channel = connection.channel()
    queue = session.queue(channel)
    small = session.queue(other, numbered(3))
    for _ in range(FLOOD_MIB):
        channel.basic_publish("", queue, bytes(1 << 20))
        connection.process_data_events(time_limit=0)
        if told:
            break
    until(lambda: told, "blocked", connection.process_data_events, timeout_s=10)
    equal(told[0], "low on memory", "reason")
    equal(other.basic_get(small, auto_ack=True)[2], b"0", "delivery to a consumer meanwhile")
    other.queue_delete(queue)
    until(lambda: told[-1] == "unblocked", "unblocked", connection.process_data_events, timeout_s=15)
    channel.basic_publish("", small, b"again")
    ready(channel, small)
