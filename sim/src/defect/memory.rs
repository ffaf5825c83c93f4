//! Brokers that keep too much.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Machine, Refusal, Reply};

use super::alteration::Alteration;

/// Does not notice that connections end; it only sends them nothing more.
pub(super) struct KeepsAfterCrash;

impl Alteration for KeepsAfterCrash {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        match command {
            Command::CloseConnection { connection } => {
                broker.handle(now, Command::SetWritable { connection, writable: false })
            }
            _ => broker.handle(now, command),
        }
    }
}

/// Does not know length limits.
pub(super) struct IgnoresLength;

impl Alteration for IgnoresLength {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::DeclareQueue { options, .. } = &mut command {
            options.policy.max_length = None;
            options.policy.max_length_bytes = None;
        }
        broker.handle(now, command)
    }
}
