//! What a body says: who sent it, as which message, and when that was intended.
//!
//! That is all that is needed to know at the other end what is missing, what came twice and what came out of order,
//! and how long it took.

/// A message of a run, as its body names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which run of this process it belongs to, so that leftovers of another run are not taken for its own.
    pub run: u8,
    /// The number of its producer, from 0.
    pub producer: u16,
    /// Its number at that producer, from 0; below 2^40.
    pub sequence: u64,
    /// When it was meant to be sent, in nanoseconds since the run began.
    pub intended_ns: u64,
}

/// How many bytes a stamp takes: the smallest body.
pub const STAMP_BYTES: usize = 16;

/// What fills a body behind its stamp, repeated.
const FILLER: u8 = 0x5A;

impl Stamp {
    /// Writes a body of `bytes` bytes into `body`.
    ///
    /// A body that has the right length already is taken to have been written here, and only gets another stamp.
    pub fn write(self, bytes: usize, body: &mut Vec<u8>) {
        if body.len() != bytes.max(STAMP_BYTES) {
            body.clear();
            body.resize(bytes.max(STAMP_BYTES), FILLER);
        }
        body[0] = self.run;
        body[1..3].copy_from_slice(&self.producer.to_le_bytes());
        body[3..8].copy_from_slice(&self.sequence.to_le_bytes()[..5]);
        body[8..STAMP_BYTES].copy_from_slice(&self.intended_ns.to_le_bytes());
    }

    /// Reads a body that should have `bytes` bytes; `None` if it was not written by [`write`](Stamp::write), or was
    /// changed since.
    pub fn read(body: &[u8], bytes: usize) -> Option<Stamp> {
        let (stamp, filler) = body.split_at_checked(STAMP_BYTES)?;
        let mut sequence = [0; 8];
        sequence[..5].copy_from_slice(&stamp[3..8]);
        let is_whole = body.len() == bytes.max(STAMP_BYTES) && is_filler(filler);
        is_whole.then(|| Stamp {
            run: stamp[0],
            producer: u16::from_le_bytes([stamp[1], stamp[2]]),
            sequence: u64::from_le_bytes(sequence),
            intended_ns: u64::from_le_bytes(stamp[8..].try_into().unwrap_or_default()),
        })
    }
}

/// Compared in blocks, since that is as fast as memory is.
fn is_filler(bytes: &[u8]) -> bool {
    const BLOCK: [u8; 1024] = [FILLER; 1024];
    bytes.chunks(BLOCK.len()).all(|chunk| chunk == &BLOCK[..chunk.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { run: 7, producer: 513, sequence: (1 << 40) - 2, intended_ns: u64::MAX - 1 };

    #[test]
    fn what_was_written_is_read() {
        for bytes in [0, STAMP_BYTES, 1_000] {
            let mut body = Vec::new();
            STAMP.write(bytes, &mut body);
            assert_eq!(Stamp::read(&body, bytes), Some(STAMP));
        }
    }

    #[test]
    fn what_was_cut_lengthened_or_changed_is_not() {
        let mut body = Vec::new();
        STAMP.write(100, &mut body);
        assert_eq!(Stamp::read(&body[..99], 100), None);
        assert_eq!(Stamp::read(&body, 101), None);
        body[60] ^= 1;
        assert_eq!(Stamp::read(&body, 100), None);
        assert_eq!(Stamp::read(&[], 0), None);
    }
}
