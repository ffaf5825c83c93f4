//! A queue that is obviously right: a list of messages in the order in which they were taken, each in one place.
//!
//! It does not say which consumer gets the next message. It is told what the broker did, and says whether that was
//! allowed and whether anything is missing.

use handoff_broker::core::{ChannelId, ConnectionId, DeathReason, Delivery, Effect, QueueCounts};

use super::clients::{Answer, DELIVERY_LIMIT, QUEUE};

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Ready,
    Held { channel: ChannelId, tag: u64 },
    Acknowledged,
    Dead(DeathReason),
}

#[derive(Debug)]
struct Entry {
    body: &'static str,
    requeues: u32,
    place: Place,
}

#[derive(Debug)]
struct Consumer {
    channel: ChannelId,
    prefetch: u16,
    last_tag: u64,
}

/// The one queue of a small world, and who consumes from it.
#[derive(Debug, Default)]
pub struct Oracle {
    /// In the order in which they were taken.
    entries: Vec<Entry>,
    consumers: Vec<Consumer>,
    /// Indexes of entries, in order of death.
    deaths: Vec<usize>,
    /// How many of the deaths the broker has told.
    deaths_told: usize,
}

impl Oracle {
    /// The queue took a message.
    pub fn took(&mut self, body: &'static str) {
        self.entries.push(Entry { body, requeues: 0, place: Place::Ready });
    }

    /// A consumer started.
    pub fn consumes(&mut self, channel: ChannelId, prefetch: u16) {
        self.consumers.push(Consumer { channel, prefetch, last_tag: 0 });
    }

    /// A consumer settled what it holds.
    pub fn settled(&mut self, channel: ChannelId, tag: u64, answer: Answer) {
        let held = Place::Held { channel, tag };
        let Some(index) = self.entries.iter().position(|entry| entry.place == held) else { return };
        match answer {
            Answer::Acknowledge => self.entries[index].place = Place::Acknowledged,
            Answer::Requeue => self.requeue(index),
            Answer::Reject => self.die(index, DeathReason::Rejected),
        }
    }

    /// A connection ended.
    pub fn ended(&mut self, connection: ConnectionId) {
        self.consumers.retain(|consumer| consumer.channel.connection != connection);
        let mut held: Vec<(u64, usize)> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Place::Held { channel, tag } = entry.place
                && channel.connection == connection
            {
                held.push((tag, index));
            }
        }
        held.sort_unstable();
        held.into_iter().for_each(|(_, index)| self.requeue(index));
    }

    /// The broker did this.
    pub fn saw(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Deliver { channel, delivery, .. } => self.saw_delivery(*channel, delivery),
            Effect::Died { queue, reason, message, dead_lettered } => {
                let index =
                    self.deaths.get(self.deaths_told).ok_or_else(|| format!("dead for nothing: {message:?}"))?;
                self.deaths_told += 1;
                let entry = &self.entries[*index];
                let told = (&**queue, Place::Dead(*reason), message.body(), *dead_lettered);
                let due = (QUEUE, entry.place, entry.body.as_bytes(), true);
                expect(told == due, || format!("died as {told:?}, expected {due:?}"))
            }
            Effect::QueueExpired { .. } | Effect::ConsumerCancelled { .. } => {
                Err(format!("nobody asked for {effect:?}"))
            }
        }
    }

    /// The broker has done all it wanted to.
    pub fn is_quiet(&self) -> Result<(), String> {
        expect(self.deaths_told == self.deaths.len(), || format!("{} deaths untold", self.deaths.len()))?;
        let is_ready = self.entries.iter().any(|entry| entry.place == Place::Ready);
        let starving = self.consumers.iter().find(|consumer| self.held_by(consumer) < consumer.prefetch.into());
        match starving {
            Some(consumer) if is_ready => Err(format!("{:?} starves", consumer.channel)),
            _ => Ok(()),
        }
    }

    /// How many messages are where.
    pub fn counts(&self) -> QueueCounts {
        let count =
            |is_there: fn(Place) -> bool| self.entries.iter().filter(|entry| is_there(entry.place)).count() as u64;
        QueueCounts {
            taken: self.entries.len() as u64,
            ready: count(|place| place == Place::Ready),
            unacknowledged: count(|place| matches!(place, Place::Held { .. })),
            acknowledged: count(|place| place == Place::Acknowledged),
            dead_lettered: count(|place| matches!(place, Place::Dead(_))),
            consumers: self.consumers.len() as u64,
            ..QueueCounts::default()
        }
    }

    /// The dead letters in order: body and reason.
    pub fn dead_letters(&self) -> Vec<(String, String)> {
        let letter = |index: &usize| match self.entries[*index] {
            Entry { body, place: Place::Dead(reason), .. } => (body.to_owned(), reason.as_str().to_owned()),
            Entry { body, .. } => (body.to_owned(), "lives".to_owned()),
        };
        self.deaths.iter().map(letter).collect()
    }

    fn saw_delivery(&mut self, channel: ChannelId, delivery: &Delivery) -> Result<(), String> {
        let body = String::from_utf8_lossy(delivery.message.body()).into_owned();
        let consumer = self.consumers.iter().find(|consumer| consumer.channel == channel);
        let consumer = consumer.ok_or_else(|| format!("'{body}' delivered to nobody"))?;
        let held = self.held_by(consumer);
        expect(held < consumer.prefetch.into(), || format!("'{body}' is one too many for {channel:?}"))?;
        let oldest = self.entries.iter().position(|entry| entry.place == Place::Ready);
        let oldest = oldest.ok_or_else(|| format!("'{body}' delivered though nothing is ready"))?;
        let consumer = self.consumers.iter_mut().find(|consumer| consumer.channel == channel);
        let tag = consumer.map_or(0, |consumer| {
            consumer.last_tag += 1;
            consumer.last_tag
        });
        let entry = &mut self.entries[oldest];
        entry.place = Place::Held { channel, tag };
        let seen = (&*body, delivery.delivery_count, delivery.delivery_tag);
        let due = (entry.body, entry.requeues, tag);
        expect(seen == due, || format!("delivered (body, count, tag) {seen:?}, expected {due:?}"))?;
        let properties = delivery.message.properties();
        expect(properties == super::clients::PROPERTIES, || format!("'{body}' has properties {properties:?}"))
    }

    fn held_by(&self, consumer: &Consumer) -> usize {
        let is_its = |entry: &&Entry| matches!(entry.place, Place::Held { channel, .. } if channel == consumer.channel);
        self.entries.iter().filter(is_its).count()
    }

    fn requeue(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        entry.requeues += 1;
        entry.place = Place::Ready;
        if entry.requeues > DELIVERY_LIMIT {
            self.die(index, DeathReason::DeliveryLimit);
        }
    }

    fn die(&mut self, index: usize, reason: DeathReason) {
        self.entries[index].place = Place::Dead(reason);
        self.deaths.push(index);
    }
}

/// Fails with what `describe` says, unless `holds`.
pub fn expect(holds: bool, describe: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(describe()) }
}
