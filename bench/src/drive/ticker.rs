//! A clock finer than a timer wheel's millisecond: a thread that sleeps and knocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

/// Knocks every so often, until it is dropped. Knocks that nobody waited for count as one.
pub(super) struct Ticker {
    knock: Arc<Notify>,
    over: Arc<AtomicBool>,
}

impl Ticker {
    /// Knocks every `interval` from now on.
    pub fn every(interval: Duration) -> Self {
        let ticker = Ticker { knock: Arc::new(Notify::new()), over: Arc::new(AtomicBool::new(false)) };
        let (knock, over) = (ticker.knock.clone(), ticker.over.clone());
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(interval);
                knock.notify_one();
            }
        });
        ticker
    }

    /// Completes at the next knock.
    pub async fn tick(&self) {
        self.knock.notified().await;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
