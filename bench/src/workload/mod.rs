//! What can be put on a system: each workload with its name, and a file for how it is run.
//!
//! They are made of the parts in [`drive`](crate::drive), which know neither targets nor workloads.

mod carry;
mod churn;
mod dead_letter;
mod idle;
mod stored;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::drive::{Figures, Load, Pace, within};
use crate::target::{Target, TargetError};

/// A workload.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// Messages go from producers to consumers, all connected at once, in closed or open loop.
    Carry(Load),
    /// Producers send and nobody consumes while it is measured.
    PublishOnly(Load),
    /// The queue is filled first; measured is what consumers take when no producer sends any more.
    DrainOnly(Load),
    /// So many messages wait before the first is taken: memory for each of them, and after them.
    Backlog {
        /// How many wait.
        messages: u64,
        /// Bytes of each body.
        body_bytes: usize,
    },
    /// Connections that do nothing, each with a channel: memory for each of them, and how one more pair fares.
    Idle {
        /// How many do nothing.
        connections: usize,
        /// What the pair carries; an open loop.
        load: Load,
    },
    /// Consumers die with messages that they have not acknowledged, and are replaced.
    Churn {
        /// What is carried meanwhile.
        load: Load,
        /// How often one of them dies.
        every: Duration,
    },
    /// Consumers reject; another consumer takes what they rejected from the dead letter queue.
    DeadLetter {
        /// What is carried.
        load: Load,
        /// Of what comes in one go, every so many is rejected: 1 rejects all.
        every: u64,
    },
}

impl Workload {
    /// A short name that stays the same: what figures of different runs are compared by.
    pub fn id(&self) -> String {
        match self {
            Workload::Carry(load) => match load.pace {
                Pace::Closed => format!("closed/{}", shape(load)),
                Pace::Open { rate_per_s } => format!("open/{rate_per_s}/s/{}", shape(load)),
            },
            Workload::PublishOnly(load) => format!("publish/{}", shape(load)),
            Workload::DrainOnly(load) => format!("drain/{}", shape(load)),
            Workload::Backlog { messages, body_bytes } => format!("backlog/{messages}x{body_bytes}B"),
            Workload::Idle { connections, .. } => format!("idle/{connections}"),
            Workload::Churn { load, .. } => format!("churn/{}", shape(load)),
            Workload::DeadLetter { load, .. } => format!("dead-letter/{}", shape(load)),
        }
    }
}

impl Workload {
    /// Whether it compares the memory of a process with what it was before: then a process that has done nothing yet
    /// tells the most, since what an earlier run has left with its allocator is neither given back nor taken again.
    pub fn weighs_memory(&self) -> bool {
        matches!(self, Workload::Backlog { .. } | Workload::Idle { .. })
    }

    /// Puts it on `target` once, and deletes what was made for it.
    ///
    /// # Errors
    /// If the target could not be driven to the end of the run: no figure comes from a part of it. What it does not have
    /// is [`TargetError::Unsupported`].
    ///
    /// Boxed, so that it is compiled here, with what it drives, and not where it is awaited.
    pub fn run<'a>(&'a self, target: &'a dyn Target) -> BoxFuture<'a, Result<Figures, TargetError>> {
        Box::pin(self.conduct(target))
    }

    async fn conduct(&self, target: &dyn Target) -> Result<Figures, TargetError> {
        target.split_among(self.consumers());
        let run = match self {
            Workload::Carry(load) => carry::run(target, load).await,
            Workload::PublishOnly(load) => stored::publish_only(target, load).await,
            Workload::DrainOnly(load) => stored::drain_only(target, load).await,
            Workload::Backlog { messages, body_bytes } => stored::backlog(target, *messages, *body_bytes).await,
            Workload::Idle { connections, load } => idle::run(target, *connections, load).await,
            Workload::Churn { load, every } => churn::run(target, load, *every).await,
            Workload::DeadLetter { load, every } => dead_letter::run(target, load, *every).await,
        };
        match run {
            Err(TargetError::Unsupported(what)) => Err(TargetError::Unsupported(what)),
            Err(error) => {
                // As far as it can: what matters is why it could not be driven.
                let _ = within(target.clean_up()).await;
                Err(error)
            }
            Ok(figures) => within(target.clean_up()).await.map(|()| figures),
        }
    }
}

impl Workload {
    /// How many consumers compete for the messages.
    fn consumers(&self) -> usize {
        match self {
            Workload::Backlog { .. } => 1,
            // What was only published is taken by one in the end, to be audited.
            Workload::PublishOnly(_) => 1,
            Workload::Carry(load) | Workload::DrainOnly(load) => load.consumers,
            Workload::Idle { load, .. } | Workload::Churn { load, .. } | Workload::DeadLetter { load, .. } => {
                load.consumers
            }
        }
    }
}

fn shape(load: &Load) -> String {
    format!("{}B/{}x{}", load.body_bytes, load.producers, load.consumers)
}

impl fmt::Display for Workload {
    /// In a line, with everything that was set.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Workload::Carry(load) => load.fmt(formatter),
            Workload::PublishOnly(load) => write!(formatter, "publish only: {load}"),
            Workload::DrainOnly(load) => write!(formatter, "drain only: {load}"),
            Workload::Backlog { messages, body_bytes } => {
                write!(formatter, "a backlog of {messages} messages of {body_bytes} B, filled, then drained")
            }
            Workload::Idle { connections, load } => write!(formatter, "{connections} idle connections beside {load}"),
            Workload::Churn { load, every } => {
                write!(formatter, "a consumer dies every {} s: {load}", every.as_secs_f64())
            }
            Workload::DeadLetter { load, every: 1 } => write!(formatter, "all rejected: {load}"),
            Workload::DeadLetter { load, every } => write!(formatter, "one in {every} goes rejected: {load}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Limits;

    fn load(pace: Pace) -> Load {
        Load {
            producers: 1,
            consumers: 8,
            body_bytes: 16,
            pace,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(3),
            limits: Limits::for_bodies(16),
        }
    }

    #[test]
    fn each_has_a_short_name_of_its_own() {
        let closed = || load(Pace::Closed);
        let workloads = [
            (Workload::Carry(closed()), "closed/16B/1x8"),
            (Workload::Carry(load(Pace::Open { rate_per_s: 20_000.0 })), "open/20000/s/16B/1x8"),
            (Workload::PublishOnly(closed()), "publish/16B/1x8"),
            (Workload::DrainOnly(closed()), "drain/16B/1x8"),
            (Workload::Backlog { messages: 5_000_000, body_bytes: 100 }, "backlog/5000000x100B"),
            (Workload::Idle { connections: 1_000, load: closed() }, "idle/1000"),
            (Workload::Churn { load: closed(), every: Duration::from_millis(100) }, "churn/16B/1x8"),
            (Workload::DeadLetter { load: closed(), every: 1 }, "dead-letter/16B/1x8"),
        ];
        for (workload, id) in workloads {
            assert_eq!(workload.id(), id);
        }
    }

    #[test]
    fn the_line_says_what_was_set() {
        let churn = Workload::Churn { load: load(Pace::Closed), every: Duration::from_millis(100) };
        assert_eq!(
            churn.to_string(),
            "a consumer dies every 0.1 s: closed loop, window 2000, batches of 250, 16 B, 1 to 8, prefetch 2000, \
             confirmed and acknowledged, 3 s"
        );
    }
}
