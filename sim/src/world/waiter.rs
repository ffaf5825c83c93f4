//! A task that waits for something to happen on its end of a connection, and the instant at which it will.

use std::pin::Pin;
use std::task::{Context, Waker};

use handoff_broker::Timestamp;

use super::clock::{Clock, Sleep};

/// At most one task, woken at most once for each time it waits.
#[derive(Default)]
pub(super) struct Waiter {
    waker: Option<Waker>,
    alarm: Option<Sleep>,
}

impl Waiter {
    /// The task waits, and is to be woken at `instant` if that is known.
    pub(super) fn wait(&mut self, clock: &Clock, waker: &Waker, instant: Option<Timestamp>) {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *self = Waiter { waker: Some(waker.clone()), alarm: None };
        }
        self.expect(clock, instant);
    }

    /// What the task waits for, if one does, will happen at `instant`; `None` if that is not known (any more).
    pub(super) fn expect(&mut self, clock: &Clock, instant: Option<Timestamp>) {
        let Some(waker) = &self.waker else { return };
        if self.alarm.as_ref().map(Sleep::deadline) == instant {
            return;
        }
        self.alarm = instant.map(|instant| clock.sleep_until(instant));
        if let Some(alarm) = &mut self.alarm
            && Pin::new(alarm).poll(&mut Context::from_waker(waker)).is_ready()
        {
            self.wake();
        }
    }

    /// Wakes the task, if one waits.
    pub(super) fn wake(&mut self) {
        self.alarm = None;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The task does not wait any more.
    pub(super) fn clear(&mut self) {
        *self = Waiter::default();
    }
}
