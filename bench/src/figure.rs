//! The figures of a run that are summarised, compared and shown, each by its name.

use serde::Serialize;

use crate::latency::LatencySummary;
use crate::measurement::Measurement;
use crate::system::SystemMeasurement;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Messages that arrived (of architectures: jobs that were done), a second.
    MessagesPerS,
    /// Half took at most this, in microseconds.
    P50Us,
    /// Nine in ten took at most this, in microseconds.
    P90Us,
    /// 99 in a hundred took at most this, in microseconds.
    P99Us,
    /// 999 in a thousand took at most this, in microseconds.
    P999Us,
    /// The longest, in microseconds.
    MaxUs,
    /// Processor seconds for a million messages.
    CpuSPerMillion,
    /// The most memory, in bytes.
    PeakBytes,
    /// Memory for each waiting message, in bytes.
    WaitingBytes,
    /// Memory when everything was taken again, in bytes.
    AfterBytes,
    /// Memory for each connection that does nothing, in bytes.
    ConnectionBytes,
    /// Messages confirmed a second while nothing is consumed.
    FillPerS,
    /// Messages taken a second while nothing is sent.
    DrainPerS,
    /// Messages that came again because whoever held them died.
    Redelivered,
}

impl Figure {
    /// All, in the order in which they are shown.
    pub const ALL: [Figure; 14] = [
        Figure::MessagesPerS,
        Figure::P50Us,
        Figure::P90Us,
        Figure::P99Us,
        Figure::P999Us,
        Figure::MaxUs,
        Figure::CpuSPerMillion,
        Figure::PeakBytes,
        Figure::WaitingBytes,
        Figure::AfterBytes,
        Figure::ConnectionBytes,
        Figure::FillPerS,
        Figure::DrainPerS,
        Figure::Redelivered,
    ];

    /// What it is called, with its unit.
    pub fn name(self) -> &'static str {
        match self {
            Figure::MessagesPerS => "messages/s",
            Figure::P50Us => "p50 µs",
            Figure::P90Us => "p90 µs",
            Figure::P99Us => "p99 µs",
            Figure::P999Us => "p99.9 µs",
            Figure::MaxUs => "max µs",
            Figure::CpuSPerMillion => "CPU s/million",
            Figure::PeakBytes => "peak bytes",
            Figure::WaitingBytes => "B/waiting message",
            Figure::AfterBytes => "bytes after",
            Figure::ConnectionBytes => "B/connection",
            Figure::FillPerS => "filled/s",
            Figure::DrainPerS => "drained/s",
            Figure::Redelivered => "redelivered",
        }
    }

    /// Whether more of it is better.
    pub fn is_rate(self) -> bool {
        matches!(self, Figure::MessagesPerS | Figure::FillPerS | Figure::DrainPerS)
    }

    /// Whether it is a time that messages took.
    pub fn is_latency(self) -> bool {
        matches!(self, Figure::P50Us | Figure::P90Us | Figure::P99Us | Figure::P999Us | Figure::MaxUs)
    }

    /// What it was in a run of a system; `None` if the run has no such figure.
    pub fn of_system(self, run: &SystemMeasurement) -> Option<f64> {
        let number = |count: Option<u64>| count.map(|count| count as f64);
        match self {
            Figure::MessagesPerS => Some(run.messages_per_s),
            Figure::CpuSPerMillion => run.cpu_s_per_million,
            Figure::PeakBytes => number(run.rss_bytes),
            Figure::WaitingBytes => run.waiting_bytes,
            Figure::AfterBytes => number(run.after_bytes),
            Figure::ConnectionBytes => run.connection_bytes,
            Figure::FillPerS => run.fill_per_s,
            Figure::DrainPerS => run.drain_per_s,
            Figure::Redelivered => number(run.redelivered),
            _ => self.of_latency(&run.latency_us),
        }
    }

    /// What it was in a run of an architecture, whose latency is that of the answer.
    pub fn of_architecture(self, run: &Measurement) -> Option<f64> {
        if self == Figure::MessagesPerS { Some(run.messages_per_s) } else { self.of_latency(&run.latency_us) }
    }

    fn of_latency(self, latency: &LatencySummary) -> Option<f64> {
        let microseconds = match self {
            Figure::P50Us => latency.p50_us,
            Figure::P90Us => latency.p90_us,
            Figure::P99Us => latency.p99_us,
            Figure::P999Us => latency.p99_9_us,
            Figure::MaxUs => latency.max_us,
            _ => return None,
        };
        (latency.count > 0).then_some(microseconds as f64)
    }
}
