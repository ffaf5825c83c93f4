//! Counting what arrived in one go: once for each run of messages that have the same producer, or were meant to be sent
//! at the same moment, instead of once for each.

use std::ops::Range;

use super::session::Lane;
use crate::latency::Latencies;
use crate::stamp::Stamp;

/// A count that is under way; what is left is counted when it is dropped.
pub(super) struct Tally<'a> {
    lanes: &'a [Lane],
    latencies: &'a mut Latencies,
    measured: &'a Range<u64>,
    now_ns: u64,
    /// A producer, and how many of its messages.
    of_producer: (u16, u64),
    /// A moment in nanoseconds, and how many messages were meant to be sent then.
    of_moment: (u64, u64),
}

impl<'a> Tally<'a> {
    /// What arrived at `now_ns`.
    pub fn new(lanes: &'a [Lane], latencies: &'a mut Latencies, measured: &'a Range<u64>, now_ns: u64) -> Self {
        Tally { lanes, latencies, measured, now_ns, of_producer: (0, 0), of_moment: (0, 0) }
    }

    /// One more.
    pub fn add(&mut self, stamp: Stamp) {
        if stamp.producer != self.of_producer.0 {
            self.count_producer();
            self.of_producer = (stamp.producer, 0);
        }
        self.of_producer.1 += 1;
        if stamp.intended_ns != self.of_moment.0 {
            self.count_moment();
            self.of_moment = (stamp.intended_ns, 0);
        }
        self.of_moment.1 += 1;
    }

    fn count_producer(&mut self) {
        let (producer, count) = self.of_producer;
        if count > 0 {
            self.lanes[usize::from(producer)].add_arrived(count);
        }
    }

    fn count_moment(&mut self) {
        let (intended_ns, count) = self.of_moment;
        if count > 0 && self.measured.contains(&intended_ns) {
            self.latencies.record_many(self.now_ns.saturating_sub(intended_ns) / 1_000, count);
        }
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.count_producer();
        self.count_moment();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_counts_once_whatever_its_neighbours_are() {
        let lanes = [Lane::default(), Lane::default()];
        let mut latencies = Latencies::new();
        let mut tally = Tally::new(&lanes, &mut latencies, &(2_000..9_000), 10_000);
        for (producer, intended_ns) in [(0, 1_000), (0, 2_000), (1, 2_000), (1, 5_000), (0, 5_000), (0, 9_000)] {
            tally.add(Stamp { run: 0, producer, sequence: 0, intended_ns });
        }
        drop(tally);
        assert_eq!((lanes[0].arrived(), lanes[1].arrived()), (4, 2));
        let summary = latencies.summary();
        // 8 us twice and 5 us twice: what was meant for the time that is measured.
        assert_eq!((summary.count, summary.p50_us, summary.max_us), (4, 5, 8));
    }
}
