//! Threads of the front end that wait until a worker has replied to what they handed over: request and reply over a
//! queue or a log. How a reply comes is the architectures' business.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::journal::Answer;

/// Who waits for the reply to which job. Cheap to clone; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies(Arc<Mutex<BTreeMap<u64, oneshot::Sender<()>>>>);

/// A reply that is waited for until this is dropped.
#[derive(Debug)]
pub(super) struct Expected {
    replies: Replies,
    job: u64,
    reply: oneshot::Receiver<()>,
}

impl Replies {
    /// To be called before `job` is handed over, so that no reply comes too early.
    pub(super) fn expect(&self, job: u64) -> Expected {
        let (sender, reply) = oneshot::channel();
        self.lock().insert(job, sender);
        Expected { replies: self.clone(), job, reply }
    }

    /// A worker says that `job` is done. Whoever gave up waiting misses nothing.
    pub(super) fn came(&self, job: u64) {
        if let Some(sender) = self.lock().remove(&job) {
            let _ = sender.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// What its caller is told, once the reply is there.
    pub(super) async fn answer(mut self) -> Answer {
        match (&mut self.reply).await {
            Ok(()) => Answer::Done,
            // Somebody else waits for the same job.
            Err(_) => Answer::TimedOut,
        }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.replies.lock().remove(&self.job);
    }
}

/// What a caller is told whose job got the answer `handed_over`, and whose reply is waited for if there is to be one.
pub(super) async fn outcome(handed_over: Answer, expected: Option<Expected>) -> Answer {
    match (handed_over, expected) {
        (Answer::Accepted, Some(expected)) => expected.answer().await,
        (answer, _) => answer,
    }
}
