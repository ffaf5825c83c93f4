//! Named moments: clients say that they have come, and go on when whoever waited for them has struck.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::fault::Moment;

/// Who waits for which moment on which node.
#[derive(Default)]
pub(super) struct Moments(Mutex<BTreeMap<(Moment, String), Vec<Waiting>>>);

/// Told that the moment has come, and given the means to say that it may pass.
type Waiting = oneshot::Sender<Passing>;

/// While it lives, the moment lasts.
pub(super) type Passing = oneshot::Sender<()>;

impl Moments {
    /// Waits for the next such moment on `node`. `None` if there can be no more.
    pub fn next(&self, moment: Moment, node: &str) -> oneshot::Receiver<Passing> {
        let (waiting, come) = oneshot::channel();
        let node = if moment == Moment::DuringRequeue { "" } else { node };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((moment, node.to_owned())).or_default().push(waiting);
        come
    }

    /// The moment has come on `node`; returns when everybody who waited for it has struck. It may never do, since the
    /// node may be struck dead.
    pub async fn reach(&self, moment: Moment, node: &str) {
        for passed in self.announce(moment, node) {
            // Dropped or sent: either way it has passed.
            let _ = passed.await;
        }
    }

    /// The moment has come, and passes at once.
    pub fn pass(&self, moment: Moment) {
        drop(self.announce(moment, ""));
    }

    fn announce(&self, moment: Moment, node: &str) -> Vec<oneshot::Receiver<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return Vec::new();
        }
        let waiting = all.remove(&(moment, node.to_owned())).unwrap_or_default();
        let announce = |waiting: Waiting| {
            let (passing, passed) = oneshot::channel();
            waiting.send(passing).ok().map(|()| passed)
        };
        waiting.into_iter().filter_map(announce).collect()
    }
}
