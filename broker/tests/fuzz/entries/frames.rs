//! The frame parser, and what is in frames: methods and content headers.

use handoff_broker::amqp::codec::{
    ContentHeader, FRAME_OVERHEAD_BYTES, FRAME_START_BYTES, FrameKind, Method, Properties, Table, parse_frame,
};

const FRAME_MAX: u32 = 4096;

/// The bytes are a connection's stream. What is read from it and written again must be read as the same.
pub fn frames(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((frame, taken_bytes))) = parse_frame(rest, FRAME_MAX) {
        assert_eq!(taken_bytes, frame.payload.len() + FRAME_OVERHEAD_BYTES);
        assert!(taken_bytes <= FRAME_MAX as usize, "a frame of {taken_bytes} bytes");
        assert_eq!(parse_frame(&rest[..taken_bytes - 1], FRAME_MAX), Ok(None), "a cut frame is none");
        match frame.kind {
            FrameKind::Method => method(frame.payload),
            FrameKind::Header => content_header(frame.payload),
            FrameKind::Body | FrameKind::Heartbeat => {}
        }
        rest = &rest[taken_bytes..];
    }
}

fn method(payload: &[u8]) {
    let Ok(method) = Method::parse(payload) else { return };
    let mut written = Vec::new();
    method.write(1, &mut written);
    let payload = &written[FRAME_START_BYTES..written.len() - 1];
    assert_eq!(Method::parse(payload), Ok(method), "read again");
}

fn content_header(payload: &[u8]) {
    let Ok(header) = ContentHeader::parse(payload) else { return };
    let mut written = Vec::new();
    header.write(1, &mut written);
    assert_eq!(&written[FRAME_START_BYTES..written.len() - 1], payload, "written again");
    let Ok(properties) = Properties::parse(header.properties) else { return };
    if let Some(table) = properties.headers() {
        super::table(table.as_bytes());
    }
    let stripped = properties.with_headers(Table::default());
    assert!(Properties::parse(&stripped).is_ok(), "properties without their headers");
}
