//! Measuring on the real clock.
