//! A circuit breaker: after some failures in a row nothing is called for a while, and then one call tries again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handoff_broker::Timestamp;

use crate::scenario::Breaker;

#[derive(Debug)]
pub(super) struct CircuitBreaker {
    max_failures: u32,
    open: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Calls are made.
    Closed { failures_in_a_row: u32 },
    /// None is, until then.
    Open { until: Timestamp },
    /// One call is under way to see whether it works again.
    HalfOpen { since: Timestamp },
}

impl CircuitBreaker {
    pub(super) fn new(settings: &Breaker) -> Self {
        let state = Mutex::new(State::Closed { failures_in_a_row: 0 });
        CircuitBreaker { max_failures: settings.failures, open: settings.open(), state }
    }

    /// Whether a call may be made now; whoever is told so has to make it.
    pub(super) fn admits(&self, now: Timestamp) -> bool {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => true,
            State::Open { until } if now < until => false,
            // A trial call whose caller gave up says nothing: then another may try.
            State::HalfOpen { since } if now < since + self.open => false,
            State::Open { .. } | State::HalfOpen { .. } => {
                *state = State::HalfOpen { since: now };
                true
            }
        }
    }

    /// A call that was admitted ended well, or not.
    pub(super) fn record(&self, ended_well: bool, now: Timestamp) {
        let mut state = self.lock();
        let opened = State::Open { until: now + self.open };
        *state = match *state {
            // Made before it opened: too late to count.
            State::Open { until } => State::Open { until },
            _ if ended_well => State::Closed { failures_in_a_row: 0 },
            State::Closed { failures_in_a_row } if failures_in_a_row + 1 < self.max_failures => {
                State::Closed { failures_in_a_row: failures_in_a_row + 1 }
            }
            State::Closed { .. } | State::HalfOpen { .. } => opened,
        };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_nanoseconds(second * 1_000_000_000)
    }

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(&Breaker { failures: 2, open_ms: 10_000.0 })
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let breaker = breaker();
        for ended_well in [false, true, false] {
            breaker.record(ended_well, at(1));
            assert!(breaker.admits(at(1)));
        }
        breaker.record(false, at(1));
        assert!(!breaker.admits(at(1)) && !breaker.admits(at(10)));
    }

    #[test]
    fn after_a_while_one_call_tries_and_decides() {
        let breaker = breaker();
        breaker.record(false, at(1));
        breaker.record(false, at(1));
        assert!(breaker.admits(at(11)) && !breaker.admits(at(11)), "one at a time");
        breaker.record(false, at(12));
        assert!(!breaker.admits(at(21)), "open for as long again");
        assert!(breaker.admits(at(22)));
        breaker.record(true, at(23));
        assert!(breaker.admits(at(23)) && breaker.admits(at(23)));
    }

    #[test]
    fn a_trial_that_never_ends_is_made_again() {
        let breaker = breaker();
        breaker.record(false, at(1));
        breaker.record(false, at(1));
        assert!(breaker.admits(at(11)));
        assert!(!breaker.admits(at(20)) && breaker.admits(at(21)));
    }
}
