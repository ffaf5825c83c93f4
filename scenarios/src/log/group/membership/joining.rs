//! A request to join, and what it says of the member.

use std::time::Duration;

use bytes::Bytes;
use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};

use super::Member;
use crate::log::broker::RequestId;
use crate::log::group::GroupOptions;
use crate::log::wire::api::Response;

/// A request to join, with all that is needed to judge it.
pub(in crate::log::group) struct Joining<'a> {
    pub(in crate::log::group) id: RequestId,
    pub(in crate::log::group) request: &'a JoinGroupRequest,
    pub(in crate::log::group) client_id: &'a str,
    /// A newcomer is first given an id and has to come back with it (KIP-394).
    pub(in crate::log::group) requires_member_id: bool,
    /// Makes a new member's id one that nobody ever had, together with the time, should the broker have been restarted.
    pub(in crate::log::group) serial: u64,
    pub(in crate::log::group) now: Timestamp,
    pub(in crate::log::group) options: &'a GroupOptions,
}

impl Joining<'_> {
    /// The answer that says no.
    pub(in crate::log::group) fn refusal(&self, error: ResponseError, member_id: &str) -> (RequestId, Response) {
        (self.id, refused_join(error, member_id))
    }

    fn session_timeout(&self) -> Result<Duration, ResponseError> {
        let asked_ms = u64::try_from(self.request.session_timeout_ms).unwrap_or(0);
        let allowed_ms = self.options.min_session_timeout_ms..=self.options.max_session_timeout_ms;
        allowed_ms
            .contains(&asked_ms)
            .then_some(Duration::from_millis(asked_ms))
            .ok_or(ResponseError::InvalidSessionTimeout)
    }

    /// The member as the request describes it; its join waits.
    pub(super) fn member(&self) -> Result<Member, ResponseError> {
        let session_timeout = self.session_timeout()?;
        let rebalance_timeout_ms = u64::try_from(self.request.rebalance_timeout_ms).ok();
        Ok(Member {
            session_timeout,
            rebalance_timeout: rebalance_timeout_ms.map_or(session_timeout, Duration::from_millis),
            protocols: self.protocols(),
            assignment: Bytes::new(),
            expires_at: self.now + session_timeout,
            joining: Some(self.id),
            syncing: None,
        })
    }

    fn protocols(&self) -> Vec<(String, Bytes)> {
        let copy = |protocol: &JoinGroupRequestProtocol| {
            (protocol.name.to_string(), Bytes::copy_from_slice(&protocol.metadata))
        };
        self.request.protocols.iter().map(copy).collect()
    }
}

/// What a member is told that may not join.
pub(super) fn refused_join(error: ResponseError, member_id: &str) -> Response {
    let response = JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_generation_id(-1)
        .with_protocol_name(Some(Default::default()))
        .with_member_id(member_id.to_owned().into());
    Response::JoinGroup(response)
}
