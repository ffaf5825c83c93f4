//! The bytes that wait to be sent to one peer.
//!
//! Every answer and every delivery for a connection is appended here, by its own connection or by another one whose
//! publish caused the delivery. The shell takes what is there in one go and writes it to the socket. The client uses
//! it the other way round.

use super::codec;
use super::stencil::Stencil;

/// What waits to be sent on one connection.
#[derive(Debug)]
pub struct Output {
    pub(super) bytes: Vec<u8>,
    /// How the last delivery began.
    pub(super) stencil: Option<Box<Stencil>>,
    frame_max: u32,
    total_bytes: u64,
    answers: Answers,
}

/// What publishers were told of their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Publishes confirmed, by ack or nack.
    pub confirmed: u64,
    /// Messages returned.
    pub returned: u64,
}

impl Output {
    /// Nothing waits. `frame_max` holds until the connection is tuned.
    pub fn new(frame_max: u32) -> Self {
        Output { bytes: Vec::new(), stencil: None, frame_max, total_bytes: 0, answers: Answers::default() }
    }

    /// How many bytes wait.
    pub fn pending_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes were ever taken, and how many wait: grows with every append.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes + self.bytes.len() as u64
    }

    /// What was answered to publishers so far.
    pub fn answers(&self) -> Answers {
        self.answers
    }

    /// Notes what a publisher is told.
    pub(super) fn count_answers(&mut self, confirmed: u64, returned: u64) {
        self.answers.confirmed += confirmed;
        self.answers.returned += returned;
    }

    /// Exchanges everything that waits for `empty`, whose room is used for what comes next.
    pub fn take(&mut self, empty: &mut Vec<u8>) {
        debug_assert!(empty.is_empty(), "what is given in exchange has been sent");
        self.total_bytes += self.bytes.len() as u64;
        std::mem::swap(&mut self.bytes, empty);
    }

    /// Lets the room go that a burst left behind.
    pub fn give_back_room(&mut self) {
        self.stencil = None;
        self.bytes.shrink_to_fit();
    }

    /// The largest frame that the peer takes, its framing included.
    pub(crate) fn frame_max(&self) -> u32 {
        self.frame_max
    }

    /// The connection was tuned.
    pub(crate) fn set_frame_max(&mut self, frame_max: u32) {
        self.frame_max = frame_max;
    }

    /// Where writers of the codec append.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a method frame.
    pub(crate) fn method(&mut self, channel: u16, method: &codec::Method<'_>) {
        method.write(channel, &mut self.bytes);
    }
}
