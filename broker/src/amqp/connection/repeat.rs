//! The frames of a message that is published as the one before was: all but the body is known.
//!
//! Most messages on a channel differ from the one before in their body only. Three frames like that are taken at a
//! glance, in place of being read one by one.

use crate::amqp::codec::{self, BASIC_CLASS_ID, ContentHeader, FRAME_END, FrameKind};

/// What comes before the body of a message with one body frame, if it is published as the last one was.
#[derive(Debug)]
pub(super) struct Repeat {
    /// Publish method, content header, and the start of the body frame. The sizes of the body count for nothing.
    frames: Vec<u8>,
    announced_at: usize,
}

/// Where the size of the body frame is, from the end.
const SIZE_BYTES: usize = 4;

impl Repeat {
    /// What comes with this publish method, given by its payload, and these properties.
    pub fn of(channel: u16, publish: &[u8], properties: &[u8]) -> Repeat {
        let mut frames = Vec::new();
        codec::write_frame(FrameKind::Method, channel, &mut frames, |out| out.extend_from_slice(publish));
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: 0, properties }.write(channel, &mut frames);
        // From the back: the end of the header frame, the properties, and the size.
        let announced_at = frames.len() - 1 - properties.len() - size_of::<u64>();
        codec::write_body_frame_start(channel, 0, &mut frames);
        Repeat { frames, announced_at }
    }

    /// How many bytes come before the body.
    pub fn start_bytes(&self) -> usize {
        self.frames.len()
    }

    /// The body, if `input` begins with such a message as a whole, and the body has a byte or more.
    pub fn body<'a>(&self, input: &'a [u8]) -> Option<&'a [u8]> {
        let (start, rest) = input.split_at_checked(self.frames.len())?;
        let (start, size) = start.split_last_chunk::<SIZE_BYTES>()?;
        let (before, announced, after) = self.cut(start)?;
        let body_bytes = u32::from_be_bytes(*size);
        let (known_before, _, known_after) = self.cut(&self.frames[..start.len()])?;
        if body_bytes == 0 || *announced != u64::from(body_bytes).to_be_bytes() {
            return None;
        }
        if before != known_before || after != known_after {
            return None;
        }
        let (body, rest) = rest.split_at_checked(body_bytes as usize)?;
        (rest.first() == Some(&FRAME_END)).then_some(body)
    }

    /// What is before, in, and after the announced size of the body.
    fn cut<'a>(&self, frames: &'a [u8]) -> Option<(&'a [u8], &'a [u8; 8], &'a [u8])> {
        let (before, rest) = frames.split_at_checked(self.announced_at)?;
        let (announced, after) = rest.split_first_chunk::<8>()?;
        Some((before, announced, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROPERTIES: &[u8] = b"\x10\0\x02";

    fn frames(channel: u16, publish: &[u8], properties: &[u8], announced: u64, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        codec::write_frame(FrameKind::Method, channel, &mut out, |out| out.extend_from_slice(publish));
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: announced, properties }.write(channel, &mut out);
        codec::write_body_frame(channel, body, &mut out);
        out
    }

    #[test]
    fn the_body_is_found_whatever_its_size() {
        let repeat = Repeat::of(7, b"publish", PROPERTIES);
        for body in [&b"x"[..], &[0xCE; 300], &[7; 70_000]] {
            let mut input = frames(7, b"publish", PROPERTIES, body.len() as u64, body);
            assert_eq!(repeat.body(&input[..input.len() - 1]), None, "one byte is missing");
            input.extend_from_slice(b"more");
            assert_eq!(repeat.body(&input), Some(body));
            assert_eq!(input.len(), repeat.start_bytes() + body.len() + 1 + 4);
        }
    }

    #[test]
    fn another_message_is_left_to_be_read_frame_by_frame() {
        let repeat = Repeat::of(7, b"publish", PROPERTIES);
        let others = [
            frames(8, b"publish", PROPERTIES, 4, b"body"),
            frames(7, b"Publish", PROPERTIES, 4, b"body"),
            frames(7, b"publish", b"\x10\0\x01", 4, b"body"),
            frames(7, b"publish", PROPERTIES, 8, b"body"),
            frames(7, b"publish", PROPERTIES, 0, b""),
            Vec::new(),
        ];
        for other in &others {
            assert_eq!(repeat.body(other), None, "{other:?}");
        }
        let whole = frames(7, b"publish", PROPERTIES, 4, b"body");
        for at in 0..whole.len() {
            let is_body = (repeat.start_bytes()..whole.len() - 1).contains(&at);
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(repeat.body(&damaged).is_some(), is_body, "octet {at}");
        }
    }
}
