//! Heartbeats: saying that we live, and noticing that the other side does not (AMQP 0-9-1, 4.2.7).
//!
//! Both ends use it. We send one every half interval in which nothing else was sent. A peer from which nothing came
//! for two intervals is dead.

use std::time::Duration;

use super::codec;
use super::output::Output;
use crate::time::Timestamp;

/// When to speak and when to give up. Off when the interval is zero.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    last_heard: Timestamp,
    next_beat: Timestamp,
    /// What had been sent in all at the last beat: if it grew, the beat can be spared.
    sent_bytes: u64,
    /// The peer is not read, so that nothing can be heard of it.
    is_deaf: bool,
}

impl Heartbeat {
    /// No heartbeats.
    pub fn off(now: Timestamp) -> Self {
        Heartbeat::every(Duration::ZERO, now)
    }

    /// Heartbeats as negotiated; a zero interval is none.
    pub fn every(interval: Duration, now: Timestamp) -> Self {
        Heartbeat { interval, last_heard: now, next_beat: now + interval / 2, sent_bytes: 0, is_deaf: false }
    }

    /// The interval; zero is none.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Bytes came.
    pub fn heard(&mut self, now: Timestamp) {
        self.last_heard = now;
    }

    /// Stops or starts expecting signs of life. They are due anew from then on.
    pub fn set_deaf(&mut self, now: Timestamp, is_deaf: bool) {
        self.last_heard = now;
        self.is_deaf = is_deaf;
    }

    /// When there is something to do.
    pub fn deadline(&self) -> Timestamp {
        if self.interval.is_zero() { Timestamp::NEVER } else { self.next_beat.min(self.gives_up_at()) }
    }

    /// Whether nothing has come for two intervals.
    pub fn is_dead(&self, now: Timestamp) -> bool {
        !self.interval.is_zero() && now >= self.gives_up_at()
    }

    /// Sends a heartbeat if nothing was sent since the last one was due.
    pub fn beat(&mut self, now: Timestamp, output: &mut Output) {
        if output.total_bytes() == self.sent_bytes {
            codec::write_heartbeat(output.bytes());
        }
        self.sent_bytes = output.total_bytes();
        self.next_beat = now + self.interval / 2;
    }

    fn gives_up_at(&self) -> Timestamp {
        if self.is_deaf { Timestamp::NEVER } else { self.last_heard + self.interval * 2 }
    }
}
