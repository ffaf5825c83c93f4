//! What is drawn: commands, and the rules of queues.

use proptest::prelude::*;

use super::super::model::{PASSING, SPLITTING};
use super::*;

pub const QUEUES: [&str; 4] = ["q0", "q1", "q2", "q3"];
pub const TAGS: [&str; 2] = ["t0", "t1"];
pub const EXCHANGES: [&str; 6] = ["", "amq.direct", "amq.fanout", "amq.topic", SPLITTING.0, PASSING];
/// What bindings are made with.
pub const PATTERNS: [&str; 4] = ["q0", "q1", "*", "#"];

/// A command without its borrowed names: indexes into the tables above, and choices among the tags that are held.
#[derive(Clone, Debug)]
pub enum Step {
    Open(ChannelId),
    CloseChannel(ChannelId),
    CloseConnection(ConnectionId),
    Writable((ConnectionId, bool)),
    DeclareExchange((usize, bool)),
    DeleteExchange((usize, bool)),
    Declare((ConnectionId, usize)),
    /// Declares passively.
    LookAt((ConnectionId, usize)),
    Delete((ConnectionId, usize, bool, bool)),
    Purge((ConnectionId, usize)),
    Bind((ConnectionId, usize, usize, usize)),
    Unbind((ConnectionId, usize, usize, usize)),
    BindExchange((usize, usize, usize)),
    UnbindExchange((usize, usize, usize)),
    Publish((ChannelId, usize, usize, Option<u64>, Option<u8>)),
    Consume((ChannelId, usize, usize, bool, bool, i64)),
    /// So many milliseconds pass, and the broker is asked to do what is due, or is not.
    Wait((u64, bool)),
    Cancel((ChannelId, usize)),
    Get((ChannelId, usize, bool)),
    Prefetch((ChannelId, u16, bool)),
    Acknowledge((ChannelId, usize, bool)),
    Reject((ChannelId, usize, bool, bool)),
    Recover(ChannelId),
    SelectTransactions(ChannelId),
    Commit(ChannelId),
    Rollback(ChannelId),
}

fn connections() -> impl Strategy<Value = ConnectionId> {
    (1..=2u64).prop_map(ConnectionId)
}

fn channels() -> impl Strategy<Value = ChannelId> {
    (connections(), 1..=2u16).prop_map(|(connection, number)| ChannelId { connection, number })
}

fn seldom<T: Strategy<Value: std::fmt::Debug>>(values: T) -> impl Strategy<Value = Option<T::Value>> {
    prop::option::weighted(0.2, values)
}

pub fn steps() -> impl Strategy<Value = Step> {
    let (queue, bound, any, rarely) = (0..QUEUES.len(), 1..EXCHANGES.len(), any::<bool>(), prop::bool::weighted(0.1));
    let (tag, choice) = (0..TAGS.len(), 0..9usize);
    prop_oneof![
        30 => (channels(), 0..EXCHANGES.len(), queue.clone(), seldom(0..4u64), seldom(0..5u8)).prop_map(Step::Publish),
        8 => (0..3u64, any).prop_map(Step::Wait),
        14 => (channels(), choice.clone(), any, any).prop_map(Step::Reject),
        12 => (channels(), choice, any).prop_map(Step::Acknowledge),
        10 => (channels(), queue.clone(), tag.clone(), rarely, rarely, 0..2i64).prop_map(Step::Consume),
        10 => (channels(), 0..4u16, any).prop_map(Step::Prefetch),
        6 => (channels(), queue.clone(), rarely).prop_map(Step::Get),
        5 => channels().prop_map(Step::Open),
        4 => (connections(), any).prop_map(Step::Writable),
        4 => (connections(), queue.clone(), bound.clone(), queue.clone()).prop_map(Step::Bind),
        3 => (bound.clone(), bound.clone(), queue.clone()).prop_map(Step::BindExchange),
        1 => (bound.clone(), bound.clone(), queue.clone()).prop_map(Step::UnbindExchange),
        3 => (bound.clone(), any).prop_map(Step::DeclareExchange),
        1 => (bound.clone(), any).prop_map(Step::DeleteExchange),
        3 => (connections(), queue.clone()).prop_map(Step::Declare),
        1 => (connections(), queue.clone()).prop_map(Step::LookAt),
        2 => (channels(), tag).prop_map(Step::Cancel),
        2 => channels().prop_map(Step::Recover),
        1 => channels().prop_map(Step::SelectTransactions),
        4 => channels().prop_map(Step::Commit),
        1 => channels().prop_map(Step::Rollback),
        2 => channels().prop_map(Step::CloseChannel),
        1 => connections().prop_map(Step::CloseConnection),
        1 => (connections(), queue.clone(), bound, queue.clone()).prop_map(Step::Unbind),
        1 => (connections(), queue.clone(), any, any).prop_map(Step::Delete),
        1 => (connections(), queue).prop_map(Step::Purge),
    ]
}

/// Rules that often interact: short queues, low limits, dead letters that go round.
pub fn options() -> impl Strategy<Value = QueueOptions> {
    let maybe = |values| prop::option::weighted(0.4, values);
    let overflow = prop_oneof![
        3 => Just(Overflow::DropHead),
        2 => Just(Overflow::RejectPublish),
        1 => Just(Overflow::RejectPublishDeadLetter),
    ];
    let length = (maybe(0..4), seldom(0..8u64), overflow);
    let order = (seldom(1..4u8), seldom(0..5u64), prop::bool::weighted(0.2));
    let dead_letters = (maybe(0..EXCHANGES.len() as u64), prop::option::of(0..QUEUES.len()));
    let rarely = || prop::bool::weighted(0.1);
    (length, order, maybe(0..3), dead_letters, rarely(), rarely()).prop_map(
        |(length, order, delivery_limit, (exchange, routing_key), exclusive, auto_delete)| {
            let (max_length, max_length_bytes, overflow) = length;
            let (max_priority, ttl_ms, single_active_consumer) = order;
            let policy = QueuePolicy {
                max_length,
                max_length_bytes,
                overflow,
                max_priority,
                message_ttl: ttl_ms.map(Duration::from_millis),
                single_active_consumer,
                expires: None,
                delivery_limit: delivery_limit.map(|limit| limit as u32),
                dead_letter_exchange: exchange.map(|index| EXCHANGES[index as usize].into()),
                dead_letter_routing_key: routing_key.map(|index| QUEUES[index].into()),
            };
            QueueOptions { exclusive, auto_delete, policy, ..QueueOptions::default() }
        },
    )
}
