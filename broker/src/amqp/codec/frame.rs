//! Frames: what a connection's byte stream is cut into after the protocol header (AMQP 0-9-1, 4.2.3).
//!
//! ```text
//!   0      1         3             7                  size+7    size+8
//!   +------+---------+-------------+------------------+----------+
//!   | type | channel | size        | payload          | end 0xCE |
//!   | u8   | u16     | u32         | size bytes       | u8       |
//!   +------+---------+-------------+------------------+----------+
//! ```
//!
//! All integers are big-endian. `frame_max` counts the whole frame, these 8 bytes included. What a payload means is
//! not known here.

use thiserror::Error;

use super::reply_code::ReplyCode;

/// What a client sends first: `AMQP`, 0, and the version 0-9-1.
pub const PROTOCOL_HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// The last octet of every frame.
pub const FRAME_END: u8 = 0xCE;

/// How many bytes come before a frame's payload.
pub const FRAME_START_BYTES: usize = 7;

/// How many bytes of a frame are not payload.
pub const FRAME_OVERHEAD_BYTES: usize = FRAME_START_BYTES + 1;

/// The smallest `frame_max` that may be negotiated, and what holds before negotiation.
pub const FRAME_MIN_SIZE: u32 = 4096;

/// What a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// A [`Method`](super::Method).
    Method = 1,
    /// A [`ContentHeader`](super::ContentHeader).
    Header = 2,
    /// A part of a content's body.
    Body = 3,
    /// Nothing: a sign of life, on channel 0.
    Heartbeat = 8,
}

impl FrameKind {
    fn from_octet(octet: u8) -> Option<FrameKind> {
        match octet {
            1 => Some(FrameKind::Method),
            2 => Some(FrameKind::Header),
            3 => Some(FrameKind::Body),
            8 => Some(FrameKind::Heartbeat),
            _ => None,
        }
    }
}

/// A frame, borrowed from the read buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the payload is.
    pub kind: FrameKind,
    /// The channel it belongs to; 0 is the connection itself.
    pub channel: u16,
    /// The payload.
    pub payload: &'a [u8],
}

/// Why bytes are not a frame. The connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum FrameError {
    /// The first octet is no frame type.
    #[error("unknown frame type {0}")]
    UnknownType(u8),
    /// The frame is longer than what was negotiated. Found from its first 7 bytes.
    #[error("a frame of {frame_bytes} bytes exceeds frame_max {frame_max}")]
    TooLarge { frame_bytes: u64, frame_max: u32 },
    /// The size is wrong, or the sender does not speak AMQP.
    #[error("a frame ends with octet {0:#04x} instead of 0xce")]
    BadEnd(u8),
    /// A heartbeat that says something (AMQP 0-9-1, 4.2.7).
    #[error("a heartbeat of {size} payload bytes on channel {channel}; it has none, on channel 0")]
    BadHeartbeat { channel: u16, size: u32 },
}

impl FrameError {
    /// What the peer is told: 501.
    pub const fn reply_code(self) -> ReplyCode {
        ReplyCode::FrameError
    }
}

/// The first frame of `input` and how many bytes it takes, or `None` if more bytes are needed.
///
/// `frame_max` bounds the whole frame; who negotiated 0, "no limit", passes `u32::MAX`. It is checked as soon as the
/// first 7 bytes are there, so that a reader never has to buffer more than `frame_max` bytes.
///
/// # Errors
/// A [`FrameError`], as early as the bytes show it. No later call on this stream makes sense.
pub fn parse_frame(input: &[u8], frame_max: u32) -> Result<Option<(Frame<'_>, usize)>, FrameError> {
    let Some(&octet) = input.first() else { return Ok(None) };
    let kind = FrameKind::from_octet(octet).ok_or(FrameError::UnknownType(octet))?;
    let Some((&[_, channel @ .., s0, s1, s2, s3], rest)) = input.split_first_chunk::<FRAME_START_BYTES>() else {
        return Ok(None);
    };
    let channel = u16::from_be_bytes(channel);
    let size = u32::from_be_bytes([s0, s1, s2, s3]);
    let frame_bytes = u64::from(size) + FRAME_OVERHEAD_BYTES as u64;
    if frame_bytes > u64::from(frame_max) {
        return Err(FrameError::TooLarge { frame_bytes, frame_max });
    }
    if kind == FrameKind::Heartbeat && (channel, size) != (0, 0) {
        return Err(FrameError::BadHeartbeat { channel, size });
    }
    let size = size as usize;
    let (Some(payload), Some(&end)) = (rest.get(..size), rest.get(size)) else { return Ok(None) };
    if end != FRAME_END {
        return Err(FrameError::BadEnd(end));
    }
    Ok(Some((Frame { kind, channel, payload }, size + FRAME_OVERHEAD_BYTES)))
}

/// Writes a whole frame whose payload is what `write_payload` appends.
pub(crate) fn write_frame(kind: FrameKind, channel: u16, out: &mut Vec<u8>, write_payload: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write_frame_start(kind, channel, 0, out);
    write_payload(out);
    let size = u32::try_from(out.len() - start - FRAME_START_BYTES).expect("a payload has less than 4 GiB");
    out[start + 3..start + FRAME_START_BYTES].copy_from_slice(&size.to_be_bytes());
    out.push(FRAME_END);
}

fn write_frame_start(kind: FrameKind, channel: u16, size: u32, out: &mut Vec<u8>) {
    let ([c0, c1], [s0, s1, s2, s3]) = (channel.to_be_bytes(), size.to_be_bytes());
    out.extend_from_slice(&[kind as u8, c0, c1, s0, s1, s2, s3]);
}

/// Writes what comes before the `size` bytes of a body frame's payload; [`FRAME_END`] goes after them.
pub fn write_body_frame_start(channel: u16, size: u32, out: &mut Vec<u8>) {
    write_frame_start(FrameKind::Body, channel, size, out);
}

/// Writes a whole body frame.
pub fn write_body_frame(channel: u16, payload: &[u8], out: &mut Vec<u8>) {
    let size = u32::try_from(payload.len()).expect("a payload has less than 4 GiB");
    write_body_frame_start(channel, size, out);
    out.extend_from_slice(payload);
    out.push(FRAME_END);
}

/// Writes a heartbeat.
pub fn write_heartbeat(out: &mut Vec<u8>) {
    write_frame(FrameKind::Heartbeat, 0, out, |_| {});
}

/// Cuts a body into the payloads of its body frames, none of which exceeds `frame_max` with its overhead.
/// An empty body has none.
pub fn body_payloads(body: &[u8], frame_max: u32) -> impl Iterator<Item = &[u8]> {
    body.chunks((frame_max as usize).saturating_sub(FRAME_OVERHEAD_BYTES).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: [u8; 8] = [8, 0, 0, 0, 0, 0, 0, 0xCE];

    #[test]
    fn a_frame_is_laid_out_as_in_the_picture() {
        let mut out = Vec::new();
        write_body_frame(0x0102, b"abc", &mut out);
        assert_eq!(out, [3, 1, 2, 0, 0, 0, 3, b'a', b'b', b'c', 0xCE]);
        let frame = Frame { kind: FrameKind::Body, channel: 0x0102, payload: b"abc" };
        assert_eq!(parse_frame(&out, FRAME_MIN_SIZE), Ok(Some((frame, 11))));
    }

    #[test]
    fn a_body_written_apart_gives_the_same_bytes() {
        let (mut whole, mut apart) = (Vec::new(), Vec::new());
        write_body_frame(7, b"abc", &mut whole);
        write_body_frame_start(7, 3, &mut apart);
        apart.extend_from_slice(b"abc");
        apart.push(FRAME_END);
        assert_eq!(apart, whole);
    }

    #[test]
    fn frames_are_taken_one_by_one() {
        let mut input = HEARTBEAT.to_vec();
        write_body_frame(1, b"x", &mut input);
        let (first, taken) = parse_frame(&input, FRAME_MIN_SIZE).unwrap().unwrap();
        assert_eq!((first.kind, taken), (FrameKind::Heartbeat, 8));
        let (second, taken) = parse_frame(&input[8..], FRAME_MIN_SIZE).unwrap().unwrap();
        assert_eq!((second.kind, second.payload, taken), (FrameKind::Body, &b"x"[..], 9));
        assert_eq!(parse_frame(&input[17..], FRAME_MIN_SIZE), Ok(None));
    }

    #[test]
    fn frame_max_counts_the_whole_frame_and_needs_only_its_start() {
        let start = [3, 0, 1, 0, 0, 0x0F, 0xF8];
        assert_eq!(parse_frame(&start, 4096), Ok(None), "4088 payload bytes and 8 others are 4096");
        let too_large = FrameError::TooLarge { frame_bytes: 4096, frame_max: 4095 };
        assert_eq!(parse_frame(&start, 4095), Err(too_large));
        assert_eq!(parse_frame(&start[..6], 4095), Ok(None), "the size is not known yet");
        let largest = FrameError::TooLarge { frame_bytes: 0x1_0000_0007, frame_max: u32::MAX };
        assert_eq!(parse_frame(&[3, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF], u32::MAX), Err(largest));
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        assert_eq!(parse_frame(b"G", 4096), Err(FrameError::UnknownType(b'G')));
        assert_eq!(parse_frame(&[0], 4096), Err(FrameError::UnknownType(0)));
        assert_eq!(parse_frame(&[3, 0, 1, 0, 0, 0, 1, b'a', 0xCD], 4096), Err(FrameError::BadEnd(0xCD)));
        assert_eq!(FrameError::BadEnd(0).reply_code(), ReplyCode::FrameError);
    }

    #[test]
    fn a_heartbeat_says_nothing_and_belongs_to_the_connection() {
        let mut out = Vec::new();
        write_heartbeat(&mut out);
        assert_eq!(out, HEARTBEAT);
        let on_channel = FrameError::BadHeartbeat { channel: 1, size: 0 };
        assert_eq!(parse_frame(&[8, 0, 1, 0, 0, 0, 0, 0xCE], 4096), Err(on_channel));
        let with_payload = FrameError::BadHeartbeat { channel: 0, size: 1 };
        assert_eq!(parse_frame(&[8, 0, 0, 0, 0, 0, 1], 4096), Err(with_payload));
    }

    #[test]
    fn a_body_is_cut_to_fit_frame_max() {
        let payloads: Vec<&[u8]> = body_payloads(b"abcdefg", 8 + 3).collect();
        assert_eq!(payloads, [&b"abc"[..], b"def", b"g"]);
        assert_eq!(body_payloads(b"", 4096).count(), 0);
    }
}
