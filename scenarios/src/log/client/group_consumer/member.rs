//! A member's part of the group protocol: join, be told or tell who reads what, leave.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use handoff_broker::Runtime;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_protocol_assignment::{ConsumerProtocolAssignment, TopicPartition as Assigned};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    ConsumerProtocolSubscription, GroupId, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, SyncGroupRequest,
    TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use super::GroupConsumerOptions;
use super::assignor::assign_ranges;
use crate::log::client::connection::Connection;
use crate::log::client::error::{ClientError, check};
use crate::log::client::topic_partition::{TopicPartition, partition_count};
use crate::log::wire::shape::{self, Field};

/// The version of what members tell each other.
const PROTOCOL_VERSION: i16 = 0;

/// What a member is in one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) member_id: String,
    pub(super) generation: i32,
}

/// The protocol from the side of one member.
pub(super) struct Member<R: Runtime> {
    connection: Connection<R>,
    group: GroupId,
    topics: Vec<String>,
    session_timeout: Duration,
    rebalance_timeout: Duration,
    /// Given by the broker; empty before that, and after the broker has thrown the member out.
    member_id: String,
}

impl<R: Runtime> Member<R> {
    pub(super) fn new(connection: Connection<R>, topics: &[&str], options: &GroupConsumerOptions) -> Self {
        Member {
            connection,
            group: GroupId(options.consumer.group.clone().into()),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            session_timeout: options.session_timeout,
            rebalance_timeout: options.max_poll_interval,
            member_id: String::new(),
        }
    }

    pub(super) fn group(&self) -> &GroupId {
        &self.group
    }

    /// Joins as a new member next time.
    pub(super) fn forget_id(&mut self) {
        self.member_id.clear();
    }

    /// Joins, as often as others come or go meanwhile, until it knows what to read.
    pub(super) async fn join(&mut self) -> Result<(Membership, Vec<TopicPartition>), ClientError> {
        loop {
            let joined = self.send_join().await?;
            match check(joined.error_code) {
                Ok(()) => {}
                Err(ClientError::Refused(ResponseError::MemberIdRequired)) => {
                    self.member_id = joined.member_id.to_string();
                    continue;
                }
                Err(error) => {
                    self.after_refusal(error)?;
                    continue;
                }
            }
            self.member_id = joined.member_id.to_string();
            match self.sync(&joined).await {
                Ok(partitions) => {
                    let membership = Membership { member_id: self.member_id.clone(), generation: joined.generation_id };
                    return Ok((membership, partitions));
                }
                Err(error) => self.after_refusal(error)?,
            }
        }
    }

    /// Whether it makes sense to join again; otherwise the error.
    fn after_refusal(&mut self, error: ClientError) -> Result<(), ClientError> {
        match error {
            ClientError::Refused(ResponseError::UnknownMemberId) => {
                self.forget_id();
                Ok(())
            }
            ClientError::Refused(ResponseError::RebalanceInProgress | ResponseError::IllegalGeneration) => Ok(()),
            error => Err(error),
        }
    }

    async fn send_join(&self) -> Result<JoinGroupResponse, ClientError> {
        let topics = self.topics.iter().map(|topic| topic.clone().into()).collect();
        let subscription = embed(&ConsumerProtocolSubscription::default().with_topics(topics))?;
        let range = JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("range"));
        let request = JoinGroupRequest::default()
            .with_group_id(self.group.clone())
            .with_session_timeout_ms(milliseconds(self.session_timeout))
            .with_rebalance_timeout_ms(milliseconds(self.rebalance_timeout))
            .with_member_id(self.member_id.clone().into())
            .with_protocol_type(StrBytes::from_static_str("consumer"))
            .with_protocols(vec![range.with_metadata(subscription)]);
        self.connection.begin(&request, self.rebalance_timeout)?.answer().await
    }

    /// Tells the others what they read, if this member leads, and learns what it reads itself.
    async fn sync(&self, joined: &JoinGroupResponse) -> Result<Vec<TopicPartition>, ClientError> {
        let assignments = if joined.leader == joined.member_id { self.assign(joined).await? } else { Vec::new() };
        let request = SyncGroupRequest::default()
            .with_group_id(self.group.clone())
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id.clone())
            .with_assignments(assignments);
        let response = self.connection.begin(&request, self.rebalance_timeout)?.answer().await?;
        check(response.error_code)?;
        if response.assignment.is_empty() {
            return Ok(Vec::new());
        }
        let assignment: ConsumerProtocolAssignment = extract(shape::ASSIGNMENT, response.assignment)?;
        let partitions = assignment.assigned_partitions.iter().flat_map(|assigned| {
            let partition = |partition: &i32| TopicPartition::new(assigned.topic.as_str(), *partition);
            assigned.partitions.iter().map(partition)
        });
        Ok(partitions.collect())
    }

    async fn assign(&self, joined: &JoinGroupResponse) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
        let mut subscriptions = BTreeMap::new();
        for member in &joined.members {
            let subscription: ConsumerProtocolSubscription = extract(shape::SUBSCRIPTION, member.metadata.clone())?;
            let topics: Vec<_> = subscription.topics.iter().map(|topic| topic.to_string()).collect();
            subscriptions.insert(member.member_id.to_string(), topics);
        }
        let mut partition_counts = BTreeMap::new();
        for topic in subscriptions.values().flatten().collect::<BTreeSet<_>>() {
            partition_counts.insert(topic.clone(), partition_count(&self.connection, topic).await?);
        }
        let assigned = assign_ranges(&subscriptions, &partition_counts);
        assigned.into_iter().map(|(member_id, partitions)| encode_assignment(member_id, &partitions)).collect()
    }

    /// Leaves, so that the others need not wait for the session's end.
    pub(super) async fn leave(&mut self) -> Result<(), ClientError> {
        let member_id = std::mem::take(&mut self.member_id);
        leave(&self.connection, &self.group, &member_id).await
    }
}

/// Takes a member out of its group.
pub(super) async fn leave<R: Runtime>(
    connection: &Connection<R>,
    group: &GroupId,
    member_id: &str,
) -> Result<(), ClientError> {
    let request = LeaveGroupRequest::default().with_group_id(group.clone()).with_member_id(member_id.to_owned().into());
    check(connection.call(&request).await?.error_code)
}

fn encode_assignment(
    member_id: String,
    partitions: &[TopicPartition],
) -> Result<SyncGroupRequestAssignment, ClientError> {
    let mut topics: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
    for partition in partitions {
        topics.entry(partition.topic_name()).or_default().push(partition.partition);
    }
    let assigned =
        topics.into_iter().map(|(topic, partitions)| Assigned::default().with_topic(topic).with_partitions(partitions));
    let assignment = embed(&ConsumerProtocolAssignment::default().with_assigned_partitions(assigned.collect()))?;
    Ok(SyncGroupRequestAssignment::default().with_member_id(member_id.into()).with_assignment(assignment))
}

/// A message from member to member, its version first.
fn embed(message: &impl Encodable) -> Result<Bytes, ClientError> {
    let mut bytes = BytesMut::new();
    bytes.put_i16(PROTOCOL_VERSION);
    message.encode(&mut bytes, PROTOCOL_VERSION).map_err(|_| ClientError::Unencodable)?;
    Ok(bytes.freeze())
}

/// Reads a message from member to member. Later versions only add to its end.
fn extract<M: Decodable>(fields: &[Field], mut bytes: Bytes) -> Result<M, ClientError> {
    if bytes.len() < 2 {
        return Err(ClientError::Malformed);
    }
    let mut body = bytes.split_off(2);
    shape::check_embedded(fields, &body).map_err(|_| ClientError::Malformed)?;
    M::decode(&mut body, PROTOCOL_VERSION).map_err(|_| ClientError::Malformed)
}

fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
