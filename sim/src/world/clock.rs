//! Simulated time: it stands still while any task can run, and jumps to the next deadline when none can.
//!
//! madsim has a clock too, but its sleeps last at least 1 ms, every poll moves it on by up to 100 ns, and its timers
//! cannot be cancelled. So it is dilated without bound: one of its seconds passes between two instants of ours, and
//! all it says is that no task was ready any more. What time it is, and who is to be woken, is decided here. Hence
//! time is exact to the nanosecond, computing takes none of it, and a sleep that was dropped leaves nothing behind.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use handoff_broker::Timestamp;

use super::error::WorldError;
use super::lock;

/// madsim's time between two of our instants. It passes at once when no task is ready; otherwise only after some ten
/// million polls, so that tasks that never rest do not stop time for ever.
const QUANTUM: Duration = Duration::from_secs(1);

/// The world's clock. Cheap to clone; clones are the same clock.
#[derive(Clone)]
pub(super) struct Clock(Arc<Mutex<Timers>>);

struct Timers {
    now: Timestamp,
    next_id: u64,
    /// By deadline, then in the order in which they were set. All deadlines lie after `now`.
    pending: BTreeMap<(Timestamp, u64), Waker>,
}

impl Clock {
    /// A clock at the epoch.
    pub(super) fn new() -> Self {
        Clock(Arc::new(Mutex::new(Timers { now: Timestamp::EPOCH, next_id: 0, pending: BTreeMap::new() })))
    }

    pub(super) fn now(&self) -> Timestamp {
        lock(&self.0).now
    }

    pub(super) fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        Sleep { clock: self.clone(), deadline, timer: None }
    }

    pub(super) fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// Moves time on whenever no task can run, until there is nothing to wait for or `limit` would be passed.
    pub(super) async fn run(&self, limit: Timestamp) -> WorldError {
        loop {
            idle().await;
            if let Err(end) = self.jump(limit) {
                return end;
            }
        }
    }

    /// Forgets all timers.
    pub(super) fn clear(&self) {
        lock(&self.0).pending.clear();
    }

    /// Moves to the next deadline and wakes everybody who waits for that instant.
    fn jump(&self, limit: Timestamp) -> Result<(), WorldError> {
        let mut timers = lock(&self.0);
        let Some((&(next, _), _)) = timers.pending.first_key_value() else {
            return Err(WorldError::Deadlock { at: timers.now });
        };
        timers.now = next.min(limit);
        if next > limit {
            return Err(WorldError::TimeLimit { at: limit });
        }
        while let Some(timer) = timers.pending.first_entry()
            && timer.key().0 == next
        {
            timer.remove().wake();
        }
        Ok(())
    }
}

/// Completes when no other task is ready.
pub(super) async fn idle() {
    madsim::time::sleep(QUANTUM).await;
}

/// Completes at its deadline, to the nanosecond. One that ends [never](Timestamp::NEVER) is no timer, and does not
/// hide a deadlock.
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep {
    clock: Clock,
    deadline: Timestamp,
    /// Its key among the pending timers, once it was polled before its deadline.
    timer: Option<u64>,
}

impl Sleep {
    /// When it completes.
    pub(super) fn deadline(&self) -> Timestamp {
        self.deadline
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sleep = &mut *self;
        let mut timers = lock(&sleep.clock.0);
        if sleep.deadline <= timers.now {
            return Poll::Ready(());
        }
        if sleep.deadline == Timestamp::NEVER {
            return Poll::Pending;
        }
        let id = *sleep.timer.get_or_insert_with(|| {
            timers.next_id += 1;
            timers.next_id
        });
        timers
            .pending
            .entry((sleep.deadline, id))
            .and_modify(|waker| waker.clone_from(context.waker()))
            .or_insert_with(|| context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.timer {
            lock(&self.clock.0).pending.remove(&(self.deadline, id));
        }
    }
}
