//! The arguments of consumers.

use super::Argument;
use crate::amqp::codec::Table;
use crate::amqp::fault::Fault;

/// Reads the priority of a consumer of the queue called `queue`: 0 if it says none.
///
/// What is to happen to a consumer when its queue fails over is checked, and means nothing: there is one broker.
pub(in crate::amqp) fn consumer_priority(queue: &str, arguments: Table<'_>) -> Result<i64, Fault> {
    let find = |name| Argument::find(queue, arguments, name);
    let priority = find("x-priority").map(|priority| priority.integer()).transpose()?;
    find("x-cancel-on-ha-failover").map(|cancels| cancels.truth()).transpose()?;
    find("x-stream-offset").map_or(Ok(()), |offset| Err(offset.misplaced("rabbit_classic_queue")))?;
    Ok(priority.unwrap_or(0))
}
