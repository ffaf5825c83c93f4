//! Broken brokers: the reference broker with its commands and effects altered at the core's seam.
//!
//! A checker that cannot fail is worthless, so each of these has to be caught, and by the right name. The core itself
//! knows nothing of them.

mod alteration;
mod defective;
mod list;
mod lost;

pub use defective::Defective;
pub use list::Defect;
