//! Groups: who is in, who reads what, and what becomes of those who fall silent.

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use proptest::prelude::*;

use super::*;
use crate::log::group::GroupOptions;

const NONE: i16 = 0;
const ILLEGAL_GENERATION: i16 = 22;
const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;
const UNKNOWN_MEMBER_ID: i16 = 25;
const INVALID_SESSION_TIMEOUT: i16 = 26;
const REBALANCE_IN_PROGRESS: i16 = 27;
const MEMBER_ID_REQUIRED: i16 = 79;
const GROUP_MAX_SIZE_REACHED: i16 = 81;

/// A broker whose groups rebalance without delay.
fn eager() -> Play {
    delayed(0)
}

fn delayed(initial_rebalance_delay_ms: u64) -> Play {
    let group = GroupOptions { initial_rebalance_delay_ms, max_members: 3, ..GroupOptions::default() };
    Play::new(BrokerOptions { group, ..BrokerOptions::default() })
}

fn join_request(member_id: &str, protocols: &[&str]) -> JoinGroupRequest {
    let protocol = |name: &&str| {
        JoinGroupRequestProtocol::default().with_name(text(name)).with_metadata(Bytes::copy_from_slice(name.as_bytes()))
    };
    JoinGroupRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(20_000)
        .with_member_id(text(member_id))
        .with_protocol_type(text("consumer"))
        .with_protocols(protocols.iter().map(protocol).collect())
}

fn joined(response: Option<Response>) -> JoinGroupResponse {
    match response {
        Some(Response::JoinGroup(response)) => response,
        other => panic!("{other:?}"),
    }
}

impl Play {
    fn join(&mut self, request: JoinGroupRequest) -> RequestId {
        self.begin(ApiKey::JoinGroup, Request::JoinGroup(request))
    }

    /// Joins as a newcomer does: is given an id, and comes back with it.
    fn enter(&mut self) -> (String, RequestId) {
        let id = self.join(join_request("", &["range"]));
        let invited = joined(self.answer(id));
        assert_eq!(invited.error_code, MEMBER_ID_REQUIRED);
        let member_id = invited.member_id.to_string();
        let id = self.join(join_request(&member_id, &["range"]));
        (member_id, id)
    }

    fn sync(&mut self, member_id: &str, generation: i32, assignments: &[(&str, &'static str)]) -> RequestId {
        let assignment = |&(member, part): &(&str, &'static str)| {
            SyncGroupRequestAssignment::default().with_member_id(text(member)).with_assignment(part.into())
        };
        let request = SyncGroupRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_generation_id(generation)
            .with_member_id(text(member_id))
            .with_assignments(assignments.iter().map(assignment).collect());
        self.begin(ApiKey::SyncGroup, Request::SyncGroup(request))
    }

    /// The error code and the assignment of a sync.
    fn synced(&mut self, id: RequestId) -> (i16, Bytes) {
        match self.answer(id) {
            Some(Response::SyncGroup(response)) => (response.error_code, response.assignment),
            other => panic!("{other:?}"),
        }
    }

    fn heartbeat(&mut self, member_id: &str, generation: i32) -> i16 {
        let request = HeartbeatRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_generation_id(generation)
            .with_member_id(text(member_id));
        match self.ask(ApiKey::Heartbeat, Request::Heartbeat(request)) {
            Response::Heartbeat(response) => response.error_code,
            other => panic!("{other:?}"),
        }
    }

    fn leave(&mut self, member_id: &str) -> i16 {
        let request = LeaveGroupRequest::default().with_group_id(GroupId(text("g"))).with_member_id(text(member_id));
        match self.ask(ApiKey::LeaveGroup, Request::LeaveGroup(request)) {
            Response::LeaveGroup(response) => response.error_code,
            other => panic!("{other:?}"),
        }
    }

    fn commit_as(&mut self, member_id: &str, generation: i32) -> i16 {
        let partition = OffsetCommitRequestPartition::default().with_committed_offset(1);
        let topic = OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(text(member_id))
            .with_topics(vec![topic]);
        match self.ask(ApiKey::OffsetCommit, Request::OffsetCommit(request)) {
            Response::OffsetCommit(response) => response.topics[0].partitions[0].error_code,
            other => panic!("{other:?}"),
        }
    }

    /// A stable group of two in generation 2; the leader first.
    fn two(&mut self) -> (String, String) {
        let (first, id) = self.enter();
        assert_eq!(joined(self.answer(id)).generation_id, 1);
        let (second, second_joins) = self.enter();
        assert_eq!(self.heartbeat(&first, 1), REBALANCE_IN_PROGRESS);
        let first_joins = self.join(join_request(&first, &["range"]));
        let (at_first, at_second) = (joined(self.answer(first_joins)), joined(self.answer(second_joins)));
        assert_eq!((at_first.generation_id, at_second.generation_id), (2, 2));
        assert_eq!((at_first.leader.as_str(), at_second.leader.as_str()), (&first[..], &first[..]));
        assert_eq!((at_first.members.len(), at_second.members.len()), (2, 0));
        let waits = self.sync(&second, 2, &[]);
        assert!(self.answers.is_empty(), "the leader has not said anything yet");
        let leads = self.sync(&first, 2, &[(&first, "one"), (&second, "two")]);
        assert_eq!((self.synced(leads), self.synced(waits)), ((NONE, "one".into()), (NONE, "two".into())));
        (first, second)
    }
}

#[test]
fn two_join_and_the_leader_says_who_reads_what() {
    let mut play = eager();
    let (first, second) = play.two();
    assert_eq!((play.heartbeat(&first, 2), play.heartbeat(&second, 2)), (NONE, NONE));
    // a follower that asks again is told again; no rebalance
    let again = play.join(join_request(&second, &["range"]));
    assert_eq!(joined(play.answer(again)).generation_id, 2);
    let again = play.sync(&second, 2, &[]);
    assert_eq!(play.synced(again), (NONE, "two".into()));
    // a leader that joins again wants a rebalance
    play.join(join_request(&first, &["range"]));
    assert_eq!(play.heartbeat(&second, 2), REBALANCE_IN_PROGRESS);
}

#[test]
fn the_rest_rebalance_when_a_member_leaves() {
    let mut play = eager();
    let (first, second) = play.two();
    assert_eq!((play.leave(&first), play.leave(&first)), (NONE, UNKNOWN_MEMBER_ID));
    assert_eq!(play.heartbeat(&second, 2), REBALANCE_IN_PROGRESS);
    let id = play.join(join_request(&second, &["range"]));
    let response = joined(play.answer(id));
    assert_eq!((response.generation_id, response.leader.as_str()), (3, &second[..]));
    assert_eq!(play.leave(&second), NONE);
    assert_eq!(play.commit_as("", -1), NONE);
}

#[test]
fn a_silent_member_is_out_after_its_session_timeout_and_not_before() {
    let mut play = eager();
    let (first, second) = play.two();
    play.pass(9_999);
    assert_eq!(play.heartbeat(&first, 2), NONE);
    play.pass(1);
    assert_eq!(play.heartbeat(&first, 2), REBALANCE_IN_PROGRESS);
    assert_eq!(play.heartbeat(&second, 2), UNKNOWN_MEMBER_ID);
    assert_eq!(play.commit_as(&second, 2), UNKNOWN_MEMBER_ID);
}

#[test]
fn who_does_not_rejoin_in_time_is_left_behind() {
    let mut play = eager();
    let (first, second) = play.two();
    let id = play.join(join_request(&first, &["range"]));
    for _ in 0..3 {
        // heartbeats alone do not help
        play.pass(6_000);
        assert_eq!(play.heartbeat(&second, 2), REBALANCE_IN_PROGRESS);
        assert!(play.answer(id).is_none());
    }
    play.pass(2_000);
    let response = joined(play.answer(id));
    assert_eq!((response.generation_id, response.members.len()), (3, 1));
    assert_eq!(play.heartbeat(&second, 2), UNKNOWN_MEMBER_ID);
}

#[test]
fn a_leader_that_says_nothing_is_out() {
    let mut play = eager();
    let (first, second) = play.two();
    let leads = play.join(join_request(&first, &["range"]));
    let follows = play.join(join_request(&second, &["range"]));
    assert_eq!((joined(play.answer(leads)).generation_id, joined(play.answer(follows)).generation_id), (3, 3));
    let waits = play.sync(&second, 3, &[]);
    play.pass(9_000);
    // the leader lives but does not assign
    assert_eq!(play.heartbeat(&first, 3), NONE);
    play.pass(9_000);
    assert_eq!(play.heartbeat(&first, 3), NONE);
    play.pass(2_000);
    assert_eq!(play.synced(waits).0, REBALANCE_IN_PROGRESS);
    assert_eq!(play.heartbeat(&first, 3), UNKNOWN_MEMBER_ID);
}

#[test]
fn commits_count_only_from_members_of_this_generation() {
    let mut play = eager();
    assert_eq!(play.commit_as("", -1), NONE);
    let (first, second) = play.two();
    assert_eq!(play.commit_as("", -1), UNKNOWN_MEMBER_ID);
    assert_eq!((play.commit_as(&first, 2), play.commit_as(&first, 1)), (NONE, ILLEGAL_GENERATION));
    // while the group gathers, what was done is still committed; once it has a new generation it is not
    let leads = play.join(join_request(&first, &["range"]));
    assert_eq!(play.commit_as(&second, 2), NONE);
    let follows = play.join(join_request(&second, &["range"]));
    assert_eq!((joined(play.answer(leads)).error_code, joined(play.answer(follows)).error_code), (NONE, NONE));
    assert_eq!((play.commit_as(&second, 2), play.commit_as(&second, 3)), (ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS));
}

#[test]
fn an_empty_group_waits_for_those_who_start_together() {
    let mut play = delayed(3_000);
    let (_, first) = play.enter();
    play.pass(2_000);
    let (_, second) = play.enter();
    play.pass(1_000);
    // somebody came, so it waits once more
    let (_, third) = play.enter();
    play.pass(2_999);
    assert!(play.answers.is_empty());
    play.pass(3_001);
    let generations: Vec<_> =
        [first, second, third].into_iter().map(|id| joined(play.answer(id)).generation_id).collect();
    assert_eq!(generations, [1, 1, 1]);
}

#[test]
fn who_does_not_fit_is_refused() {
    let mut play = eager();
    let (first, _) = play.two();
    for (request, code) in [
        (join_request(&first, &["roundrobin"]), INCONSISTENT_GROUP_PROTOCOL),
        (join_request(&first, &["range"]).with_protocol_type(text("connect")), INCONSISTENT_GROUP_PROTOCOL),
        (join_request("somebody", &["range"]), UNKNOWN_MEMBER_ID),
        (join_request("", &["range"]).with_session_timeout_ms(5_999), INVALID_SESSION_TIMEOUT),
        (join_request("", &["range"]).with_session_timeout_ms(1_800_001), INVALID_SESSION_TIMEOUT),
        (join_request("", &["range"]).with_group_id(GroupId(text(""))), 24),
        (join_request("", &["range"]), MEMBER_ID_REQUIRED),
        (join_request("", &["range"]), GROUP_MAX_SIZE_REACHED),
    ] {
        let id = play.join(request);
        assert_eq!(joined(play.answer(id)).error_code, code);
    }
}

#[test]
fn the_assignor_is_one_that_all_have_and_most_prefer() {
    let mut play = delayed(1_000);
    let tastes: [&[&str]; 3] = [&["sticky", "range", "roundrobin"], &["roundrobin", "range"], &["range", "roundrobin"]];
    let ids = tastes.map(|protocols| {
        let request = Request::JoinGroup(join_request("", protocols));
        // before version 4 a newcomer is admitted without coming back
        play.send_in(ApiKey::JoinGroup, 3, request).0
    });
    play.pass(2_000);
    for id in ids {
        assert_eq!(joined(play.answer(id)).protocol_name.as_deref(), Some("range"));
    }
}

/// What a member, or somebody who knows its id, may do at any time.
#[derive(Clone, Debug)]
enum Deed {
    Enter,
    Join(usize),
    Sync(usize),
    Heartbeat(usize),
    Leave(usize),
    Pass(u64),
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => Just(Deed::Enter),
        4 => (0..4_usize).prop_map(Deed::Join),
        4 => (0..4_usize).prop_map(Deed::Sync),
        2 => (0..4_usize).prop_map(Deed::Heartbeat),
        1 => (0..4_usize).prop_map(Deed::Leave),
        2 => (0..12_000_u64).prop_map(Deed::Pass),
    ]
}

proptest! {
    /// Whatever members do, every request is answered exactly once, in the end; generations only grow; and in each
    /// generation there is one leader.
    #[test]
    fn nobody_waits_for_ever(deeds in prop::collection::vec(any_deed(), 1..60), delay_ms in prop_oneof![Just(0), Just(3_000)]) {
        let mut play = delayed(delay_ms);
        // a group that has committed nothing is forgotten when it is empty, and then counts from 1 again
        prop_assert_eq!(play.commit_as("", -1), NONE);
        let (mut ids, mut generation, mut asked) = (Vec::<String>::new(), 0, 0);
        let mut leaders = BTreeMap::new();
        for deed in deeds {
            let known = |index: usize, ids: &[String]| ids.get(index % ids.len().max(1)).cloned().unwrap_or_default();
            match deed {
                Deed::Enter => { play.join(join_request("", &["range"])); asked += 1; }
                Deed::Join(index) => { play.join(join_request(&known(index, &ids), &["range"])); asked += 1; }
                Deed::Sync(index) => { play.sync(&known(index, &ids), generation, &[]); asked += 1; }
                Deed::Heartbeat(index) => { play.heartbeat(&known(index, &ids), generation); }
                Deed::Leave(index) => { play.leave(&known(index, &ids)); }
                Deed::Pass(milliseconds) => play.pass(milliseconds),
            }
            for response in play.answers.values() {
                let Response::JoinGroup(response) = response else { continue };
                if response.error_code == MEMBER_ID_REQUIRED && !ids.contains(&response.member_id.to_string()) {
                    ids.push(response.member_id.to_string());
                }
                if response.error_code == NONE {
                    generation = generation.max(response.generation_id);
                    let leader = leaders.entry(response.generation_id).or_insert(response.leader.clone());
                    prop_assert_eq!(&*leader, &response.leader);
                }
            }
        }
        // long enough for every session and every rebalance, one after the other
        for _ in 0..20 {
            play.pass(20_000);
        }
        prop_assert_eq!(play.answers.len(), asked);
        // and then nobody is left: whoever wants to may commit from outside
        prop_assert_eq!(play.commit_as("", -1), NONE);
    }
}
