//! What channels hold, and the credit that comes back.

use std::collections::BTreeMap;

use super::Player;
use crate::check::replay::Place;
use crate::check::replay::state::Holding;
use crate::history::{ChannelId, ConsumerId};

impl Player<'_> {
    /// Takes from a channel what a tag stands for.
    pub(super) fn settle(&mut self, channel: ChannelId, delivery_tag: u64, multiple: bool) -> Vec<(u64, Holding)> {
        self.touch_channel(channel);
        let held = &mut self.channel(channel).held;
        if !multiple {
            return held.remove(&delivery_tag).map(|holding| (delivery_tag, holding)).into_iter().collect();
        }
        let later = match delivery_tag {
            0 => BTreeMap::new(),
            tag => held.split_off(&tag.saturating_add(1)),
        };
        std::mem::replace(held, later).into_iter().collect()
    }

    /// Gives back the credit of a delivery. The entry is returned if this channel really held it.
    pub(super) fn release(&mut self, channel: ChannelId, delivery_tag: u64, holding: Holding) -> Option<usize> {
        if let Some(id) = holding.consumer {
            let state = self.channel(channel);
            state.held_by_consumers = state.held_by_consumers.saturating_sub(1);
            if let Some(consumer) = self.consumers.get_mut(&id) {
                consumer.held = consumer.held.saturating_sub(1);
                self.note_credit(id);
            }
        }
        let entry = holding.entry?;
        match self.replay.entries[entry].place {
            Place::Held { channel: holder, delivery_tag: tag, .. } if holder == channel && tag == delivery_tag => {
                let queue = self.replay.entries[entry].queue;
                if let Some(queue) = self.queue(queue) {
                    queue.held -= 1;
                }
                Some(entry)
            }
            _ => None,
        }
    }

    pub(super) fn close(&mut self, channel: ChannelId) {
        self.touch_channel(channel);
        let Some(mut closed) = self.channels.remove(&channel) else { return };
        std::mem::take(&mut closed.consumers).into_iter().for_each(|consumer| self.end_consumer(consumer));
        for (tag, holding) in closed.held {
            if let Some(entry) = self.release(channel, tag, Holding { consumer: None, ..holding }) {
                self.requeue(entry);
            }
        }
    }

    pub(super) fn end_consumer(&mut self, id: ConsumerId) {
        let Some(consumer) = self.consumers.remove(&id) else { return };
        if let Some(queue) = self.queue(consumer.queue) {
            queue.eager.remove(&id);
            queue.consumers.remove(&id);
            if queue.active == Some(id) {
                queue.active = queue.consumers.first().copied();
            }
        }
        self.touched.insert(consumer.queue);
        if let Some(channel) = self.channels.get_mut(&consumer.channel) {
            channel.consumers.remove(&id);
        }
    }

    /// A consumer holds more or less than before.
    pub(super) fn note_credit(&mut self, id: ConsumerId) {
        let Some(consumer) = self.consumers.get(&id) else { return };
        let (queue, has_credit) = (consumer.queue, consumer.has_credit());
        self.touched.insert(queue);
        if let Some(queue) = self.queue(queue) {
            if has_credit {
                queue.eager.insert(id)
            } else {
                queue.eager.remove(&id)
            };
        }
    }

    pub(super) fn touch_channel(&mut self, channel: ChannelId) {
        let consumers = self.channels.get(&channel).into_iter().flat_map(|channel| &channel.consumers);
        let queues = consumers.filter_map(|id| self.consumers.get(id)).map(|consumer| consumer.queue);
        self.touched.extend(queues);
    }
}
