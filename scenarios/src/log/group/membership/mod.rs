//! Who is in a group: a state machine with the four states of Kafka's classic protocol.
//!
//! ```text
//!            first join            all joined, or time is up           the leader brings assignments
//!    Empty ------------> Preparing ---------------------> Completing ---------------------> Stable
//!      ^                    ^ ^                               |                               |
//!      | nobody is left     | '---- a member comes or goes ---'                               |
//!      '--------------------'-------------------------- a member comes or goes ---------------'
//! ```
//!
//! Every rebalance is a new generation; who speaks of an older one is told so. This file answers members one at a
//! time; [`rebalance`] moves the whole group from state to state.

mod joining;
mod rebalance;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};

use super::{Answers, GroupOptions};
use crate::log::broker::RequestId;
use crate::log::wire::api::Response;
use rebalance::Gathering;

pub(super) use joining::Joining;
use joining::refused_join;

/// What a group is doing.
#[derive(Debug, Default)]
enum State {
    /// Nobody is in it.
    #[default]
    Empty,
    /// Members are joining. At the deadline it goes on without those who have not.
    PreparingRebalance { deadline: Timestamp, gathering: Option<Gathering> },
    /// All have joined, and the leader is to bring assignments. At the deadline those who have not synced are out.
    CompletingRebalance { deadline: Timestamp },
    /// Everyone knows what to read.
    Stable,
}

/// One member.
#[derive(Debug)]
struct Member {
    session_timeout: Duration,
    rebalance_timeout: Duration,
    /// Assignors that it can use, in order of preference, each with its subscription.
    protocols: Vec<(String, Bytes)>,
    assignment: Bytes,
    /// When it is out, unless it is heard of before.
    expires_at: Timestamp,
    /// Its join that waits for the others.
    joining: Option<RequestId>,
    /// Its sync that waits for the leader.
    syncing: Option<RequestId>,
}

impl Member {
    fn renew(&mut self, now: Timestamp) {
        self.expires_at = now + self.session_timeout;
    }

    /// Waiting is a sign of life.
    fn is_waiting(&self) -> bool {
        self.joining.is_some() || self.syncing.is_some()
    }

    fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }
}

/// Who is in a group, and what the group is doing.
#[derive(Debug, Default)]
pub(super) struct Membership {
    state: State,
    /// Counts rebalances.
    generation: i32,
    protocol_type: String,
    /// The assignor that was agreed on; empty before that.
    protocol: String,
    /// The member that assigns.
    leader: String,
    members: BTreeMap<String, Member>,
    /// Ids that were given out and have not joined yet, and when they stop counting.
    invited: BTreeMap<String, Timestamp>,
}

impl Membership {
    /// Nobody is in it or about to be.
    pub(super) fn is_vacant(&self) -> bool {
        self.members.is_empty() && self.invited.is_empty()
    }

    pub(super) fn join(&mut self, joining: &Joining, answers: &mut Answers) {
        let member_id = joining.request.member_id.as_str();
        let outcome = match member_id {
            "" => self.newcomer(joining, answers),
            _ => self.known(joining, answers).map_err(|error| (error, member_id.to_owned())),
        };
        if let Err((error, member_id)) = outcome {
            answers.push(joining.refusal(error, &member_id));
        }
    }

    /// One without an id: it is given one.
    fn newcomer(&mut self, joining: &Joining, answers: &mut Answers) -> Result<(), (ResponseError, String)> {
        let nobody = |error| (error, String::new());
        let member = joining.member().map_err(nobody)?;
        self.check_protocols(&member, joining).map_err(nobody)?;
        if self.members.len() + self.invited.len() >= joining.options.max_members {
            return Err(nobody(ResponseError::GroupMaxSizeReached));
        }
        let member_id = format!("{}-{}-{}", joining.client_id, joining.now.as_nanoseconds(), joining.serial);
        if joining.requires_member_id {
            self.invited.insert(member_id.clone(), member.expires_at);
            return Err((ResponseError::MemberIdRequired, member_id));
        }
        self.admit(member_id, member, joining, answers);
        Ok(())
    }

    /// One with an id that it was given.
    fn known(&mut self, joining: &Joining, answers: &mut Answers) -> Result<(), ResponseError> {
        let member_id = joining.request.member_id.as_str();
        let rejoined = joining.member()?;
        self.check_protocols(&rejoined, joining)?;
        if self.invited.remove(member_id).is_some() {
            self.admit(member_id.to_owned(), rejoined, joining, answers);
            return Ok(());
        }
        let member = self.members.get_mut(member_id).ok_or(ResponseError::UnknownMemberId)?;
        let is_unchanged = member.protocols == rejoined.protocols;
        let needs_no_rebalance = match self.state {
            State::CompletingRebalance { .. } => is_unchanged,
            State::Stable => is_unchanged && self.leader != member_id,
            State::Empty | State::PreparingRebalance { .. } => false,
        };
        if needs_no_rebalance {
            member.renew(joining.now);
            answers.push((joining.id, self.join_response(member_id)));
            return Ok(());
        }
        let replaced = std::mem::replace(member, rejoined);
        if let Some(id) = replaced.joining {
            answers.push((id, refused_join(ResponseError::RebalanceInProgress, member_id)));
        }
        if let Some(id) = replaced.syncing {
            answers.push((id, sync_response(Some(ResponseError::RebalanceInProgress), Bytes::new())));
        }
        self.prepare_rebalance(joining.now, joining.options, answers);
        Ok(())
    }

    fn admit(&mut self, member_id: String, member: Member, joining: &Joining, answers: &mut Answers) {
        self.protocol_type = joining.request.protocol_type.to_string();
        self.members.insert(member_id, member);
        self.note_growth();
        self.prepare_rebalance(joining.now, joining.options, answers);
    }

    /// All members must have at least one assignor in common.
    fn check_protocols(&self, member: &Member, joining: &Joining) -> Result<(), ResponseError> {
        let is_common = |name: &str| self.members.values().all(|other| other.supports(name));
        let agrees = member.protocols.iter().any(|(name, _)| is_common(name));
        let same_type = self.members.is_empty() || joining.request.protocol_type.as_str() == self.protocol_type;
        if agrees && same_type && !joining.request.protocol_type.is_empty() {
            Ok(())
        } else {
            Err(ResponseError::InconsistentGroupProtocol)
        }
    }

    pub(super) fn sync(
        &mut self,
        id: RequestId,
        request: &SyncGroupRequest,
        now: Timestamp,
        answers: &mut Answers,
    ) -> Result<(), ResponseError> {
        let member_id = request.member_id.as_str();
        self.renew(member_id, request.generation_id, now)?;
        let member = self.members.get_mut(member_id).ok_or(ResponseError::UnknownMemberId)?;
        match self.state {
            State::Empty => Err(ResponseError::UnknownMemberId),
            State::PreparingRebalance { .. } => Err(ResponseError::RebalanceInProgress),
            State::Stable => {
                let assignment = member.assignment.clone();
                answers.push((id, sync_response(None, assignment)));
                Ok(())
            }
            State::CompletingRebalance { .. } => {
                if let Some(replaced) = member.syncing.replace(id) {
                    answers.push((replaced, sync_response(Some(ResponseError::RebalanceInProgress), Bytes::new())));
                }
                if member_id == self.leader {
                    self.distribute(request, now, answers);
                }
                Ok(())
            }
        }
    }

    pub(super) fn heartbeat(&mut self, member_id: &str, generation: i32, now: Timestamp) -> Result<(), ResponseError> {
        self.renew(member_id, generation, now)?;
        match self.state {
            State::PreparingRebalance { .. } => Err(ResponseError::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    pub(super) fn leave(
        &mut self,
        member_id: &str,
        now: Timestamp,
        options: &GroupOptions,
        answers: &mut Answers,
    ) -> Result<(), ResponseError> {
        if self.invited.remove(member_id).is_none() && !self.members.contains_key(member_id) {
            return Err(ResponseError::UnknownMemberId);
        }
        self.remove(&[member_id.to_owned()], now, options, answers);
        Ok(())
    }

    /// Whether a commit counts: from a member of this generation, or from outside while nobody is in the group.
    pub(super) fn check_commit(
        &mut self,
        member_id: &str,
        generation: i32,
        now: Timestamp,
    ) -> Result<(), ResponseError> {
        if generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        self.renew(member_id, generation, now)?;
        match self.state {
            State::CompletingRebalance { .. } => Err(ResponseError::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// A member that speaks of this generation; its session goes on.
    fn renew(&mut self, member_id: &str, generation: i32, now: Timestamp) -> Result<(), ResponseError> {
        let member = self.members.get_mut(member_id).ok_or(ResponseError::UnknownMemberId)?;
        if generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        member.renew(now);
        Ok(())
    }
}

pub(super) fn sync_response(error: Option<ResponseError>, assignment: Bytes) -> Response {
    let code = error.map_or(0, |error| error.code());
    Response::SyncGroup(SyncGroupResponse::default().with_error_code(code).with_assignment(assignment))
}
