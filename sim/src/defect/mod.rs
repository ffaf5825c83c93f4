//! Broken brokers: the reference broker with its commands and effects altered at the core's seam.
//!
//! A checker that cannot fail is worthless, so each of these has to be caught, and by the right name. The core itself
//! knows nothing of them.

mod alteration;
mod content;
mod copies;
mod count;
mod credit;
mod death;
mod defective;
mod list;
mod lost;
mod memory;
mod order;

pub use defective::Defective;
pub use list::Defect;
