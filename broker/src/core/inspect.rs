//! Looking at the broker without changing it: counts for metrics, and an audit of everything that must agree.

use std::collections::BTreeMap;

use thiserror::Error;

use super::binding::{Bindings, Target};
use super::broker::{Broker, ConsumerKey, QueueKey};
use super::channel::Channel;
use super::consumer::{Consumer, Place};
use super::queue::Queue;
use super::replies::is_reply_name;
use super::unacknowledged::Held;

/// The messages of a queue, by where they are, since it was declared.
///
/// Always `taken = ready + unacknowledged + acknowledged + dead_lettered + removed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Taken in, from publishers and as dead letters. A requeue is not a taking.
    pub taken: u64,
    /// Waiting for a consumer.
    pub ready: u64,
    /// Held by channels.
    pub unacknowledged: u64,
    /// Acknowledged, or delivered where no acknowledgement was asked for.
    pub acknowledged: u64,
    /// Died, and at least one other queue took the dead letter.
    pub dead_lettered: u64,
    /// Purged, or died and no queue took the dead letter.
    pub removed: u64,
    /// Consumers, with credit or without.
    pub consumers: u64,
}

/// Something that must hold in the broker and does not: a bug. Its text says what and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Violation(String);

/// Fails with what `describe` says, unless `holds`.
fn ensure(holds: bool, describe: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation(describe())) }
}

impl Queue {
    pub(super) fn counts(&self) -> QueueCounts {
        QueueCounts {
            taken: self.tally.taken,
            ready: self.ready.length() as u64,
            unacknowledged: self.unacknowledged,
            acknowledged: self.tally.acknowledged,
            dead_lettered: self.tally.dead_lettered,
            removed: self.tally.removed,
            consumers: self.consumers.len() as u64,
        }
    }
}

impl Broker {
    /// The counts of a queue, if it exists.
    pub fn queue_counts(&self, name: &str) -> Option<QueueCounts> {
        self.queue_keys.get(name).map(|key| self.queues[*key].counts())
    }

    /// All queues that clients know of and their counts, in the order of their names.
    pub fn queues(&self) -> impl Iterator<Item = (&str, QueueCounts)> {
        let named = self.queue_keys.iter().filter(|(name, _)| !is_reply_name(name));
        named.map(|(name, key)| (&**name, self.queues[*key].counts()))
    }

    /// Counts everything again from the structures that hold it, and compares: conservation, prefetch, the order of
    /// ready messages, who waits where, and, if there are no effects left, that no message waits for a consumer that
    /// has credit. Costs O(everything); meant for tests.
    ///
    /// # Errors
    /// The first [`Violation`] found.
    pub fn audit(&self) -> Result<(), Violation> {
        let mut held_of_queue: BTreeMap<QueueKey, u64> = BTreeMap::new();
        let mut held_of_consumer: BTreeMap<ConsumerKey, u64> = BTreeMap::new();
        for held in self.held() {
            *held_of_queue.entry(held.queue).or_default() += 1;
            if let Some(consumer) = held.consumer {
                *held_of_consumer.entry(consumer).or_default() += 1;
            }
        }
        for (key, queue) in &self.queues {
            self.audit_queue(key, queue, held_of_queue.get(&key).copied().unwrap_or(0))?;
        }
        for (key, consumer) in &self.consumers {
            self.audit_consumer(key, consumer, held_of_consumer.get(&key).copied().unwrap_or(0))?;
        }
        self.audit_channels()?;
        self.audit_connections()?;
        ensure(self.definitions == self.count_definitions(), || "definitions are miscounted".into())?;
        self.audit_names()
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.channels.values().flat_map(Channel::held)
    }

    fn audit_queue(&self, key: QueueKey, queue: &Queue, held: u64) -> Result<(), Violation> {
        let (name, counts) = (&queue.name, queue.counts());
        let QueueCounts { taken, ready, unacknowledged, acknowledged, dead_lettered, removed, .. } = counts;
        let accounted = ready + unacknowledged + acknowledged + dead_lettered + removed;
        ensure(taken == accounted, || format!("queue '{name}' took {taken} and accounts for {accounted}: {counts:?}"))?;
        ensure(unacknowledged == held, || {
            format!("queue '{name}' counts {unacknowledged} held, channels hold {held}")
        })?;
        ensure(queue.ready.is_sound(), || format!("queue '{name}' has lost its order"))?;
        ensure(!queue.is_overfull(), || format!("queue '{name}' exceeds its length with {ready}"))?;
        let in_rotation = queue.consumers.iter().filter(|key| self.is_in_rotation(**key)).count();
        ensure(in_rotation == queue.rotation.length(), || format!("queue '{name}' has strangers in its rotation"))?;
        let listed = self.due.iter().filter(|due| **due == key).count();
        ensure(listed == usize::from(queue.due), || format!("queue '{name}' is {listed} times due"))?;
        let is_set = queue.timer.is_none_or(|at| self.timers.contains(&(at, key)));
        ensure(is_set, || format!("queue '{name}' waits for a time that never comes"))?;
        let first = queue.ready.first_expires_at();
        let is_early = first.is_none_or(|first| queue.timer.is_some_and(|at| at <= first));
        ensure(is_early, || format!("queue '{name}' does not wait for its first message to expire"))?;
        self.audit_single_active(queue)
    }

    fn audit_single_active(&self, queue: &Queue) -> Result<(), Violation> {
        let Some(single) = &queue.single_active else { return Ok(()) };
        let standing_by = queue.consumers.iter().filter(|key| single.active != Some(**key)).count();
        let agrees = standing_by == single.standby.length() && single.active.is_some() != queue.consumers.is_empty();
        ensure(agrees, || format!("queue '{}' serves not one of its consumers, or more", queue.name))
    }

    fn is_in_rotation(&self, consumer: ConsumerKey) -> bool {
        matches!(self.consumers[consumer].place, Place::Rotation(_))
    }

    fn audit_consumer(&self, key: ConsumerKey, consumer: &Consumer, held: u64) -> Result<(), Violation> {
        let tag = &consumer.tag;
        let (queue, channel) = (&self.queues[consumer.queue], &self.channels[consumer.channel]);
        let (prefetch, counted) = (u64::from(consumer.prefetch), consumer.held);
        ensure(counted == held, || format!("consumer '{tag}' counts {counted} held, its channel holds {held}"))?;
        ensure(prefetch == 0 || held <= prefetch, || format!("consumer '{tag}' holds {held}, more than {prefetch}"))?;
        let is_known = queue.consumers.contains(&key) && channel.consumers.get(tag) == Some(&key);
        ensure(is_known, || format!("consumer '{tag}' is unknown to its queue or its channel"))?;
        let waits = match consumer.place {
            Place::Rotation(turn) => queue.rotation.at(turn) == Some(key),
            Place::Blocked(turn) => channel.blocked.at(turn) == Some(key),
            Place::Full => !consumer.has_credit(),
            Place::Standby(turn) => {
                queue.single_active.as_ref().is_some_and(|single| single.standby.at(turn) == Some(key))
            }
        };
        ensure(waits, || format!("consumer '{tag}' is not where it is said to wait: {:?}", consumer.place))?;
        let is_quiet = self.effects.is_empty() && self.due.is_empty() && self.unblocked.is_empty();
        let could_have = consumer.has_credit() && channel.has_credit(consumer.no_ack) && !queue.ready.is_empty();
        let is_served = !matches!(consumer.place, Place::Standby(_));
        ensure(!(is_quiet && could_have && is_served), || format!("consumer '{tag}' starves before '{}'", queue.name))
    }

    fn audit_channels(&self) -> Result<(), Violation> {
        for (key, channel) in &self.channels {
            let id = channel.id;
            let held = channel.held().filter(|held| held.consumer.is_some()).count() as u64;
            ensure(channel.held == held, || format!("{id:?} counts {} held, and holds {held}", channel.held))?;
            let blocked = channel.consumers.values().filter(|key| self.is_blocked(**key)).count();
            ensure(blocked == channel.blocked.length(), || format!("{id:?} has strangers among its blocked"))?;
            ensure(self.channel_keys.get(&id) == Some(&key), || format!("{id:?} is not found by its number"))?;
        }
        ensure(self.channels.len() == self.channel_keys.len(), || "there are channels without a number".into())
    }

    fn is_blocked(&self, consumer: ConsumerKey) -> bool {
        matches!(self.consumers[consumer].place, Place::Blocked(_))
    }

    fn audit_connections(&self) -> Result<(), Violation> {
        for (id, connection) in &self.connections {
            let owned = self.queues.iter().filter(|(_, queue)| queue.owner == Some(*id)).map(|(key, _)| key);
            let agrees = connection.exclusive_queues == owned.collect();
            ensure(agrees, || format!("{id:?} is not said to have the queues that it has to itself"))?;
        }
        Ok(())
    }

    fn audit_names(&self) -> Result<(), Violation> {
        let timed = self.queues.values().filter(|queue| queue.timer.is_some()).count();
        ensure(timed == self.timers.len(), || "there are timers of no queue".into())?;
        ensure(self.queues.len() == self.queue_keys.len(), || "there are queues without a name".into())?;
        for (key, queue) in &self.queues {
            let name = &queue.name;
            ensure(self.queue_keys.get(name) == Some(&key), || format!("queue '{name}' is not found by its name"))?;
            self.audit_bindings(name, Target::Queue(key), &queue.bindings)?;
        }
        for (key, exchange) in self.exchanges.iter() {
            let name = &exchange.name;
            ensure(self.exchanges.find(name) == Some(key), || format!("exchange '{name}' is not found by its name"))?;
            self.audit_bindings(name, Target::Exchange(key), &exchange.bindings)?;
            let is_bound = |target: Target| match target {
                Target::Queue(queue) => self.queues.get(queue).is_some_and(|queue| queue.bindings.contains_key(&key)),
                Target::Exchange(other) => {
                    self.exchanges.get(other).is_some_and(|other| other.bindings.contains_key(&key))
                }
            };
            let agrees = exchange.targets().into_iter().all(is_bound);
            ensure(agrees, || format!("exchange '{name}' routes to what is not bound to it"))?;
        }
        Ok(())
    }

    fn audit_bindings(&self, name: &str, target: Target, bindings: &Bindings) -> Result<(), Violation> {
        for (source, patterns) in bindings {
            let source = self.exchanges.get(*source);
            let routes = source.is_some_and(|source| source.targets().contains(&target)) && !patterns.is_empty();
            ensure(routes, || format!("'{name}' is bound to an exchange that does not know it"))?;
        }
        Ok(())
    }
}
