//! Giving memory back to the operating system when a backlog has gone.
//!
//! What messages took is freed as they go, but glibc keeps it for the process as long as anything younger is in use. It
//! is asked for it when most of what was held has gone. Other allocators give memory back by themselves, and nothing is
//! done.

use std::time::Duration;

use handoff_broker::core::Broker;
use handoff_broker::server::Server;
use handoff_broker::{Runtime, TokioRuntime};

/// How often the broker is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// What is not worth asking for.
const SPARE_BYTES: u64 = 16 * 1024 * 1024;

/// Watches what `server` holds, and gives back what it held before. Never ends.
pub async fn keep_small(server: Server<Broker>, runtime: TokioRuntime) {
    let mut held = Held::default();
    loop {
        runtime.sleep(PERIOD).await;
        if held.has_fallen(server.message_bytes()) {
            // It takes some milliseconds for each hundred megabytes, which nobody should wait for. That it could not
            // be done changes nothing.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
    }
}

/// The most that was held since memory was given back for the last time.
#[derive(Debug, Default)]
struct Held {
    peak_bytes: u64,
}

impl Held {
    /// Whether at least half of the peak has gone, and that is much. What is held now is then the new peak.
    fn has_fallen(&mut self, bytes: u64) -> bool {
        self.peak_bytes = self.peak_bytes.max(bytes);
        let gone_bytes = self.peak_bytes - bytes;
        let has_fallen = gone_bytes > SPARE_BYTES && gone_bytes >= bytes;
        if has_fallen {
            self.peak_bytes = bytes;
        }
        has_fallen
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the one call of C: there is no safe way to ask glibc")]
fn give_back() {
    // SAFETY: it may be called at any time by any thread, and touches only what is free.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_asked_for_when_half_of_much_has_gone_and_once() {
        let mut held = Held::default();
        let mib = |count: u64| count * 1024 * 1024;
        let looked_at = [0, 10, 0, 100, 60, 50, 50, 40, 20, 5, 0].map(|count| held.has_fallen(mib(count)));
        let asked = [false, false, false, false, false, true, false, false, true, false, true];
        assert_eq!(looked_at, asked);
    }
}
