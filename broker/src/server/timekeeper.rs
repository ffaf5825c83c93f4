//! The one timer of a server, for what happens in the core without any client's doing: messages and queues expire.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::hub::SharedHub;
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
