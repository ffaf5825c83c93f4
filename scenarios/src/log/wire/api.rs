//! The APIs and versions that are spoken, and messages to and from bytes in each of them.
//!
//! The ranges are what is really implemented, each version of them. They end before topic ids (Produce 13, Fetch 13,
//! Metadata 10, DeleteTopics 6), static membership (JoinGroup 5) and the new group protocol (OffsetCommit 9) begin.

use std::ops::RangeInclusive;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request as Api, StrBytes, VersionRange};

use super::{WireError, shape};

macro_rules! apis {
    ($($name:ident $versions:expr => $request:ident, $response:ident;)*) => {
        /// A request in any version of its API.
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "the variants have Kafka's names")]
        pub enum Request { $($name($request),)* }

        /// A response, not yet bound to a version.
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "the variants have Kafka's names")]
        pub enum Response { $($name($response),)* }

        /// Each API with the versions that are spoken, in the order of their keys.
        pub const SPOKEN: &[(ApiKey, VersionRange)] = &[$((ApiKey::$name, range($versions)),)*];

        impl Request {
            fn decode(api: ApiKey, version: i16, body: &mut Bytes) -> Result<Request, WireError> {
                shape::check(api, version, body)?;
                match api {
                    $(ApiKey::$name => take(body, version).map(Request::$name),)*
                    _ => Err(WireError::Unsupported { key: api as i16, version }),
                }
            }
        }

        impl Response {
            fn encode(&self, version: i16, frame: &mut BytesMut) -> Result<(), WireError> {
                match self {
                    $(Response::$name(response) => put(response, version, frame),)*
                }
            }
        }

        $(impl ClientRequest for $request {
            fn encode_request(&self, version: i16, correlation_id: i32, client_id: &str) -> Result<Bytes, WireError> {
                request_frame(self, version, correlation_id, client_id)
            }

            fn decode_response(version: i16, frame: Bytes) -> Result<(i32, $response), WireError> {
                response_in::<$request>(version, frame)
            }
        })*
    };
}

apis! {
    Produce 3..=9 => ProduceRequest, ProduceResponse;
    Fetch 4..=12 => FetchRequest, FetchResponse;
    ListOffsets 1..=7 => ListOffsetsRequest, ListOffsetsResponse;
    Metadata 0..=9 => MetadataRequest, MetadataResponse;
    OffsetCommit 2..=6 => OffsetCommitRequest, OffsetCommitResponse;
    OffsetFetch 1..=8 => OffsetFetchRequest, OffsetFetchResponse;
    FindCoordinator 0..=4 => FindCoordinatorRequest, FindCoordinatorResponse;
    JoinGroup 0..=4 => JoinGroupRequest, JoinGroupResponse;
    Heartbeat 0..=2 => HeartbeatRequest, HeartbeatResponse;
    LeaveGroup 0..=2 => LeaveGroupRequest, LeaveGroupResponse;
    SyncGroup 0..=2 => SyncGroupRequest, SyncGroupResponse;
    ApiVersions 0..=4 => ApiVersionsRequest, ApiVersionsResponse;
    CreateTopics 2..=6 => CreateTopicsRequest, CreateTopicsResponse;
    DeleteTopics 1..=5 => DeleteTopicsRequest, DeleteTopicsResponse;
}

const fn range(versions: RangeInclusive<i16>) -> VersionRange {
    VersionRange { min: *versions.start(), max: *versions.end() }
}

/// The versions of `api` that are spoken.
pub fn spoken(api: ApiKey) -> Option<VersionRange> {
    SPOKEN.iter().find(|(key, _)| *key == api).map(|(_, versions)| *versions)
}

/// A request with what its header said.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The API.
    pub api: ApiKey,
    /// The version, in which the response is to be encoded.
    pub version: i16,
    /// What pairs the response with the request.
    pub correlation_id: i32,
    /// What the client calls itself; empty if it does not say.
    pub client_id: StrBytes,
    /// The request.
    pub request: Request,
}

/// Reads a request out of a frame.
pub fn decode_request(mut frame: Bytes) -> Result<Incoming, WireError> {
    let mut start = &frame[..];
    let (key, version, correlation_id) =
        (|| Some((start.try_get_i16().ok()?, start.try_get_i16().ok()?, start.try_get_i32().ok()?)))()
            .ok_or_else(|| WireError::Malformed("ends within its header".to_owned()))?;
    let api = ApiKey::try_from(key).map_err(|()| WireError::Unsupported { key, version })?;
    let versions = spoken(api).ok_or(WireError::Unsupported { key, version })?;
    if !(versions.min..=versions.max).contains(&version) {
        return Err(match api {
            ApiKey::ApiVersions => WireError::UnknownApiVersions { correlation_id },
            _ => WireError::Unsupported { key, version },
        });
    }
    let header: RequestHeader = take(&mut frame, api.request_header_version(version))?;
    let request = Request::decode(api, version, &mut frame)?;
    Ok(Incoming { api, version, correlation_id, client_id: header.client_id.unwrap_or_default(), request })
}

/// A whole frame with the response to a request to `api` in `version`.
pub fn encode_response(
    response: &Response,
    api: ApiKey,
    version: i16,
    correlation_id: i32,
) -> Result<Bytes, WireError> {
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    frame(|frame| {
        put(&header, api.response_header_version(version), frame)?;
        response.encode(version, frame)
    })
}

/// A request as a client sends it. Implemented for each by itself, so that the bytes of all messages are compiled once,
/// here, and not again wherever a client is used.
pub trait ClientRequest: Api {
    /// A whole frame with a request: the client's side of [`decode_request`].
    fn encode_request(&self, version: i16, correlation_id: i32, client_id: &str) -> Result<Bytes, WireError>;

    /// Reads a response out of a frame, and the correlation id of the request that it answers: the client's side of
    /// [`encode_response`]. Counts in it are believed, so it is only for frames of a trusted server.
    fn decode_response(version: i16, frame: Bytes) -> Result<(i32, Self::Response), WireError>;
}

fn request_frame<Q: Api>(request: &Q, version: i16, correlation_id: i32, client_id: &str) -> Result<Bytes, WireError> {
    let header = RequestHeader::default()
        .with_request_api_key(Q::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_string(client_id.to_owned())));
    frame(|frame| {
        put(&header, Q::header_version(version), frame)?;
        put(request, version, frame)
    })
}

fn response_in<Q: Api>(version: i16, mut frame: Bytes) -> Result<(i32, Q::Response), WireError> {
    let header: ResponseHeader = take(&mut frame, Q::Response::header_version(version))?;
    Ok((header.correlation_id, take(&mut frame, version)?))
}

/// A size, then what `content` writes.
fn frame(content: impl FnOnce(&mut BytesMut) -> Result<(), WireError>) -> Result<Bytes, WireError> {
    let mut frame = BytesMut::new();
    frame.put_i32(0);
    content(&mut frame)?;
    let size = i32::try_from(frame.len() - 4).map_err(|_| WireError::Unencodable("larger than 2 GiB".to_owned()))?;
    frame[..4].copy_from_slice(&size.to_be_bytes());
    Ok(frame.freeze())
}

fn put(message: &impl Encodable, version: i16, frame: &mut BytesMut) -> Result<(), WireError> {
    message.encode(frame, version).map_err(|error| WireError::Unencodable(error.to_string()))
}

fn take<M: Decodable>(frame: &mut Bytes, version: i16) -> Result<M, WireError> {
    M::decode(frame, version).map_err(|error| WireError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests;
