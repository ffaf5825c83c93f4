//! The end of connections on which nothing moves.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};

/// Watches over reads and writes with a single timer, which is armed again only after it has fired.
pub(super) struct IdleTimer<R: Runtime> {
    runtime: R,
    limit: Duration,
    sleep: Pin<Box<R::Sleep>>,
}

impl<R: Runtime> IdleTimer<R> {
    pub(super) fn new(runtime: R, limit: Duration) -> Self {
        let sleep = Box::pin(runtime.sleep(limit));
        IdleTimer { runtime, limit, sleep }
    }

    /// The output of `future`, or `None` if it was not there within the limit.
    pub(super) async fn watch<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let deadline: Timestamp = self.runtime.now() + self.limit;
        let mut future = pin!(future);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = &mut self.sleep => {
                    let is_over = self.runtime.now() >= deadline;
                    self.sleep = Box::pin(self.runtime.sleep_until(deadline));
                    if is_over {
                        return None;
                    }
                }
            }
        }
    }
}
