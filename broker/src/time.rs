//! One type for a point in time, so that the core can be told the time without having a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time: nanoseconds since the Unix epoch, as a [`Runtime`](crate::Runtime) tells it.
///
/// Within one runtime it never goes back. It counts real nanoseconds on Tokio and simulated ones in a simulation;
/// the two are never compared. Arithmetic saturates at both ends (the last representable instant is in 2554).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch, where simulated worlds begin.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// Later than every instant that is ever reached: a deadline that means "never".
    pub const NEVER: Timestamp = Timestamp(u64::MAX);

    /// The instant `nanoseconds` after the Unix epoch.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Timestamp(nanoseconds)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanoseconds(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as AMQP's `timestamp` counts.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(nanoseconds))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_sub(nanoseconds))
    }
}

impl fmt::Display for Timestamp {
    /// Seconds with microseconds, as the trace prints it: `12.000250s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.0 / 1_000;
        write!(formatter, "{}.{:06}s", microseconds / 1_000_000, microseconds % 1_000_000)
    }
}
