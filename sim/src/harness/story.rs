//! What happened in a world, in the order in which it did: who did what, when.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use handoff_broker::Timestamp;

/// More lines than anybody reads.
const MOST_LINES: usize = 2_000;

/// A story, in many hands. It is only told if somebody wants to hear it.
#[derive(Clone)]
pub(super) struct Story(Option<Arc<Mutex<Vec<String>>>>);

impl Story {
    /// An empty one.
    pub fn new(is_wanted: bool) -> Self {
        Story(is_wanted.then(Arc::default))
    }

    /// Whether anybody wants to hear it.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Adds a line.
    pub fn tell(&self, now: Timestamp, who: &str, what: impl Display) {
        let Some(lines) = &self.0 else { return };
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.len() {
            0..MOST_LINES => lines.push(format!("{now} {who}: {what}")),
            MOST_LINES => lines.push("(and so on)".into()),
            _ => {}
        }
    }

    /// All lines so far, which are gone from it then.
    pub fn take(&self) -> Vec<String> {
        let lines =
            self.0.as_ref().map(|lines| std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner)));
        lines.unwrap_or_default()
    }
}
