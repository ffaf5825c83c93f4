//! Queueing theory: what closed forms say about a load, to hold against what was simulated.
//!
//! Systems have Kendall's names: arrivals / work / servers / places. M is memoryless (Poisson arrivals, exponential
//! work), D constant, G anything. Times are in seconds and rates per second, all above zero and finite. Where work
//! arrives faster than it can be done there is no steady state, and what has no bound then is infinite.
//!
//! Nothing here is random and nothing is simulated. The forms are those of Gross, Shortle, Thompson and Harris,
//! *Fundamentals of Queueing Theory* (4th ed., 2008), called FQT below; each names its section.

mod bounded;
mod erlang;
mod flow;
mod multi_server;
mod recursion;
mod single_server;

pub use bounded::Bounded;
pub use erlang::{erlang_b, erlang_c};
pub use flow::{drain_s, jobs_in_system};
pub use multi_server::MultiServer;
pub use recursion::waits;
pub use single_server::{SingleServer, squared_variation};

/// Tests compare with values that books print, to as many digits as they print.
#[cfg(test)]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected} ± {tolerance}");
}
