//! The deterministic world: a simulated network and clock, faults, histories, and the invariants that judge them.

#[cfg(not(madsim))]
compile_error!(
    "handoff-sim simulates only under `--cfg madsim`. The workspace sets it in .cargo/config.toml; \
     if RUSTFLAGS is set in the environment it wins over that file, so add `--cfg madsim` to it."
);

pub mod advise;
pub mod chaos;
pub mod check;
pub mod confidence;
pub mod defect;
pub mod fault;
pub mod harness;
pub mod history;
mod parallel;
pub mod play;
pub mod theory;
pub mod world;
