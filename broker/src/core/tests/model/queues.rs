//! The life of channels, queues and consumers.

use std::cmp::Reverse;

use super::*;

impl Model {
    pub(super) fn open(&mut self, id: ChannelId) {
        if self.channels.iter().all(|channel| channel.id != id) {
            let (held, transaction) = (Vec::new(), None);
            self.channels.push(ModelChannel { id, last_tag: 0, held, prefetch: 0, consumer_prefetch: 0, transaction });
            self.channels.sort_by_key(|channel| channel.id);
        }
    }

    pub(super) fn close(&mut self, ids: Vec<ChannelId>) {
        self.remove_consumers(|consumer| ids.contains(&consumer.channel));
        let (closed, open) = self.channels.drain(..).partition(|channel| ids.contains(&channel.id));
        self.channels = open;
        let closed: Vec<ModelChannel> = closed;
        closed.into_iter().flat_map(|channel| channel.held).for_each(|held| self.requeue(held));
    }

    pub(super) fn close_connection(&mut self, connection: ConnectionId) {
        let ids = self.channels.iter().map(|channel| channel.id).filter(|id| id.connection == connection);
        self.close(ids.collect());
        self.work_off();
        self.unwritable.retain(|unwritable| *unwritable != connection);
        let exclusive = self.queues.iter().filter(|queue| queue.owner == Some(connection));
        let keys: Vec<QueueKey> = exclusive.map(|queue| queue.key).collect();
        keys.into_iter().for_each(|key| self.remove_queue(key));
    }

    pub(super) fn declare(
        &mut self,
        connection: ConnectionId,
        name: &str,
        options: QueueOptions,
        broker: &Broker,
    ) -> Result<Reply, Refusal> {
        match self.accessible(connection, name) {
            Err(Refusal::NoQueue(_)) => {
                let (owner, key) = (options.exclusive.then_some(connection), broker.queue_keys[name]);
                let (active, ready, counts) = (None, Vec::new(), QueueCounts::default());
                self.queues.push(ModelQueue { name: name.into(), key, options, owner, active, ready, counts });
            }
            found => drop(found?),
        }
        Ok(self.declared(name))
    }

    pub(super) fn declared(&self, name: &str) -> Reply {
        let counts = self.counts().into_iter().find(|(known, _)| known == name).unwrap().1;
        let (messages, consumers) = (counts.ready as u32, counts.consumers as u32);
        Reply::QueueDeclared { name: name.into(), messages, consumers }
    }

    pub(super) fn delete(
        &mut self,
        connection: ConnectionId,
        name: &str,
        unused: bool,
        empty: bool,
    ) -> Result<Reply, Refusal> {
        let key = match self.accessible(connection, name) {
            Err(Refusal::NoQueue(_)) => return Ok(Reply::Count(0)),
            found => found?,
        };
        let ready = self.queue(key).ready.len();
        if empty && ready > 0 {
            return Err(Refusal::NotEmpty(name.into()));
        }
        if unused && self.consumers.iter().any(|consumer| consumer.queue == key) {
            return Err(Refusal::InUse { entity: "queue", name: name.into() });
        }
        self.remove_queue(key);
        Ok(Reply::Count(ready as u32))
    }

    pub(super) fn remove_queue(&mut self, key: QueueKey) {
        self.queues.retain(|queue| queue.key != key);
        self.remove_bindings(|binding| binding.1 == ModelTarget::Queue(key));
        let (gone, left) = self.consumers.drain(..).partition(|consumer| consumer.queue == key);
        self.consumers = left;
        let gone: Vec<ModelConsumer> = gone;
        for _ in &gone {
            let Some(Effect::ConsumerCancelled { channel, consumer_tag }) = self.effects.pop_front() else {
                panic!("a consumer of a deleted queue is not told");
            };
            assert!(gone.iter().any(|consumer| consumer.channel == channel && *consumer.tag == *consumer_tag));
        }
    }

    pub(super) fn consume(
        &mut self,
        channel: ChannelId,
        queue: &str,
        tag: &str,
        (no_ack, exclusive, priority): (bool, bool, i64),
    ) -> Result<(), Refusal> {
        let prefetch = self.channel(channel)?.consumer_prefetch;
        if self.consumers.iter().any(|consumer| consumer.channel == channel && consumer.tag == tag) {
            return Err(Refusal::ConsumerTagInUse(tag.into()));
        }
        let key = self.accessible(channel.connection, queue)?;
        let is_single = self.queue(key).options.policy.single_active_consumer;
        let is_taken = self.consumers.iter().any(|consumer| consumer.queue == key && (exclusive || consumer.exclusive));
        if is_taken || is_single && exclusive {
            return Err(Refusal::ExclusiveUse(queue.into()));
        }
        self.serials += 1;
        let (serial, tag) = (self.serials, tag.to_owned());
        self.consumers.push(ModelConsumer { serial, channel, tag, queue: key, no_ack, exclusive, priority, prefetch });
        self.choose_active(key);
        Ok(())
    }

    /// A queue that serves one consumer goes on serving it, or else the first of those with the highest priority.
    fn choose_active(&mut self, key: QueueKey) {
        let served = |consumer: &&ModelConsumer| consumer.queue == key;
        let active = self.find(key).and_then(|queue| queue.active);
        let stays = self.consumers.iter().any(|consumer| Some(consumer.serial) == active);
        let next =
            self.consumers.iter().filter(served).max_by_key(|consumer| (consumer.priority, Reverse(consumer.serial)));
        let next = next.map(|consumer| consumer.serial);
        if let Some(queue) = self.find(key).filter(|queue| queue.options.policy.single_active_consumer && !stays) {
            queue.active = next;
        }
    }

    pub(super) fn remove_consumers(&mut self, is_gone: impl Fn(&ModelConsumer) -> bool) {
        let (gone, left) = self.consumers.drain(..).partition(is_gone);
        self.consumers = left;
        let gone: Vec<ModelConsumer> = gone;
        for key in gone.into_iter().map(|consumer| consumer.queue) {
            let is_used = self.consumers.iter().any(|consumer| consumer.queue == key);
            if !is_used && self.find(key).is_some_and(|queue| queue.options.auto_delete) {
                self.remove_queue(key);
            }
            self.choose_active(key);
        }
    }
}
