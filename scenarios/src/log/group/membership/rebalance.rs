//! The group as a whole: from gathering members to everyone knowing what to read, and again when one comes or goes.

use std::time::Duration;

use bytes::Bytes;
use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupRequest};

use super::{Member, Membership, State, refused_join, sync_response};
use crate::log::broker::RequestId;
use crate::log::group::{Answers, GroupOptions};
use crate::log::wire::api::Response;

/// An empty group waits a little for more members than the first, so that ten that start together make one rebalance
/// and not ten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathering {
    /// However many come, it goes on then.
    until_at_most: Timestamp,
    /// Whether anybody came since the deadline was set.
    grew: bool,
}

impl Membership {
    pub(in crate::log::group) fn next_deadline(&self) -> Timestamp {
        let state = match self.state {
            State::PreparingRebalance { deadline, .. } | State::CompletingRebalance { deadline } => deadline,
            State::Empty | State::Stable => Timestamp::NEVER,
        };
        let sessions = self.members.values().filter(|member| !member.is_waiting()).map(|member| member.expires_at);
        sessions.chain(self.invited.values().copied()).fold(state, Timestamp::min)
    }

    pub(in crate::log::group) fn expire(&mut self, now: Timestamp, options: &GroupOptions, answers: &mut Answers) {
        self.invited.retain(|_, expires_at| *expires_at > now);
        let is_silent = |member: &Member| !member.is_waiting() && member.expires_at <= now;
        let silent = self.ids_where(is_silent);
        self.remove(&silent, now, options, answers);
        match self.state {
            State::PreparingRebalance { deadline, gathering } if deadline <= now => {
                self.end_of_waiting(gathering, now, options, answers);
            }
            State::CompletingRebalance { deadline } if deadline <= now => {
                let late = self.ids_where(|member| member.syncing.is_none());
                self.remove(&late, now, options, answers);
            }
            _ => {}
        }
    }

    fn ids_where(&self, matches: impl Fn(&Member) -> bool) -> Vec<String> {
        self.members.iter().filter(|(_, member)| matches(member)).map(|(id, _)| id.clone()).collect()
    }

    /// Takes members out. The rest rebalance if any of them was in.
    pub(super) fn remove(&mut self, ids: &[String], now: Timestamp, options: &GroupOptions, answers: &mut Answers) {
        let mut was_member = false;
        for id in ids {
            let Some(member) = self.members.remove(id) else { continue };
            was_member = true;
            if let Some(request) = member.joining {
                answers.push((request, refused_join(ResponseError::UnknownMemberId, id)));
            }
            if let Some(request) = member.syncing {
                answers.push((request, sync_response(Some(ResponseError::UnknownMemberId), Bytes::new())));
            }
        }
        match self.state {
            State::PreparingRebalance { .. } => self.complete_join_if_all_joined(now, answers),
            State::CompletingRebalance { .. } | State::Stable if was_member => {
                self.prepare_rebalance(now, options, answers);
            }
            _ => {}
        }
    }

    pub(super) fn note_growth(&mut self) {
        if let State::PreparingRebalance { gathering: Some(gathering), .. } = &mut self.state {
            gathering.grew = true;
        }
    }

    /// Asks everyone to join again. Whoever has not within the longest rebalance timeout is out.
    pub(super) fn prepare_rebalance(&mut self, now: Timestamp, options: &GroupOptions, answers: &mut Answers) {
        let rebalance_timeout = self.longest_rebalance_timeout();
        let delay = Duration::from_millis(options.initial_rebalance_delay_ms).min(rebalance_timeout);
        match self.state {
            State::PreparingRebalance { .. } => {}
            State::Empty if !delay.is_zero() => {
                let gathering = Gathering { until_at_most: now + rebalance_timeout, grew: false };
                self.state = State::PreparingRebalance { deadline: now + delay, gathering: Some(gathering) };
            }
            State::Empty | State::CompletingRebalance { .. } | State::Stable => {
                self.refuse_syncs(now, answers);
                self.state = State::PreparingRebalance { deadline: now + rebalance_timeout, gathering: None };
            }
        }
        self.complete_join_if_all_joined(now, answers);
    }

    fn longest_rebalance_timeout(&self) -> Duration {
        self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or_default()
    }

    fn refuse_syncs(&mut self, now: Timestamp, answers: &mut Answers) {
        for member in self.members.values_mut() {
            if let Some(id) = member.syncing.take() {
                // it has not been silent, it has been made to wait
                member.renew(now);
                answers.push((id, sync_response(Some(ResponseError::RebalanceInProgress), Bytes::new())));
            }
        }
    }

    fn complete_join_if_all_joined(&mut self, now: Timestamp, answers: &mut Answers) {
        // those who were invited are waited for, but not by nobody
        let all_came = self.members.is_empty() || self.invited.is_empty();
        let all_joined = all_came && self.members.values().all(|member| member.joining.is_some());
        if all_joined && matches!(self.state, State::PreparingRebalance { gathering: None, .. }) {
            self.complete_join(now, answers);
        }
    }

    /// The deadline for joining has passed: a gathering that grew waits once more, anything else goes on.
    fn end_of_waiting(
        &mut self,
        gathering: Option<Gathering>,
        now: Timestamp,
        options: &GroupOptions,
        answers: &mut Answers,
    ) {
        match gathering {
            Some(Gathering { until_at_most, grew: true }) if now < until_at_most => {
                let deadline = now + Duration::from_millis(options.initial_rebalance_delay_ms);
                let gathering = Some(Gathering { until_at_most, grew: false });
                self.state = State::PreparingRebalance { deadline: deadline.min(until_at_most), gathering };
            }
            _ => self.complete_join(now, answers),
        }
    }

    /// A new generation of those who have joined; the others are out.
    fn complete_join(&mut self, now: Timestamp, answers: &mut Answers) {
        self.members.retain(|_, member| member.joining.is_some());
        self.generation = self.generation.wrapping_add(1).max(1);
        let Some(first) = self.members.keys().next() else {
            self.protocol.clear();
            self.leader.clear();
            self.state = State::Empty;
            return;
        };
        if !self.members.contains_key(&self.leader) {
            self.leader = first.clone();
        }
        self.protocol = self.elect_protocol();
        self.state = State::CompletingRebalance { deadline: now + self.longest_rebalance_timeout() };
        let joined: Vec<(String, RequestId)> = self
            .members
            .iter_mut()
            .filter_map(|(member_id, member)| {
                member.renew(now);
                member.assignment = Bytes::new();
                Some((member_id.clone(), member.joining.take()?))
            })
            .collect();
        for (member_id, id) in joined {
            answers.push((id, self.join_response(&member_id)));
        }
    }

    /// Each member votes for the first of its assignors that all have; the most votes win, the leader's taste breaks a
    /// tie.
    fn elect_protocol(&self) -> String {
        let is_common = |name: &str| self.members.values().all(|member| member.supports(name));
        let vote =
            |member: &Member| member.protocols.iter().map(|(name, _)| name).find(|name| is_common(name)).cloned();
        let votes: Vec<String> = self.members.values().filter_map(vote).collect();
        let candidates = self.members.get(&self.leader).map(|leader| &leader.protocols[..]).unwrap_or_default();
        let count = |name: &str| votes.iter().filter(|vote| *vote == name).count();
        // the last of equals wins in max_by_key, so the order is turned round
        candidates.iter().rev().map(|(name, _)| name).max_by_key(|name| count(name)).cloned().unwrap_or_default()
    }

    /// What a member is told when it has joined; the leader is told of everyone.
    pub(super) fn join_response(&self, member_id: &str) -> Response {
        let metadata = |member: &Member| {
            let chosen = member.protocols.iter().find(|(name, _)| *name == self.protocol);
            chosen.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
        };
        let describe = |(id, member): (&String, &Member)| {
            JoinGroupResponseMember::default().with_member_id(id.clone().into()).with_metadata(metadata(member))
        };
        let is_leader = member_id == self.leader;
        let members = if is_leader { self.members.iter().map(describe).collect() } else { Vec::new() };
        let response = JoinGroupResponse::default()
            .with_generation_id(self.generation)
            .with_protocol_name(Some(self.protocol.clone().into()))
            .with_leader(self.leader.clone().into())
            .with_member_id(member_id.to_owned().into())
            .with_members(members);
        Response::JoinGroup(response)
    }

    /// The leader has said who reads what: everyone who waits is told, the group is stable.
    pub(super) fn distribute(&mut self, request: &SyncGroupRequest, now: Timestamp, answers: &mut Answers) {
        for assigned in &request.assignments {
            if let Some(member) = self.members.get_mut(assigned.member_id.as_str()) {
                member.assignment = Bytes::copy_from_slice(&assigned.assignment);
            }
        }
        self.state = State::Stable;
        for member in self.members.values_mut() {
            if let Some(id) = member.syncing.take() {
                member.renew(now);
                answers.push((id, sync_response(None, member.assignment.clone())));
            }
        }
    }
}
