//! Calls a worker of each subscriber at the same time, and waits for all of them.

use futures_util::future::join_all;
use handoff_broker::Runtime;

use super::caller::Caller;
use crate::architecture::HandOver;
use crate::job::Job;
use crate::journal::Answer;

/// The callers, one for each subscriber.
pub struct FanOut<R>(Vec<Caller<R>>);

impl<R: Runtime> FanOut<R> {
    pub(super) fn new(callers: Vec<Caller<R>>) -> Self {
        FanOut(callers)
    }
}

impl<R: Runtime> HandOver for FanOut<R> {
    /// The job is done if it is done for all; otherwise the first subscriber that is not served decides.
    async fn hand_over(&self, job: &Job) -> Answer {
        let answers = join_all(self.0.iter().map(|caller| caller.hand_over(job))).await;
        let refusal = answers.iter().find(|answer| !answer.is_promise());
        refusal.or(answers.first()).copied().unwrap_or(Answer::Failed)
    }
}
