//! Messages on their way in: routed, and taken or refused by each queue.

use std::mem;
use std::sync::Arc;

use super::broker::{Broker, QueueKey};
use super::command::{ChannelId, Published, Refusal, Reply};
use super::envelope::{BLIND_COPIES, Envelope};
use super::message::{DeathReason, Deaths, Message};

impl Broker {
    pub(super) fn publish(&mut self, channel: ChannelId, message: Message) -> Result<Reply, Refusal> {
        self.channel_key(channel)?;
        let name = message.exchange();
        let exchange = self.exchanges.find(name).ok_or_else(|| Refusal::NoExchange(name.into()))?;
        if self.exchanges.get(exchange).is_some_and(|exchange| exchange.options.internal) {
            return Err(Refusal::InternalExchange(name.into()));
        }
        let envelope = Envelope::of(&message);
        self.exchanges.route(&self.queue_keys, exchange, &envelope, &mut self.targets);
        let has_blind_copies = envelope.headers.get(BLIND_COPIES).is_some();
        let message = if has_blind_copies { message.without_header(BLIND_COPIES) } else { message };
        let routed = self.targets.len();
        self.totals.published += 1;
        self.totals.unroutable += u64::from(routed == 0);
        let taken = self.take_at_targets(&message, None);
        Ok(Reply::Published(match routed {
            0 => Published::Unroutable,
            _ if taken < routed => Published::Refused,
            _ => Published::Taken,
        }))
    }

    /// Offers a message to every target, and forgets the targets. Says how many took it.
    pub(super) fn take_at_targets(&mut self, message: &Message, deaths: Option<&Arc<Deaths>>) -> usize {
        let mut targets = mem::take(&mut self.targets);
        let mut taken = 0;
        for target in &targets {
            taken += usize::from(self.take(*target, message, deaths));
        }
        targets.clear();
        self.targets = targets;
        taken
    }

    fn take(&mut self, key: QueueKey, message: &Message, deaths: Option<&Arc<Deaths>>) -> bool {
        if self.queues[key].refuses() {
            self.push_all(key);
        }
        let queue = &mut self.queues[key];
        if queue.refuses() {
            return false;
        }
        message.count(&self.meter);
        queue.ready.push(message.clone(), deaths.cloned());
        queue.tally.taken += 1;
        self.note_overfull(key);
        self.note_due(key);
        true
    }

    /// Notes that a queue has to drop from its head, if it has to.
    pub(super) fn note_overfull(&mut self, key: QueueKey) {
        if self.queues[key].is_overfull() {
            self.overfull.push_back(key);
        }
    }

    /// Drops what exceeds a queue's length, the oldest first, after pushing what consumers have credit for.
    pub(super) fn drop_head(&mut self, key: QueueKey) {
        self.push_all(key);
        while let Some(queue) = self.queues.get_mut(key).filter(|queue| queue.is_overfull()) {
            let Some(entry) = queue.ready.pop() else { return };
            self.bury(key, DeathReason::MaxLength, entry);
        }
    }
}
