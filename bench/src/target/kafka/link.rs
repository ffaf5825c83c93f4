//! A connection to a broker: requests go out in order, and are answered in that order.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use bytes::{Buf as _, Bytes, BytesMut};
use handoff_scenarios::log::wire::api::ClientRequest;
use handoff_scenarios::log::wire::frame::{read_frame, take_frame};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::Request;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::target::TargetError;
use crate::target::connect::{answered, connect};

/// The largest answer that is taken.
const MAX_ANSWER_BYTES: usize = 256 << 20;
/// What the driver calls itself.
const CLIENT_ID: &str = "handoff-bench";

/// A request of this driver, in the one version that it speaks: as old as Kafka 2.4.
pub(super) trait Spoken: ClientRequest {
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
    ProduceRequest 8,
    FetchRequest 11,
    MetadataRequest 8,
    OffsetCommitRequest 6,
    OffsetFetchRequest 5,
    FindCoordinatorRequest 2,
    ApiVersionsRequest 0,
    CreateTopicsRequest 4,
    DeleteTopicsRequest 3,
}

/// An open connection.
pub(super) struct Link {
    stream: TcpStream,
    /// Whole requests that are to be written.
    output: VecDeque<Bytes>,
    input: BytesMut,
    correlation_id: i32,
}

impl Link {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Link, TargetError> {
        let stream = connect(address).await?;
        Ok(Link { stream, output: VecDeque::new(), input: BytesMut::new(), correlation_id: 0 })
    }

    /// A request and its answer, on a connection on which nothing else is outstanding.
    pub async fn ask<Q: Spoken>(&mut self, request: &Q) -> Result<Q::Response, TargetError> {
        self.push(request)?;
        let frame = answered(async {
            self.flush().await?;
            self.frame().await
        });
        decode::<Q>(frame.await?)
    }

    /// Puts a request behind what is to be written.
    pub fn push<Q: Spoken>(&mut self, request: &Q) -> Result<(), TargetError> {
        self.correlation_id = self.correlation_id.wrapping_add(1);
        let frame = request.encode_request(Q::VERSION, self.correlation_id, CLIENT_ID);
        self.output.push_back(frame.map_err(|error| TargetError::Refused(error.to_string()))?);
        Ok(())
    }

    /// Writes everything that is to be written. Cancel safe.
    pub async fn flush(&mut self) -> Result<(), TargetError> {
        while let Some(frame) = self.output.front_mut() {
            self.stream.write_buf(frame).await?;
            if !frame.has_remaining() {
                self.output.pop_front();
            }
        }
        Ok(())
    }

    /// Writes as much as can be written without waiting, so that the broker can begin.
    pub fn start_flush(&mut self) -> Result<(), TargetError> {
        while let Some(frame) = self.output.front_mut() {
            match self.stream.try_write(frame) {
                Ok(written_bytes) => frame.advance(written_bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            if !frame.has_remaining() {
                self.output.pop_front();
            }
        }
        Ok(())
    }

    /// The next answer. Cancel safe.
    pub async fn frame(&mut self) -> Result<Bytes, TargetError> {
        let frame = read_frame(&mut self.stream, &mut self.input, MAX_ANSWER_BYTES).await;
        frame.map_err(TargetError::died)?.ok_or_else(|| TargetError::died("the broker closed the connection"))
    }

    /// The next answer, if it was read already.
    pub fn frame_at_hand(&mut self) -> Result<Option<Bytes>, TargetError> {
        take_frame(&mut self.input, MAX_ANSWER_BYTES).map_err(TargetError::died)
    }
}

/// What an answer says.
pub(super) fn decode<Q: Spoken>(frame: Bytes) -> Result<Q::Response, TargetError> {
    let decoded = Q::decode_response(Q::VERSION, frame).map_err(TargetError::died);
    decoded.map(|(_, response)| response)
}

/// The error that a code in an answer stands for; 0 is none.
pub(super) fn check(code: i16) -> Result<(), TargetError> {
    match ResponseError::try_from_code(code) {
        None => Ok(()),
        Some(error) => Err(TargetError::Refused(error.to_string())),
    }
}
