//! Transactions: what a channel publishes and settles is held until it commits.
//!
//! As in RabbitMQ, a settled delivery is at once no longer one that the client may settle, but its message stays
//! unacknowledged and its credit taken until the commit; a rollback gives it back to the channel. Each message is
//! published for itself: that all of them go to their queues together is not promised.

use super::broker::Broker;
use super::command::{ChannelId, Published, Refusal, Reply};
use super::message::Placed;
use super::settle::Settlement;
use super::unacknowledged::Held;

/// What a channel has done since its last commit or rollback.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    published: Vec<Placed>,
    settled: Vec<(u64, Held, Settlement)>,
}

impl Transaction {
    /// A message is to be published by the commit.
    pub fn hold(&mut self, message: Placed) -> Published {
        self.published.push(message);
        Published::Held
    }

    /// A delivery is to be settled by the commit.
    pub fn hold_settlement(&mut self, delivery_tag: u64, held: Held, settlement: Settlement) {
        self.settled.push((delivery_tag, held, settlement));
    }

    /// The deliveries that wait for the commit.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.settled.iter().map(|(_, held, _)| held)
    }

    /// The deliveries that waited for the commit, with their tags.
    pub fn into_held(self) -> impl Iterator<Item = (u64, Held)> {
        self.settled.into_iter().map(|(tag, held, _)| (tag, held))
    }
}

impl Broker {
    /// Makes a channel transactional, which it stays.
    pub(super) fn select_transactions(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        let channel = &mut self.channels[key];
        channel.transaction.get_or_insert_default();
        channel.way = None;
        Ok(Reply::Done)
    }

    /// Publishes what was held, then settles what was held, each in order.
    pub(super) fn commit(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        let Transaction { published, settled } = self.take_transaction(channel)?;
        let key = self.channel_key(channel)?;
        // The exchange was there when the message was held. If it is gone by now, there is no way for it.
        let publish = |message: Placed| match self.exchanges.find(message.exchange()) {
            Some(exchange) => self.publish_to(exchange, message.clone()),
            None => Published::Unroutable,
        };
        let published = published.into_iter().map(publish).collect();
        for (_, held, settlement) in settled {
            self.give_credit_back(key, held.consumer, 1);
            self.settle(held, settlement);
        }
        Ok(Reply::Committed(published))
    }

    /// Forgets what was to be published, and gives the channel back what was to be settled.
    pub(super) fn rollback(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        let transaction = self.take_transaction(channel)?;
        let key = self.channel_key(channel)?;
        self.channels[key].unacknowledged.restore(transaction.into_held());
        Ok(Reply::Done)
    }

    fn take_transaction(&mut self, channel: ChannelId) -> Result<Transaction, Refusal> {
        let key = self.channel_key(channel)?;
        let transaction = self.channels[key].transaction.as_deref_mut().ok_or(Refusal::NotTransactional)?;
        Ok(std::mem::take(transaction))
    }
}
