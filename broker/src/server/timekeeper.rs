//! The one timer of a server, for what happens in the core without any client's doing: messages and queues expire.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::hub::{Hub, SharedHub};
use crate::core::Machine;
use crate::runtime::Runtime;
use crate::time::Timestamp;

/// Lets the core do what is due, whenever it is, for as long as it is polled. Of several timekeepers of one server the
/// first does the work, and the others wait for ever.
pub(super) async fn keep_time<R: Runtime, M: Machine>(runtime: R, hub: SharedHub<M>) -> Infallible {
    if !hub.lock().claim_timer() {
        return std::future::pending().await;
    }
    let mut timer = Timer { runtime, hub, sleep: None };
    poll_fn(|context| timer.poll(context)).await
}

struct Timer<R: Runtime, M: Machine> {
    runtime: R,
    hub: SharedHub<M>,
    sleep: Option<(Timestamp, Pin<Box<R::Sleep>>)>,
}

impl<R: Runtime, M: Machine> Timer<R, M> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Infallible> {
        loop {
            let deadline = {
                let mut hub = self.hub.lock();
                hub.expire(self.runtime.now());
                hub.set_timer(context)
            };
            if deadline == Timestamp::NEVER {
                self.sleep = None;
                return Poll::Pending;
            }
            if self.sleep.as_ref().is_none_or(|(at, _)| *at != deadline) {
                self.sleep = Some((deadline, Box::pin(self.runtime.sleep_until(deadline))));
            }
            if let Some((_, sleep)) = &mut self.sleep {
                ready!(sleep.as_mut().poll(context));
            }
            self.sleep = None;
        }
    }
}

/// What a hub knows of the timer.
#[derive(Default)]
pub(super) struct TimerState {
    is_claimed: bool,
    /// When it fires, if it is set.
    fires_at: Option<Timestamp>,
    waker: Option<Waker>,
}

impl<M: Machine> Hub<M> {
    /// Wakes the timer if it would fire too late for the core in this place. One that would fire too early is left to
    /// do so: far fewer timers are set than if it was moved each time.
    pub fn note_deadline(&mut self, host: usize) {
        let Some(deadline) = self.hosts.get(host).and_then(|host| host.machine.deadline()) else { return };
        if self.timer.fires_at.is_none_or(|fires_at| deadline < fires_at)
            && let Some(waker) = self.timer.waker.take()
        {
            waker.wake();
        }
    }

    /// Whether the caller may keep the time: the first one that asks.
    fn claim_timer(&mut self) -> bool {
        !std::mem::replace(&mut self.timer.is_claimed, true)
    }

    /// Lets all cores do what is due.
    fn expire(&mut self, now: Timestamp) {
        for host in 0..self.hosts.len() {
            let machine = &mut self.hosts[host].machine;
            if machine.deadline().is_some_and(|deadline| deadline <= now) {
                machine.expire(now);
                self.route_effects_of(now, host);
                // Whoever waits for memory may go on.
                self.is_short_of_memory();
            }
        }
    }

    /// Says when the timer has to fire, and remembers whom to wake if that changes.
    fn set_timer(&mut self, context: &Context<'_>) -> Timestamp {
        self.timer.fires_at = self.hosts.iter().filter_map(|host| host.machine.deadline()).min();
        self.timer.waker = Some(context.waker().clone());
        self.timer.fires_at.unwrap_or(Timestamp::NEVER)
    }
}
