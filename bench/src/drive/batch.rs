//! What a consumer received in one go, so that it is noted in one go too.

use crate::stamp::Stamp;

/// Stamps of messages that came together. Used again for each batch.
#[derive(Debug)]
pub(crate) struct Batch {
    /// When it came, in nanoseconds since the run began.
    pub at_ns: u64,
    /// What their bodies say.
    pub stamps: Vec<Stamp>,
    /// How many bodies were not what was sent.
    pub corrupted: u64,
    body_bytes: usize,
}

impl Batch {
    /// Empty, for bodies of so many bytes.
    pub fn new(body_bytes: usize) -> Self {
        Batch { at_ns: 0, stamps: Vec::new(), corrupted: 0, body_bytes }
    }

    /// Adds a message.
    pub fn add(&mut self, body: &[u8]) {
        match Stamp::read(body, self.body_bytes) {
            Some(stamp) => self.stamps.push(stamp),
            None => self.corrupted += 1,
        }
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.stamps.is_empty() && self.corrupted == 0
    }

    /// Makes it empty.
    pub fn clear(&mut self) {
        self.stamps.clear();
        self.corrupted = 0;
    }
}
