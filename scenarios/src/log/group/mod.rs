//! Consumer groups: how far each has come, and who is in it.
//!
//! A group is there from the first commit or join on. Its members share its partitions by the classic protocol: they
//! join, the one who leads says who reads what, all are told by sync, and heartbeats keep them in. The broker does not
//! look into subscriptions and assignments: any assignor works, cooperative ones too. Static membership is not offered.

mod membership;
mod offsets;

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest, LeaveGroupResponse, OffsetCommitRequest,
    SyncGroupRequest,
};

use super::broker::RequestId;
use super::wire::api::Response;
use membership::{Joining, Membership};
use offsets::Offsets;

pub use offsets::{Committed, CommittedTopic};

/// How consumer groups are run. Names, meanings and defaults are Kafka's, but for the limits on numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOptions {
    /// The shortest session timeout a member may ask for (`group.min.session.timeout.ms`).
    pub min_session_timeout_ms: u64,
    /// The longest session timeout a member may ask for (`group.max.session.timeout.ms`).
    pub max_session_timeout_ms: u64,
    /// How long an empty group waits for more members after the first one, and after each further one
    /// (`group.initial.rebalance.delay.ms`).
    pub initial_rebalance_delay_ms: u64,
    /// The most members in a group.
    pub max_members: usize,
    /// The most groups.
    pub max_groups: usize,
    /// The longest note with a committed offset, in bytes (`offset.metadata.max.bytes`).
    pub max_metadata_bytes: usize,
}

impl Default for GroupOptions {
    fn default() -> Self {
        GroupOptions {
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            initial_rebalance_delay_ms: 3_000,
            max_members: 1_000,
            max_groups: 1_000,
            max_metadata_bytes: 4_096,
        }
    }
}

/// Responses to requests that had to wait.
type Answers = Vec<(RequestId, Response)>;

/// One group.
#[derive(Debug, Default)]
pub struct Group {
    offsets: Offsets,
    membership: Membership,
    max_metadata_bytes: usize,
}

impl Group {
    /// Notes how far the group has come in a partition.
    pub fn commit(&mut self, topic: &str, partition: i32, committed: Committed) -> Result<(), ResponseError> {
        if committed.metadata.len() > self.max_metadata_bytes {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        self.offsets.commit(topic, partition, committed);
        Ok(())
    }
}

/// All groups, by name.
#[derive(Debug)]
pub struct Groups {
    options: GroupOptions,
    groups: BTreeMap<String, Group>,
    /// Counts requests to join.
    joins: u64,
}

impl Groups {
    /// No groups.
    pub fn new(options: GroupOptions) -> Self {
        Groups { options, groups: BTreeMap::new(), joins: 0 }
    }

    /// Groups with the same committed offsets, and without members. These are left empty.
    pub fn recover(&mut self, options: GroupOptions) -> Groups {
        let mut groups = std::mem::take(&mut self.groups);
        groups.values_mut().for_each(|group| group.membership = Membership::default());
        groups.retain(|_, group| !group.is_unused());
        Groups { groups, ..Groups::new(options) }
    }

    /// A member joins or rejoins. Answered when all have joined, or at once if it may not.
    pub fn join(
        &mut self,
        id: RequestId,
        request: &JoinGroupRequest,
        client_id: &str,
        requires_member_id: bool,
        now: Timestamp,
        answers: &mut Answers,
    ) {
        self.joins += 1;
        let (serial, options) = (self.joins, self.options.clone());
        let joining = Joining { id, request, client_id, requires_member_id, serial, now, options: &options };
        match self.group(&request.group_id) {
            Ok(group) => group.membership.join(&joining, answers),
            Err(error) => answers.push(joining.refusal(error, &request.member_id)),
        }
    }

    /// A member wants its assignment, the leader brings everyone's. Answered when the leader has.
    pub fn sync(&mut self, id: RequestId, request: &SyncGroupRequest, now: Timestamp, answers: &mut Answers) {
        let outcome = match self.groups.get_mut(request.group_id.as_str()) {
            Some(group) => group.membership.sync(id, request, now, answers),
            None => Err(ResponseError::UnknownMemberId),
        };
        if let Err(error) = outcome {
            answers.push((id, membership::sync_response(Some(error), Default::default())));
        }
    }

    /// A member says that it lives, and learns whether it has to rejoin.
    pub fn heartbeat(&mut self, request: &HeartbeatRequest, now: Timestamp) -> HeartbeatResponse {
        let outcome = match self.groups.get_mut(request.group_id.as_str()) {
            Some(group) => group.membership.heartbeat(&request.member_id, request.generation_id, now),
            None => Err(ResponseError::UnknownMemberId),
        };
        HeartbeatResponse::default().with_error_code(outcome.err().map_or(0, |error| error.code()))
    }

    /// A member goes; the others share what it had.
    pub fn leave(&mut self, request: &LeaveGroupRequest, now: Timestamp, answers: &mut Answers) -> LeaveGroupResponse {
        let outcome = match self.groups.get_mut(request.group_id.as_str()) {
            Some(group) => group.membership.leave(&request.member_id, now, &self.options, answers),
            None => Err(ResponseError::UnknownMemberId),
        };
        self.forget_unused(&request.group_id);
        LeaveGroupResponse::default().with_error_code(outcome.err().map_or(0, |error| error.code()))
    }

    /// The group that a commit is for, if whoever sent it may commit now.
    pub fn committer(&mut self, request: &OffsetCommitRequest, now: Timestamp) -> Result<&mut Group, ResponseError> {
        let generation = request.generation_id_or_member_epoch;
        let group = self.group(&request.group_id)?;
        group.membership.check_commit(&request.member_id, generation, now)?;
        Ok(group)
    }

    /// What a group has committed for a partition.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<Committed> {
        self.groups.get(group)?.offsets.committed(topic, partition)
    }

    /// All that a group has committed.
    pub fn all_committed(&self, group: &str) -> Vec<CommittedTopic> {
        self.groups.get(group).map(|group| group.offsets.all()).unwrap_or_default()
    }

    /// Forgets what is committed for a topic that is gone, and groups of which nothing else was known.
    pub fn forget_topic(&mut self, topic: &str) {
        self.groups.values_mut().for_each(|group| group.offsets.forget(topic));
        self.groups.retain(|_, group| !group.is_unused());
    }

    /// Each group's name with all that it has committed.
    pub fn all(&self) -> impl Iterator<Item = (&str, Vec<CommittedTopic>)> {
        self.groups.iter().map(|(name, group)| (name.as_str(), group.offsets.all()))
    }

    /// When [`expire`](Groups::expire) has to be called next.
    pub fn next_deadline(&self) -> Timestamp {
        let deadlines = self.groups.values().map(|group| group.membership.next_deadline());
        deadlines.min().unwrap_or(Timestamp::NEVER)
    }

    /// Ends the sessions of silent members and the rebalances that took too long.
    pub fn expire(&mut self, now: Timestamp, answers: &mut Answers) {
        for group in self.groups.values_mut() {
            if group.membership.next_deadline() <= now {
                group.membership.expire(now, &self.options, answers);
            }
        }
        self.groups.retain(|_, group| !group.is_unused());
    }

    /// The group called `name`, which is created when first named.
    fn group(&mut self, name: &str) -> Result<&mut Group, ResponseError> {
        if name.is_empty() {
            return Err(ResponseError::InvalidGroupId);
        }
        if !self.groups.contains_key(name) && self.groups.len() >= self.options.max_groups {
            return Err(ResponseError::PolicyViolation);
        }
        let max_metadata_bytes = self.options.max_metadata_bytes;
        Ok(self.groups.entry(name.to_owned()).or_insert_with(|| Group { max_metadata_bytes, ..Group::default() }))
    }

    fn forget_unused(&mut self, name: &str) {
        if self.groups.get(name).is_some_and(Group::is_unused) {
            self.groups.remove(name);
        }
    }
}

impl Group {
    /// Nobody is in it and it has committed nothing.
    fn is_unused(&self) -> bool {
        self.offsets.is_empty() && self.membership.is_vacant()
    }
}
