//! Independent streams of randomness, all derived from the world's seed.
//!
//! Each user has a stream of its own, named by a label, so that one more draw in one place changes nothing elsewhere.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xxhash_rust::xxh3::xxh3_64;

/// The generator called `label` in the world of this `seed`.
pub(crate) fn generator(seed: u64, label: &str) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(xxh3_64(label.as_bytes()));
    generator
}

/// A seed for somebody else's generator, called `label` in the world of this `seed`.
pub(super) fn derived_seed(seed: u64, label: &str) -> u64 {
    generator(seed, label).next_u64()
}
