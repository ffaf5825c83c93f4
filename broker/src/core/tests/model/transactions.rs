//! Transactions: what is published and settled on a channel waits for its commit.

use super::*;

/// What a channel has done since its last commit or rollback. A delivery that is settled here stays among those that
/// the channel holds.
#[derive(Default)]
pub(super) struct ModelTransaction {
    published: Vec<Message>,
    settled: Vec<(u64, ModelSettlement)>,
}

#[derive(Clone, Copy)]
pub(super) enum ModelSettlement {
    Acknowledge,
    Requeue,
    Discard,
}

impl ModelChannel {
    /// Whether a delivery waits for the commit.
    pub fn is_settled(&self, tag: u64) -> bool {
        let mut settled = self.transaction.iter().flat_map(|transaction| &transaction.settled);
        settled.any(|(known, _)| *known == tag)
    }
}

impl Model {
    /// Publishes now, or with the channel's commit.
    pub(super) fn publish(&mut self, id: ChannelId, message: Message) -> Result<Reply, Refusal> {
        self.channel(id)?;
        self.require_exchange(message.exchange())?;
        if let Some(transaction) = &mut self.channel(id)?.transaction {
            transaction.published.push(message);
            return Ok(Reply::Published(Published::Held));
        }
        Ok(Reply::Published(self.publish_now(&message)))
    }

    /// Settles now, or with the channel's commit.
    pub(super) fn settle(
        &mut self,
        id: ChannelId,
        delivery_tag: u64,
        multiple: bool,
        settlement: ModelSettlement,
    ) -> Result<(), Refusal> {
        for tag in self.meant(id, delivery_tag, multiple)? {
            match &mut self.channel(id)?.transaction {
                Some(transaction) => transaction.settled.push((tag, settlement)),
                None => self.settle_now(id, tag, settlement),
            }
        }
        Ok(())
    }

    pub(super) fn settle_now(&mut self, id: ChannelId, tag: u64, settlement: ModelSettlement) {
        let held = &mut self.channel(id).expect("it was just there").held;
        let index = held.iter().position(|held| held.tag == tag).expect("what is meant is held");
        let held = held.remove(index);
        match settlement {
            ModelSettlement::Requeue => self.requeue(held),
            ModelSettlement::Discard => self.bury(held.queue, DeathReason::Rejected, held.entry),
            ModelSettlement::Acknowledge => {
                if let Some(queue) = self.find(held.queue) {
                    queue.counts.acknowledged += 1;
                }
            }
        }
    }

    pub(super) fn select_transactions(&mut self, id: ChannelId) -> Result<(), Refusal> {
        self.channel(id)?.transaction.get_or_insert_default();
        Ok(())
    }

    pub(super) fn commit(&mut self, id: ChannelId) -> Result<Reply, Refusal> {
        let ModelTransaction { published, settled } = self.take_transaction(id)?;
        let published = published.iter().map(|message| self.publish_now(message)).collect();
        settled.into_iter().for_each(|(tag, settlement)| self.settle_now(id, tag, settlement));
        Ok(Reply::Committed(published))
    }

    /// What is not committed has never been.
    pub(super) fn take_transaction(&mut self, id: ChannelId) -> Result<ModelTransaction, Refusal> {
        self.channel(id)?.transaction.as_mut().map(std::mem::take).ok_or(Refusal::NotTransactional)
    }
}
