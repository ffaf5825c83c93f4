//! The consumer in a group: it reads what the group assigns to it, and learns when that changes.
//!
//! Eager rebalancing, range assignor, both as librdkafka and Kafka's own clients do it, so that all can share a group.

mod assignor;
mod heartbeat;
mod member;

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::Runtime;

use super::consumer::{ConsumedRecord, Consumer, ConsumerOptions};
use super::error::ClientError;
use super::topic_partition::TopicPartition;
use heartbeat::{Heart, Pulse, Rhythm};
use member::Member;

/// Settings of a consumer in a group, with Kafka's names, meanings and defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConsumerOptions {
    /// As for any consumer; its `group` must not be empty.
    pub consumer: ConsumerOptions,
    /// How long the group waits for a member that is not heard of (`session.timeout.ms`).
    pub session_timeout: Duration,
    /// How often a member says that it lives (`heartbeat.interval.ms`).
    pub heartbeat_interval: Duration,
    /// How long the owner may work without polling before its partitions go to others, and how long it has to rejoin
    /// (`max.poll.interval.ms`).
    pub max_poll_interval: Duration,
}

impl Default for GroupConsumerOptions {
    fn default() -> Self {
        GroupConsumerOptions {
            consumer: ConsumerOptions::default(),
            session_timeout: Duration::from_secs(45),
            heartbeat_interval: Duration::from_secs(3),
            max_poll_interval: Duration::from_secs(300),
        }
    }
}

/// What a poll came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next records, or none in time.
    Records(Vec<ConsumedRecord>),
    /// These partitions are read from now on, from where the group has committed.
    Assigned(Vec<TopicPartition>),
    /// The group rebalances, and these partitions are given back with the next poll. Until then what was done can
    /// still be committed.
    Revoked(Vec<TopicPartition>),
    /// The group went on without this member, and others may be reading these partitions already. What was done and
    /// not committed will be done again.
    Lost(Vec<TopicPartition>),
}

/// Where a member stands.
enum Standing {
    /// Not in the group.
    Out,
    /// In, and reading.
    In(Heart),
    /// In, and about to join again. The heart beats on.
    Leaving { _heart: Heart },
}

/// Reads topics together with the other consumers of its group.
pub struct GroupConsumer<R: Runtime> {
    runtime: R,
    options: GroupConsumerOptions,
    consumer: Consumer<R>,
    member: Member<R>,
    standing: Standing,
}

impl<R: Runtime> GroupConsumer<R> {
    /// Connects to a broker. The group is joined by the first [`poll`](Self::poll).
    pub async fn connect(
        runtime: &R,
        address: SocketAddr,
        topics: &[&str],
        options: GroupConsumerOptions,
    ) -> Result<Self, ClientError> {
        let consumer = Consumer::connect(runtime, address, options.consumer.clone()).await?;
        let member = Member::new(consumer.control().clone(), topics, &options);
        Ok(GroupConsumer { runtime: runtime.clone(), options, consumer, member, standing: Standing::Out })
    }

    /// The next thing that happens. Has to be called more often than
    /// [`max_poll_interval`](GroupConsumerOptions::max_poll_interval).
    ///
    /// Dropping the future loses nothing, but a join begins anew.
    pub async fn poll(&mut self) -> Result<Event, ClientError> {
        let pulse = match &mut self.standing {
            Standing::Out | Standing::Leaving { .. } => return self.join().await.map(Event::Assigned),
            Standing::In(heart) => {
                heart.polled(self.runtime.now());
                tokio::select! {
                    biased;
                    pulse = heart.not_fine() => pulse,
                    records = self.consumer.poll() => return records.map(Event::Records),
                }
            }
        };
        let partitions = self.assignment();
        match (pulse, std::mem::replace(&mut self.standing, Standing::Out)) {
            (Pulse::Broken(error), _) => Err(error),
            (Pulse::Rebalance, Standing::In(heart)) => {
                self.standing = Standing::Leaving { _heart: heart };
                Ok(Event::Revoked(partitions))
            }
            _ => {
                self.member.forget_id();
                self.consumer.leave_group().await?;
                Ok(Event::Lost(partitions))
            }
        }
    }

    async fn join(&mut self) -> Result<Vec<TopicPartition>, ClientError> {
        self.consumer.leave_group().await?;
        let (membership, partitions) = self.member.join().await?;
        self.consumer.enter_group(membership.member_id.clone(), membership.generation);
        self.consumer.assign(&partitions).await?;
        let rhythm =
            Rhythm { interval: self.options.heartbeat_interval, max_poll_interval: self.options.max_poll_interval };
        let connection = self.consumer.control().clone();
        let heart = Heart::start(&self.runtime, connection, self.member.group().clone(), membership, rhythm);
        self.standing = Standing::In(heart);
        Ok(partitions)
    }

    /// The partitions that this member reads now.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.consumer.positions().into_iter().map(|(partition, _)| partition).collect()
    }

    /// Commits for the group: each partition with the offset of the next record that is to be read. Refused if the
    /// group has gone on without this member.
    pub async fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), ClientError> {
        self.consumer.commit(offsets).await
    }

    /// How many offsets were skipped because retention had dropped them before they were read.
    pub fn skipped(&self) -> u64 {
        self.consumer.skipped()
    }

    /// Leaves the group at once. A consumer that is just dropped is missed only after its session timeout.
    pub async fn leave(mut self) -> Result<(), ClientError> {
        self.standing = Standing::Out;
        self.member.leave().await
    }
}
