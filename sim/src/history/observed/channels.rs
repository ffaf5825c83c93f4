//! Following channels and consumers.

use std::collections::BTreeMap;

use handoff_broker::core::{self, ConnectionId, Reply};

use super::{Channel, Observer, delivered};
use crate::history::BrokerEvent;

impl Observer {
    fn channels_of(&self, connection: ConnectionId) -> Vec<core::ChannelId> {
        let channel = |number| core::ChannelId { connection, number };
        self.channels.range(channel(0)..=channel(u16::MAX)).map(|(channel, _)| *channel).collect()
    }

    pub(super) fn open_channel(&mut self, channel: core::ChannelId) {
        let id = self.recorder.new_channel();
        let opened = Channel { id, prefetch: 0, consumers: BTreeMap::new() };
        self.channels.entry(channel).or_insert(opened);
        if self.paused.contains(&channel.connection) {
            self.on_channel(channel, |channel| BrokerEvent::WritableSet { channel, writable: false });
        }
    }

    pub(super) fn close_channel(&mut self, channel: core::ChannelId) {
        if let Some(channel) = self.channels.remove(&channel) {
            self.write(BrokerEvent::ChannelClosed { channel: channel.id });
        }
    }

    pub(super) fn close_connection(&mut self, connection: ConnectionId) {
        self.channels_of(connection).into_iter().for_each(|channel| self.close_channel(channel));
        self.paused.remove(&connection);
    }

    pub(super) fn set_writable(&mut self, connection: ConnectionId, writable: bool) {
        let changed = if writable { self.paused.remove(&connection) } else { self.paused.insert(connection) };
        if changed {
            for channel in self.channels_of(connection) {
                self.on_channel(channel, |channel| BrokerEvent::WritableSet { channel, writable });
            }
        }
    }

    pub(super) fn set_prefetch(&mut self, channel: core::ChannelId, count: u16, global: bool) {
        if global {
            self.on_channel(channel, |channel| BrokerEvent::PrefetchSet { channel, prefetch: count });
        } else if let Some(channel) = self.channels.get_mut(&channel) {
            channel.prefetch = count;
        }
    }

    pub(super) fn consume(&mut self, channel: core::ChannelId, queue: &str, consumer_tag: &str, no_ack: bool) {
        let (consumer, queue) = (self.recorder.new_consumer(), self.queues.get(queue).copied());
        let Some(Channel { id, prefetch, consumers }) = self.channels.get_mut(&channel) else { return };
        let (channel, prefetch) = (*id, *prefetch);
        consumers.insert(consumer_tag.to_owned(), (consumer, queue));
        if let Some(queue) = queue {
            self.write(BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack });
        }
    }

    pub(super) fn end_consumer(&mut self, channel: core::ChannelId, consumer_tag: &str) {
        let ended = self.channels.get_mut(&channel).and_then(|channel| channel.consumers.remove(consumer_tag));
        if let Some((consumer, Some(_))) = ended {
            self.write(BrokerEvent::ConsumerCancelled { consumer });
        }
    }

    pub(super) fn get(&mut self, channel: core::ChannelId, queue: &str, no_ack: bool, reply: &Reply) {
        let (Reply::Got(Some((delivery, _))), Some(queue)) = (reply, self.queues.get(queue)) else { return };
        let Some(Channel { id: channel, .. }) = self.channels.get(&channel) else { return };
        self.write(BrokerEvent::Delivered(delivered(*channel, None, *queue, delivery)));
        if no_ack {
            let (channel, delivery_tag) = (*channel, delivery.delivery_tag);
            self.write(BrokerEvent::Acknowledged { channel, delivery_tag, multiple: false });
        }
    }
}
