//! The log broker: a pure state machine. Requests go in with the time, responses come out. No I/O, no clock, no
//! randomness, no async.
//!
//! ```text
//!    handle(request, now) --> Answer: the response, or "later"
//!    expire(now)          --> what has waited long enough
//!    take_answers()       --> responses to requests that had to wait: fetches until there is enough to read,
//!                             joins and syncs until the group is complete
//! ```
//!
//! One broker, which leads every partition and coordinates every group: no replication, so acks 1 and acks all are the
//! same. Everything is in memory: a restart loses it.

mod catalogue;
mod commit;
mod fetch;
mod list_offsets;
mod options;
mod produce;
mod snapshot;
mod topics;

use std::time::Duration;

use handoff_broker::Timestamp;
use kafka_protocol::protocol::StrBytes;

use super::group::Groups;
use super::wire::api::{Incoming, Request, Response};
use fetch::ParkedFetches;
use topics::Topics;

pub use list_offsets::special;
pub use options::{Advertised, BrokerOptions};
pub use snapshot::{PartitionSnapshot, Snapshot};

/// A request that may have to wait, numbered by the shell; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What becomes of a request at once.
#[derive(Debug)]
pub enum Answer {
    /// Its response.
    Now(Box<Response>),
    /// Its response comes out of [`Broker::take_answers`].
    Later,
    /// It has no response: produced with acks 0.
    Nothing,
    /// Its connection is to be closed: it was produced with acks 0 and failed, and there is no other way to say so.
    Close,
}

/// The state of the log.
#[derive(Debug)]
pub struct Broker {
    options: BrokerOptions,
    advertised: Advertised,
    topics: Topics,
    groups: Groups,
    fetches: ParkedFetches,
    answers: Vec<(RequestId, Response)>,
    next_retention: Timestamp,
}

impl Broker {
    /// An empty log. `advertised` is where clients are told to connect to.
    pub fn new(options: BrokerOptions, advertised: Advertised) -> Self {
        Broker {
            groups: Groups::new(options.group.clone()),
            options,
            advertised,
            topics: Topics::default(),
            fetches: ParkedFetches::default(),
            answers: Vec::new(),
            next_retention: Timestamp::EPOCH,
        }
    }

    /// A broker that finds what this one has on its disk: records and committed offsets. Who waits for an answer and
    /// who is in a group is forgotten. This one is left empty.
    pub fn recover(&mut self, options: BrokerOptions, advertised: Advertised) -> Broker {
        Broker {
            topics: std::mem::take(&mut self.topics).recover(),
            groups: self.groups.recover(options.group.clone()),
            ..Broker::new(options, advertised)
        }
    }

    /// Carries a request out, as far as that is possible now.
    pub fn handle(&mut self, id: RequestId, incoming: Incoming, now: Timestamp) -> Answer {
        let version = incoming.version;
        let response = match incoming.request {
            Request::Produce(request) => return self.produce(request, now),
            Request::Fetch(request) => return self.fetch(id, request, now),
            Request::JoinGroup(request) => {
                let requires_member_id = version >= 4;
                self.groups.join(id, &request, &incoming.client_id, requires_member_id, now, &mut self.answers);
                return Answer::Later;
            }
            Request::SyncGroup(request) => {
                self.groups.sync(id, &request, now, &mut self.answers);
                return Answer::Later;
            }
            Request::Heartbeat(request) => Response::Heartbeat(self.groups.heartbeat(&request, now)),
            Request::LeaveGroup(request) => Response::LeaveGroup(self.groups.leave(&request, now, &mut self.answers)),
            Request::ListOffsets(request) => Response::ListOffsets(self.list_offsets(&request)),
            Request::Metadata(request) => Response::Metadata(self.metadata(&request)),
            Request::OffsetCommit(request) => Response::OffsetCommit(self.offset_commit(&request, now)),
            Request::OffsetFetch(request) => Response::OffsetFetch(self.offset_fetch(&request, version)),
            Request::FindCoordinator(request) => Response::FindCoordinator(self.find_coordinator(&request, version)),
            Request::ApiVersions(_) => Response::ApiVersions(catalogue::api_versions(None)),
            Request::CreateTopics(request) => Response::CreateTopics(self.create_topics(&request, version)),
            Request::DeleteTopics(request) => Response::DeleteTopics(self.delete_topics(&request)),
        };
        Answer::Now(Box::new(response))
    }

    /// The answer to ApiVersions in a version that is not spoken: what is.
    pub fn refuse_api_versions() -> Response {
        Response::ApiVersions(catalogue::api_versions(Some(kafka_protocol::ResponseError::UnsupportedVersion)))
    }

    /// Forgets a request whose client is gone. Its answer is not wanted any more.
    pub fn cancel(&mut self, id: RequestId) {
        self.unpark(id);
    }

    /// When [`expire`](Broker::expire) has to be called next; [`Timestamp::NEVER`] if there is nothing to wait for.
    pub fn next_deadline(&self) -> Timestamp {
        // by size, retention is enforced whenever something is appended
        let next_retention = self.options.log.retention_ms.map_or(Timestamp::NEVER, |_| self.next_retention);
        next_retention.min(self.fetches.next_deadline()).min(self.groups.next_deadline())
    }

    /// Does what is due at `now`: answers fetches that waited long enough, ends sessions and rebalances that took too
    /// long, drops what is too old.
    pub fn expire(&mut self, now: Timestamp) {
        self.expire_fetches(now);
        self.groups.expire(now, &mut self.answers);
        if self.next_retention <= now {
            self.topics.retain(now, &self.options.log);
            self.next_retention = now + Duration::from_millis(self.options.retention_check_ms.max(1));
        }
    }

    /// Responses to requests that had to wait, in the order in which they were completed.
    pub fn take_answers(&mut self) -> Vec<(RequestId, Response)> {
        std::mem::take(&mut self.answers)
    }
}

/// A copy with memory of its own: a slice of a frame would keep the whole frame.
fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

#[cfg(test)]
mod tests;
