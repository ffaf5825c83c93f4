//! Fault plans: what is sent, who works on it, and what goes wrong when. Generated, written down, read again.
//!
//! A [`Plan`] is explicit: everything that will be done stands in it, so that a failure can be shrunk by leaving
//! things out, kept as a file, and edited by hand. [`plan_for`] draws one from a seed. Nothing here plays a plan or
//! judges what came of it: that is [`chaos`](crate::chaos).

mod error;
mod file;
mod generate;
mod injection;
mod plan;
mod profile;
mod validate;

pub use error::PlanError;
pub use generate::{plan_for, plan_tree, plans};
pub use injection::{Attack, Fault, FaultKind, Moment};
pub use plan::{ConsumerPlan, Handling, MessagePlan, OverflowPlan, Plan, ProducerPlan, QueuePlan};
pub use profile::Profile;
