//! How fast the deterministic world is, and the checker of what happened in it.
//!
//! - `simulator/seeds/<profile>`: whole seeds: a plan is drawn, played and judged.
//! - `simulator/echo/<world>`: round trips of 64 bytes over the bare network; a round trip is two network messages.
//! - `simulator/hand-off/<world>`: messages published, delivered and acknowledged by the broker and its clients.
//! - `simulator/growth/<messages>`: a plan under faults at 1, 10 and 100 times its size, played and judged; the elements
//!   a second stay the same if the cost grows linearly.
//! - `checker/history/<events>`: a history of about so many events judged, without playing it.
//!
//! `<world>` is `handoff`, for the echo also `madsim`, and with `--features turmoil` also `turmoil`.
//!
//! Run it with `cargo bench -p handoff-sim --bench simulator`. All of it is computing on one core: ratios within one run
//! mean more than its figures.

mod broker;
mod check;
mod echo;
mod growth;
mod seeds;
#[cfg(feature = "turmoil")]
mod turmoil;

use std::env;

use criterion::{criterion_group, criterion_main};

/// Whether anything is measured. `cargo test` and `--test` run each benchmark once, so that none rots, and that should
/// be short.
fn is_measured() -> bool {
    let has = |wanted: &str| env::args().any(|argument| argument == wanted);
    has("--bench") && !has("--test")
}

criterion_group!(benches, seeds::seeds, echo::echo, broker::hand_off, growth::growth, check::check);
criterion_main!(benches);
