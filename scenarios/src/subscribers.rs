//! Independent readers of the same jobs, and for which of them a worker works.

/// How many independent readers there are. Each has every job done for itself; workers are dealt out to them in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribers(u32);

impl Default for Subscribers {
    /// One, for whom all workers work.
    fn default() -> Self {
        Subscribers(1)
    }
}

impl Subscribers {
    /// So many, and at least one.
    pub fn new(count: u32) -> Self {
        Subscribers(count.max(1))
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0
    }

    /// For which one `worker` works, counted from 0. Workers count from 1.
    pub fn of_worker(self, worker: u32) -> u32 {
        worker.saturating_sub(1) % self.0
    }

    /// Which of its subscriber's workers `worker` is, counted from 0.
    pub fn rank(self, worker: u32) -> u32 {
        worker.saturating_sub(1) / self.0
    }

    /// How many of `workers` work for the `subscriber`, counted from 0.
    pub fn workers_of(self, subscriber: u32, workers: u32) -> u32 {
        (workers + self.0 - 1).saturating_sub(subscriber) / self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_dealt_out_in_turn() {
        let three = Subscribers::new(3);
        assert_eq!([1, 2, 3, 4, 5].map(|worker| three.of_worker(worker)), [0, 1, 2, 0, 1]);
        assert_eq!([1, 2, 3, 4, 5].map(|worker| three.rank(worker)), [0, 0, 0, 1, 1]);
        assert_eq!([0, 1, 2].map(|subscriber| three.workers_of(subscriber, 5)), [2, 2, 1]);
        assert_eq!(Subscribers::default().workers_of(0, 5), 5);
    }
}
