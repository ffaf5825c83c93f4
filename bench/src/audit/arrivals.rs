//! Which messages of a producer have come: a bit for each.

/// A set of sequence numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    seen: Vec<u64>,
}

impl Arrivals {
    /// Adds a message; whether it was not there yet.
    pub fn note(&mut self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        let is_first = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        is_first
    }

    /// Whether a message is there.
    pub fn has(&self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        self.seen.get(word).is_some_and(|seen| seen & bit != 0)
    }

    /// How many of the first `count` are not there.
    pub fn missing(&self, count: u64) -> u64 {
        count - (0..count).filter(|sequence| self.has(*sequence)).count() as u64
    }

    /// How many of these are not in `other`.
    pub fn missing_in(&self, other: &Arrivals) -> u64 {
        let others = other.seen.iter().copied().chain(std::iter::repeat(0));
        self.seen.iter().zip(others).map(|(these, those)| u64::from((these & !those).count_ones())).sum()
    }
}

fn place(sequence: u64) -> (usize, u64) {
    ((sequence / 64) as usize, 1 << (sequence % 64))
}
