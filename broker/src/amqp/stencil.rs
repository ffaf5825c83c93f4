//! The frames of a delivery up to its body, to be used again for the next one like it.
//!
//! Most deliveries to a consumer differ from the one before in their tag and body only.

use std::sync::Arc;

use super::codec::FRAME_START_BYTES;
use crate::core::{Delivery, Head};

/// What came before the body of the last delivery that fitted one body frame.
#[derive(Debug)]
pub(super) struct Stencil {
    channel: u16,
    consumer_tag: Arc<str>,
    head: Head,
    /// Deliver, content header, and the start of the body frame.
    frames: Vec<u8>,
    /// Where the numbers are that change.
    delivery_tag_at: usize,
    body_size_at: usize,
}

/// How many bytes class and method, or class and weight, take.
const IDS_BYTES: usize = 4;

impl Stencil {
    /// What was written before a body of `delivery`, if the next delivery may be written by it.
    pub fn of(channel: u16, consumer_tag: &Arc<str>, delivery: &Delivery, frames: &[u8]) -> Option<Stencil> {
        let head = delivery.message.head();
        let properties_bytes = head.properties()?.len();
        // From the back: the start of the body frame, the end of the header frame, the properties, and the size.
        let body_size_at = frames.len().checked_sub(FRAME_START_BYTES + 1 + properties_bytes + size_of::<u64>())?;
        Some(Stencil {
            channel,
            consumer_tag: Arc::clone(consumer_tag),
            head: head.clone(),
            frames: frames.to_vec(),
            delivery_tag_at: FRAME_START_BYTES + IDS_BYTES + 1 + consumer_tag.len(),
            body_size_at,
        })
    }

    /// Whether a first delivery to this consumer begins like that.
    pub fn fits(&self, channel: u16, consumer_tag: &Arc<str>, delivery: &Delivery) -> bool {
        self.channel == channel
            && Arc::ptr_eq(&self.consumer_tag, consumer_tag)
            && self.head.is(delivery.message.head())
            && !delivery.redelivered()
    }

    /// Appends the frames of a delivery that fits up to its body, of which there is no more than fits a frame.
    pub fn write(&self, delivery_tag: u64, body_bytes: u32, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.frames);
        let frames = &mut out[start..];
        frames[self.delivery_tag_at..][..8].copy_from_slice(&delivery_tag.to_be_bytes());
        frames[self.body_size_at..][..8].copy_from_slice(&u64::from(body_bytes).to_be_bytes());
        let size_at = frames.len() - 4;
        frames[size_at..].copy_from_slice(&body_bytes.to_be_bytes());
    }
}
