//! Which partition a record goes to: Kafka's default.

use std::collections::BTreeMap;

/// Records with a key go by its hash, so that equal keys meet. Records without stick to one partition until its batch
/// is closed and then move on to the next (KIP-480, with turns instead of chance).
#[derive(Debug, Default)]
pub(super) struct Partitioner {
    /// For each topic, the partition that keyless records go to.
    sticky: BTreeMap<String, i32>,
}

impl Partitioner {
    /// The partition for a record with `key`; there are `partitions`, at least one.
    pub(super) fn partition(&self, topic: &str, key: Option<&[u8]>, partitions: i32) -> i32 {
        match key {
            Some(key) => (murmur2(key) & 0x7fff_ffff) as i32 % partitions.max(1),
            None => self.sticky.get(topic).copied().unwrap_or(0) % partitions.max(1),
        }
    }

    /// A batch for `partition` was closed: keyless records move on if they were going there.
    pub(super) fn batch_closed(&mut self, topic: &str, partition: i32, partitions: i32) {
        let current = self.partition(topic, None, partitions);
        if current == partition {
            self.sticky.insert(topic.to_owned(), (current + 1) % partitions.max(1));
        }
    }
}

/// MurmurHash2 in 32 bits, by Austin Appleby, with the seed that Kafka uses.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const FACTOR: u32 = 0x5bd1_e995;
    let mix = |word: u32| {
        let word = word.wrapping_mul(FACTOR);
        (word ^ (word >> 24)).wrapping_mul(FACTOR)
    };
    let (words, rest) = bytes.as_chunks::<4>();
    let hash = words
        .iter()
        .fold(SEED ^ bytes.len() as u32, |hash, word| hash.wrapping_mul(FACTOR) ^ mix(u32::from_le_bytes(*word)));
    let hash = match rest {
        [] => hash,
        rest => {
            let tail = rest.iter().rev().fold(0, |tail, byte| tail << 8 | u32::from(*byte));
            (hash ^ tail).wrapping_mul(FACTOR)
        }
    };
    let hash = (hash ^ (hash >> 13)).wrapping_mul(FACTOR);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the tests of Kafka's own clients.
    #[test]
    fn the_hash_is_kafkas() {
        let known: [(&[u8], i32); 6] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in known {
            assert_eq!(murmur2(key) as i32, hash, "{}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn equal_keys_meet_and_keyless_records_move_on_when_a_batch_is_closed() {
        let mut partitioner = Partitioner::default();
        assert_eq!(partitioner.partition("t", Some(b"k"), 7), partitioner.partition("t", Some(b"k"), 7));
        assert_eq!(partitioner.partition("t", None, 2), 0);
        partitioner.batch_closed("t", 1, 2);
        assert_eq!(partitioner.partition("t", None, 2), 0);
        partitioner.batch_closed("t", 0, 2);
        assert_eq!(partitioner.partition("t", None, 2), 1);
        partitioner.batch_closed("t", 1, 2);
        assert_eq!(partitioner.partition("t", None, 2), 0);
    }
}
