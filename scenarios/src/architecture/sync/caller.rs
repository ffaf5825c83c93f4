//! The calling side: calls the least busy worker, tries again as far as it may, and stops when nobody answers.

use std::time::Duration;

use handoff_broker::Runtime;

use super::balancer::Balancer;
use super::breaker::CircuitBreaker;
use super::retry::{Budget, pause};
use crate::architecture::HandOver;
use crate::http::{self, Client};
use crate::job::Job;
use crate::journal::Answer;
use crate::scenario::SyncSettings;

/// Calls what the balancer knows.
pub struct Caller<R> {
    runtime: R,
    client: Client<R>,
    balancer: Balancer,
    retries: u32,
    call_timeout: Option<Duration>,
    backoff: Duration,
    budget: Option<Budget>,
    breaker: Option<CircuitBreaker>,
}

impl<R: Runtime> Caller<R> {
    pub(super) fn new(runtime: R, balancer: Balancer, settings: &SyncSettings) -> Self {
        Caller {
            client: Client::new(runtime.clone()),
            runtime,
            balancer,
            retries: settings.retries,
            call_timeout: settings.call_timeout(),
            backoff: settings.backoff(),
            budget: settings.retry_budget.map(Budget::new),
            breaker: settings.breaker.as_ref().map(CircuitBreaker::new),
        }
    }

    /// One call, unless the circuit breaker is open. A worker that does not answer is left out for a while.
    async fn call(&self, job: &Job) -> Option<Answer> {
        if self.breaker.as_ref().is_some_and(|breaker| !breaker.admits(self.runtime.now())) {
            return None;
        }
        let answer = self.call_a_worker(job).await;
        if let Some(breaker) = &self.breaker {
            breaker.record(answer.is_promise(), self.runtime.now());
        }
        Some(answer)
    }

    async fn call_a_worker(&self, job: &Job) -> Answer {
        let Some(call) = self.balancer.pick(self.runtime.now()) else {
            return Answer::Failed;
        };
        let post = self.client.post(call.address(), job.message());
        let posted = match self.call_timeout {
            Some(timeout) => self.runtime.timeout_at(self.runtime.now() + timeout, post).await,
            None => Some(post.await),
        };
        let answer = match posted {
            Some(Ok(status)) => return http::answer_of(status),
            Some(Err(error)) => {
                tracing::debug!(%error, "a call failed");
                Answer::Failed
            }
            None => Answer::TimedOut,
        };
        call.eject(self.runtime.now());
        answer
    }

    /// Whether one more call may be made for a job.
    fn may_retry(&self, retries_made: u32) -> bool {
        retries_made < self.retries && self.budget.as_ref().is_none_or(Budget::withdraw)
    }
}

impl<R: Runtime> HandOver for Caller<R> {
    /// The answer to the last call. If the circuit breaker allows none, the job is turned away.
    async fn hand_over(&self, job: &Job) -> Answer {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
        let mut last = Answer::Rejected;
        for retries_made in 0.. {
            match self.call(job).await {
                Some(answer) if answer.is_promise() => return answer,
                Some(answer) => last = answer,
                None => return last,
            }
            if !self.may_retry(retries_made) {
                return last;
            }
            self.runtime.sleep(pause(self.backoff, job.id, retries_made)).await;
        }
        last
    }
}
