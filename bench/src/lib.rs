//! Measuring on the real clock.
#![allow(clippy::disallowed_methods, reason = "this room measures the real world")]

pub mod play;
