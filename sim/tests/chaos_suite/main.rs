//! Chaos, from outside: plans, runs, sweeps, shrinking, regressions and broken brokers.

mod defects;
mod determinism;
mod faults;
mod plans;
mod regressions;
mod sweeps;
