//! Chooses the worker to call: the one with the fewest calls under way, and of equals the one called least recently.
//!
//! A worker that did not answer a call is left out for a while. Otherwise a dead one, which refuses at once and so has
//! never a call under way, would draw nearly all calls. If it would be more than half of them, it is none: then they
//! are not dead but overloaded, and to give their share to the few others would only overload those, too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handoff_broker::Timestamp;

/// Knows the workers. Cheap to clone; clones are the same balancer.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    eject: Duration,
    workers: Arc<Mutex<BTreeMap<u32, Standing>>>,
}

#[derive(Debug)]
struct Standing {
    address: SocketAddr,
    calls_under_way: usize,
    last_call_at: Timestamp,
    ejected_until: Timestamp,
}

/// A call under way to one worker, until it is dropped.
#[derive(Debug)]
pub(super) struct Call {
    balancer: Balancer,
    worker: u32,
    address: SocketAddr,
}

impl Balancer {
    pub(super) fn new(eject: Duration) -> Self {
        Balancer { eject, workers: Arc::default() }
    }

    /// A worker listens at `address`, for the first time or again.
    pub(super) fn register(&self, worker: u32, address: SocketAddr) {
        let new = || Standing {
            address,
            calls_under_way: 0,
            last_call_at: Timestamp::EPOCH,
            ejected_until: Timestamp::EPOCH,
        };
        self.lock().entry(worker).or_insert_with(new).address = address;
    }

    /// A worker is called no more, until it is registered again.
    pub(super) fn leave_out(&self, worker: u32) {
        self.lock().remove(&worker);
    }

    /// The worker to call now; `None` if there is none at all.
    pub(super) fn pick(&self, now: Timestamp) -> Option<Call> {
        let mut workers = self.lock();
        let ejected = workers.values().filter(|standing| standing.is_ejected(now)).count();
        let leaves_out = 2 * ejected <= workers.len();
        let (worker, standing) = workers.iter_mut().min_by_key(|(_, standing)| {
            (leaves_out && standing.is_ejected(now), standing.calls_under_way, standing.last_call_at)
        })?;
        standing.calls_under_way += 1;
        standing.last_call_at = now;
        Some(Call { balancer: self.clone(), worker: *worker, address: standing.address })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Standing>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn is_ejected(&self, now: Timestamp) -> bool {
        self.ejected_until > now
    }
}

impl Call {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The worker did not answer: it is left out for a while.
    pub(super) fn eject(&self, now: Timestamp) {
        if let Some(standing) = self.balancer.lock().get_mut(&self.worker) {
            standing.ejected_until = now + self.balancer.eject;
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(standing) = self.balancer.lock().get_mut(&self.worker) {
            // A worker that was left out meanwhile begins anew.
            standing.calls_under_way = standing.calls_under_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_nanoseconds(second * 1_000_000_000)
    }

    fn balancer(workers: u32) -> Balancer {
        let balancer = Balancer::new(Duration::from_secs(10));
        for worker in 1..=workers {
            balancer.register(worker, SocketAddr::from(([127, 0, 0, 1], 1)));
        }
        balancer
    }

    #[test]
    fn the_worker_with_the_fewest_calls_under_way_is_called() {
        let balancer = balancer(2);
        let first = balancer.pick(at(1)).expect("a worker");
        let second = balancer.pick(at(2)).expect("a worker");
        assert_eq!((first.worker, second.worker), (1, 2));
        drop(second);
        assert_eq!(balancer.pick(at(3)).expect("a worker").worker, 2);
    }

    #[test]
    fn equals_take_turns() {
        let balancer = balancer(3);
        let turns: Vec<u32> = (1..=6).map(|second| balancer.pick(at(second)).expect("a worker").worker).collect();
        assert_eq!(turns, [1, 2, 3, 1, 2, 3]);
    }

    #[test]
    fn a_worker_that_did_not_answer_is_left_out_for_a_while() {
        let balancer = balancer(2);
        balancer.pick(at(1)).expect("a worker").eject(at(1));
        let turns: Vec<u32> =
            [2, 3, 10, 11, 12].map(|second| balancer.pick(at(second)).expect("a worker").worker).into();
        assert_eq!(turns, [2, 2, 2, 1, 2]);
    }

    #[test]
    fn a_worker_that_is_drained_is_not_called() {
        let balancer = balancer(2);
        balancer.leave_out(1);
        let turns: Vec<u32> = [2, 3].map(|second| balancer.pick(at(second)).expect("a worker").worker).into();
        assert_eq!(turns, [2, 2]);
    }

    #[test]
    fn if_more_than_half_did_not_answer_none_is_left_out() {
        let balancer = balancer(3);
        let eject = |number: u32| {
            let call = Call { balancer: balancer.clone(), worker: number, address: ([127, 0, 0, 1], 1).into() };
            call.eject(at(1));
        };
        let turns = |seconds: [u64; 3]| seconds.map(|second| balancer.pick(at(second)).expect("a worker").worker);
        eject(1);
        assert_eq!(turns([2, 3, 4]), [2, 3, 2]);
        eject(2);
        assert_eq!(turns([5, 6, 7]), [1, 3, 2]);
    }

    #[test]
    fn if_all_are_left_out_one_is_called_all_the_same_and_of_no_workers_none() {
        let balancer = balancer(1);
        balancer.pick(at(1)).expect("a worker").eject(at(1));
        assert_eq!(balancer.pick(at(2)).expect("a worker").worker, 1);
        assert!(Balancer::new(Duration::ZERO).pick(at(1)).is_none());
    }
}
