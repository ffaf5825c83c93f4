//! Names that the broker makes up: of queues that clients leave nameless, and of the addresses of their replies.

use std::hash::{DefaultHasher, Hash, Hasher};

/// What letters stand for six bits each: base 64 as RabbitMQ writes its names (RFC 4648, 5).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes names that look random, are never made twice, and follow from a seed.
///
/// Who does not know the seed cannot tell the next name from the last one (they are SipHash's), so that a secret seed
/// makes names that nobody can guess.
#[derive(Debug)]
pub(super) struct Names {
    seed: u64,
    made: u64,
}

impl Names {
    /// The names that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Names { seed, made: 0 }
    }

    /// The next name: `prefix` and 22 letters, which stand for 128 bits.
    pub fn next(&mut self, prefix: &str) -> String {
        self.made += 1;
        let mut bits = u128::from(self.half(0)) << 64 | u128::from(self.half(1));
        let letters = std::iter::repeat_with(|| {
            let letter = LETTERS[(bits & 63) as usize];
            bits >>= 6;
            char::from(letter)
        });
        prefix.chars().chain(letters.take(22)).collect()
    }

    fn half(&self, number: u8) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.made, number).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_from_the_seed_and_are_never_the_same() {
        let made = |seed| {
            let mut names = Names::new(seed);
            std::iter::repeat_with(|| names.next("amq.gen-")).take(1_000).collect::<Vec<String>>()
        };
        assert_eq!(made(7), made(7));
        let all: BTreeSet<String> = made(7).into_iter().chain(made(8)).collect();
        assert_eq!(all.len(), 2_000);
        let ends: BTreeSet<&str> = all.iter().map(|name| &name[name.len() - 10..]).collect();
        assert_eq!(ends.len(), 2_000, "both halves of the bits are in it");
        assert!(all.iter().all(|name| name.len() == "amq.gen-".len() + 22 && name.is_ascii()));
    }
}
