//! When to call again: how long to wait first, and how often in all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The pause doubles at most so many times.
const MAX_DOUBLINGS: u32 = 6;

/// How long to wait before a job is tried again: exponential backoff with full jitter. Drawn from the job's number, so
/// that it is the same in every run, whatever else happens.
pub(super) fn pause(backoff: Duration, job: u64, retries_made: u32) -> Duration {
    let longest = backoff * 2u32.pow(retries_made.min(MAX_DOUBLINGS));
    let mut random = ChaCha8Rng::seed_from_u64(job);
    random.set_stream(retries_made.into());
    longest.mul_f64(random.random())
}

/// Allows so many retries for each first call, on average; a few are there from the start, for times of few calls.
#[derive(Debug)]
pub(super) struct Budget {
    per_call: f64,
    retries: Mutex<f64>,
}

impl Budget {
    /// The most that is saved up.
    const MAX_RETRIES: f64 = 10.0;

    pub(super) fn new(per_call: f64) -> Self {
        Budget { per_call, retries: Mutex::new(Self::MAX_RETRIES) }
    }

    /// A first call is made.
    pub(super) fn deposit(&self) {
        let mut retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        *retries = (*retries + self.per_call).min(Self::MAX_RETRIES);
    }

    /// Whether a retry may be made; then it is paid for.
    pub(super) fn withdraw(&self) -> bool {
        let mut retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = *retries >= 1.0;
        if allowed {
            *retries -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_between_jobs_and_are_twice_as_long_each_time() {
        let backoff = Duration::from_millis(100);
        for retries_made in 0..4 {
            let pauses: Vec<Duration> = (0..1_000).map(|job| pause(backoff, job, retries_made)).collect();
            let longest = backoff * 2u32.pow(retries_made);
            assert!(pauses.iter().all(|pause| *pause < longest));
            let mean = pauses.iter().sum::<Duration>() / 1_000;
            assert!(mean.abs_diff(longest / 2) < longest / 20, "{mean:?} of {longest:?}");
        }
        assert_eq!(pause(backoff, 7, 1), pause(backoff, 7, 1));
        assert_eq!(pause(Duration::ZERO, 7, 100), Duration::ZERO);
    }

    #[test]
    fn a_budget_is_spent_and_earned() {
        let budget = Budget::new(0.5);
        let spent = std::iter::repeat_with(|| budget.withdraw()).take_while(|allowed| *allowed).count();
        assert_eq!(spent, 10);
        budget.deposit();
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw() && !budget.withdraw());
    }
}
