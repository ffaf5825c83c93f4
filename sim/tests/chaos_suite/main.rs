//! Chaos, from outside: plans, runs, sweeps, shrinking, regressions and broken brokers.

mod defects;
mod determinism;
mod plans;
mod regressions;
mod sweeps;
