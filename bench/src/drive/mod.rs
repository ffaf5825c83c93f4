//! Putting load on a target: closed loop or open loop.
//!
//! The same for every target: the same windows, batches and prefetch, the same audit of what arrives. All of it runs on
//! one thread, so that a broker beside it has a core of its own. Whatever can be done once for a batch is not done for
//! each message: a generator that is slower than what it drives would be what is measured. What a run consists of is
//! [`workload`](crate::workload)'s business.

mod batch;
mod consuming;
mod figures;
mod load;
mod patience;
mod producing;
mod run;
mod session;
mod tally;
mod ticker;

pub(crate) use consuming::Taker;
pub use figures::Figures;
pub(crate) use figures::Reading;
pub use load::{Limits, Load, Pace};
pub(crate) use patience::{drain, settled_bytes, wait_for_confirms, within};
pub(crate) use producing::Sender;
pub(crate) use run::{
    conduct, connect_consumers, connect_producers, consume_all, measure, play, process_of, produce_all,
};
pub(crate) use session::{Lane, Phase, Session};
