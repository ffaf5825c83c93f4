//! What messages of one size look like on the wire: all alike, but for the delivery tag and the body.
//!
//! To compare a message with the one before takes a fraction of what it takes to parse its three frames. What does not
//! fit is parsed.

use handoff_broker::amqp::codec::{FRAME_END, FRAME_START_BYTES, FrameKind, parse_frame};

use super::consumer::{Announced, body_bytes};

/// How many bytes a delivery tag takes.
const TAG_BYTES: usize = 8;

/// The shape of a message whose body is a single frame.
#[derive(Debug)]
pub(super) struct Mould {
    /// Everything before the body.
    start: Vec<u8>,
    /// Where the delivery tag stands in it; a relayed publish has none.
    tag_at: Option<usize>,
    whole_bytes: usize,
}

/// A message that fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cast<'a> {
    /// Its delivery tag, if it has one.
    pub delivery_tag: Option<u64>,
    /// Its body.
    pub body: &'a [u8],
    /// How many bytes it takes on the wire.
    pub whole_bytes: usize,
}

impl Mould {
    /// Made from the message at the beginning of `input`, if one is there, and whole.
    pub fn of(input: &[u8]) -> Option<Self> {
        let (method, method_bytes) = parse_frame(input, u32::MAX).ok()??;
        let tag_at = match (method.kind, Announced::by(&method)) {
            (FrameKind::Method, Ok(Some(Announced::Publish))) => None,
            // Behind the class, the method, and the consumer's tag with its length.
            (FrameKind::Method, Ok(Some(Announced::Delivery { .. }))) => {
                Some(FRAME_START_BYTES + 5 + usize::from(*method.payload.get(4)?))
            }
            _ => return None,
        };
        let (header, header_bytes) = parse_frame(&input[method_bytes..], u32::MAX).ok()??;
        let before_body = method_bytes + header_bytes;
        let (body, whole_body_bytes) = parse_frame(&input[before_body..], u32::MAX).ok()??;
        let is_one_frame = (header.kind, body.kind) == (FrameKind::Header, FrameKind::Body)
            && body_bytes(&header).ok()? == body.payload.len()
            && !body.payload.is_empty();
        let start = input[..before_body + FRAME_START_BYTES].to_vec();
        is_one_frame.then_some(Mould { start, tag_at, whole_bytes: before_body + whole_body_bytes })
    }

    /// The message at the beginning of `input`, if it fits and is whole.
    pub fn cast<'a>(&self, input: &'a [u8]) -> Option<Cast<'a>> {
        let message = input.get(..self.whole_bytes)?;
        let (start, rest) = message.split_at(self.start.len());
        let (&end, body) = rest.split_last()?;
        let delivery_tag = match self.tag_at {
            Some(at) => {
                let behind = at + TAG_BYTES;
                let fits = start[..at] == self.start[..at] && start[behind..] == self.start[behind..];
                Some(u64::from_be_bytes(*start[at..].first_chunk().filter(|_| fits)?))
            }
            None => (start == self.start).then_some(None)?,
        };
        (end == FRAME_END).then_some(Cast { delivery_tag, body, whole_bytes: self.whole_bytes })
    }
}

#[cfg(test)]
mod tests {
    use handoff_broker::amqp::codec::{BASIC_CLASS_ID, ContentHeader, Method, write_body_frame};

    use super::*;

    fn message(method: Method<'_>, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        method.write(1, &mut out);
        let header = ContentHeader { class_id: BASIC_CLASS_ID, body_size: body.len() as u64, properties: &[0, 0] };
        header.write(1, &mut out);
        write_body_frame(1, body, &mut out);
        out
    }

    fn delivery(delivery_tag: u64, redelivered: bool, body: &[u8]) -> Vec<u8> {
        let (consumer_tag, exchange, routing_key) = ("c", "", b"queue".as_slice());
        message(Method::BasicDeliver { consumer_tag, delivery_tag, redelivered, exchange, routing_key }, body)
    }

    #[test]
    fn the_next_delivery_fits_and_gives_its_tag_and_body() {
        let mould = Mould::of(&delivery(1, false, b"first")).expect("a whole message");
        let mut input = delivery(u64::MAX - 1, false, b"other");
        let whole_bytes = input.len();
        input.extend(delivery(3, false, b"third"));
        let cast = Cast { delivery_tag: Some(u64::MAX - 1), body: b"other", whole_bytes };
        assert_eq!(mould.cast(&input), Some(cast));
    }

    #[test]
    fn what_is_not_alike_or_not_whole_does_not_fit() {
        let mould = Mould::of(&delivery(1, false, b"first")).expect("a whole message");
        let whole = delivery(2, false, b"other");
        let mut bad_end = whole.clone();
        *bad_end.last_mut().expect("an end") = 0;
        for input in
            [&delivery(2, true, b"other")[..], &delivery(2, false, b"longer"), &whole[..whole.len() - 1], &bad_end]
        {
            assert_eq!(mould.cast(input), None);
        }
    }

    #[test]
    fn a_publish_has_no_tag() {
        let publish = |body: &[u8]| {
            let method =
                Method::BasicPublish { exchange: "", routing_key: b"queue", mandatory: false, immediate: false };
            message(method, body)
        };
        let mould = Mould::of(&publish(b"first")).expect("a whole message");
        let input = publish(b"other");
        let cast = Cast { delivery_tag: None, body: b"other", whole_bytes: input.len() };
        assert_eq!(mould.cast(&input), Some(cast));
    }

    #[test]
    fn nothing_is_made_of_what_is_no_whole_message_in_three_frames() {
        let whole = delivery(1, false, b"first");
        assert!((0..whole.len()).all(|length| Mould::of(&whole[..length]).is_none()));
        assert!(Mould::of(&delivery(1, false, b"")).is_none(), "it ends before its third frame");
        assert!(Mould::of(&message(Method::BasicCancelOk { consumer_tag: "c" }, b"x")).is_none());
    }
}
