//! What the deterministic world promises, seen from outside: through `Runtime`, `Stage` and `run` alone.

mod broker;
mod clock;
mod connecting;
mod death;
mod determinism;
mod failing;
mod partition;
mod streams;
mod support;
