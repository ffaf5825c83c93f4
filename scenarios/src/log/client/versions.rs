//! The version that this client speaks of each API it uses: as old as Kafka 2.5.

use kafka_protocol::messages::*;
use kafka_protocol::protocol::Request;

use crate::log::wire::api::ClientRequest;

/// A request that this client sends.
pub(super) trait Spoken: ClientRequest {
    /// In this version.
    const VERSION: i16;
}

macro_rules! spoken {
    ($($request:ident $version:literal,)*) => {
        $(impl Spoken for $request { const VERSION: i16 = $version; })*

        /// Each API that is used, by its key, with the version.
        pub(super) const USED: &[(i16, i16)] = &[$(($request::KEY, $version),)*];
    };
}

spoken! {
    ApiVersionsRequest 0,
    MetadataRequest 9,
    ProduceRequest 8,
    FetchRequest 11,
    ListOffsetsRequest 5,
    OffsetCommitRequest 6,
    OffsetFetchRequest 7,
    JoinGroupRequest 4,
    SyncGroupRequest 2,
    HeartbeatRequest 2,
    LeaveGroupRequest 2,
}
