//! The state machine: exchanges, bindings, queues, consumers and unacknowledged deliveries.
//!
//! No I/O, no clock, no randomness, no async: commands go in with the time, effects come out.

mod binding;
mod broker;
mod channel;
mod command;
mod consumer;
mod death;
mod death_record;
mod delivery;
mod effect;
mod envelope;
mod equivalence;
mod exchange;
mod expiry;
mod head;
mod inspect;
mod limits;
mod memory;
mod message;
mod meter;
mod names;
mod properties;
mod publish;
mod queue;
mod ready;
mod replies;
mod rotation;
mod settle;
mod snapshot;
#[cfg(test)]
mod tests;
mod totals;
mod transaction;
mod unacknowledged;
mod way;

pub use broker::Broker;
pub use command::{
    ChannelId, Command, ConnectionId, ExchangeKind, ExchangeOptions, Overflow, Published, QueueOptions, QueuePolicy,
    Refusal, Reply,
};
pub use death_record::Death;
pub use effect::Effect;
pub use head::Head;
pub use inspect::{QueueCounts, Violation};
pub use limits::Limits;
pub use message::{DeathReason, Delivery, Message};
pub use replies::REPLY_TO;
pub use snapshot::{BindingSnapshot, ChannelSnapshot, ConsumerSnapshot, ExchangeSnapshot, QueueSnapshot, Snapshot};
pub use totals::Totals;

use crate::time::Timestamp;

/// What the shell drives: the core, or something around a core that watches or alters what goes in and out.
///
/// One turn is: [`handle`](Machine::handle) a command, then ask for [`effects`](Machine::next_effect) until there are
/// none. Several [`Command::Publish`] may be handled in one turn, as long as there are no [urgent
/// effects](Machine::has_urgent_effects). Between two effects only
/// [`Command::SetWritable`] may be handled: deliveries are decided one by one, so a connection whose buffer is full gets
/// no more of them from then on. When the time reaches [`deadline`](Machine::deadline), call [`expire`](Machine::expire)
/// and ask for effects again. `now` never goes back between calls.
pub trait Machine: Send + 'static {
    /// Carries out one command, or refuses it and changes nothing.
    ///
    /// # Errors
    /// A [`Refusal`] says what stood in the way.
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal>;

    /// The next effect of what was handled, in order; `None` when there is none left.
    fn next_effect(&mut self) -> Option<Effect>;

    /// Whether it would show that another message came before the effects were asked for: a queue that heeds priorities,
    /// lengths or times has taken one.
    fn has_urgent_effects(&self) -> bool;

    /// How many bytes its messages hold.
    fn memory_bytes(&self) -> u64;

    /// When [`expire`](Machine::expire) has to be called next; `None` if never.
    fn deadline(&self) -> Option<Timestamp>;

    /// Does what is due by `now`.
    fn expire(&mut self, now: Timestamp);
}
