//! One direction of a connection: an ordered pipe of bytes with delay, bandwidth and a bounded window.
//!
//! When a segment arrives is decided when it is sent, so that nobody has to carry it: the reader looks at the time.
//! Everything that the sender tells the receiver travels in this one queue, the end of the stream and a reset too.
//! Hence each is late, ordered and held by a partition like data.
//!
//! Where it departs from TCP: the window opens for the writer at the instant the reader reads, without an update that
//! travels back; nothing is lost and sent again, a partition only holds it; a one-way partition does not stop the
//! other direction.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use handoff_broker::Timestamp;
use rand_chacha::ChaCha8Rng;
use tokio::io::ReadBuf;

use super::options::LinkOptions;

/// A pure state machine: it is told the time, and never wakes anybody.
pub(super) struct Link {
    options: LinkOptions,
    random: ChaCha8Rng,
    /// The bytes of all data segments.
    bytes: VecDeque<u8>,
    /// In the order sent, which is the order in which they arrive.
    segments: VecDeque<Segment>,
    /// How many bytes were written and not yet read.
    occupied: usize,
    /// When the last bit written so far has left the sender.
    sender_free_at: Timestamp,
    held: bool,
    abandoned: bool,
}

struct Segment {
    /// [`Timestamp::NEVER`] while a partition holds it.
    arrival: Timestamp,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Data(usize),
    EndOfStream,
    /// The sender is gone: the end of the stream, and whatever is sent to it fails.
    Closed,
    Reset,
}

/// What a reader finds.
pub(super) enum Reception {
    Data(usize),
    EndOfStream,
    Reset,
    /// Nothing yet.
    Nothing,
}

impl Link {
    /// An empty pipe, whose delays are drawn from `random`.
    pub(super) fn new(options: LinkOptions, random: ChaCha8Rng) -> Self {
        Link {
            options,
            random,
            bytes: VecDeque::new(),
            segments: VecDeque::new(),
            occupied: 0,
            sender_free_at: Timestamp::EPOCH,
            held: false,
            abandoned: false,
        }
    }

    /// Sends as much of `bytes` as the window has room for, as one segment. The number of bytes taken; 0 if the window
    /// is full.
    pub(super) fn send(&mut self, now: Timestamp, bytes: &[u8]) -> usize {
        let length = bytes.len().min(self.options.window_bytes.saturating_sub(self.occupied));
        if length == 0 {
            return 0;
        }
        self.occupied += length;
        self.sender_free_at = self.sender_free_at.max(now) + self.transmission_time(length);
        if !self.abandoned {
            self.bytes.extend(&bytes[..length]);
            self.push(self.sender_free_at, Content::Data(length));
        }
        length
    }

    /// No more data will follow.
    pub(super) fn finish(&mut self, now: Timestamp) {
        if self.segments.back().is_none_or(|last| matches!(last.content, Content::Data(_))) {
            self.push(self.sender_free_at.max(now), Content::EndOfStream);
        }
    }

    /// The sender is gone. What it sent still arrives, then the end.
    pub(super) fn close(&mut self, now: Timestamp) {
        self.push(self.sender_free_at.max(now), Content::Closed);
    }

    /// The sender is gone, and with it what has not arrived yet. After what has comes a reset.
    pub(super) fn reset(&mut self, now: Timestamp) {
        let arrived = self.segments.partition_point(|segment| segment.arrival <= now);
        for segment in self.segments.drain(arrived..) {
            if let Content::Data(length) = segment.content {
                self.bytes.truncate(self.bytes.len() - length);
                self.occupied -= length;
            }
        }
        self.push(now, Content::Reset);
    }

    /// The receiver is gone: what was not read, and all that follows, is nobody's. It still fills the window, since
    /// the sender does not know.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
        self.bytes = VecDeque::new();
        self.segments = VecDeque::new();
    }

    /// How it is for what is sent from now on.
    pub(super) fn options(&mut self) -> &mut LinkOptions {
        &mut self.options
    }

    /// A partition begins: what has not arrived yet waits for its end.
    pub(super) fn hold(&mut self, now: Timestamp) {
        self.held = true;
        for segment in self.segments.iter_mut().rev().take_while(|segment| segment.arrival > now) {
            segment.arrival = Timestamp::NEVER;
        }
    }

    /// A partition ends: what it held arrives together, one delay from now.
    pub(super) fn release(&mut self, now: Timestamp) {
        self.held = false;
        let arrival = now + self.options.delay.sample(&mut self.random);
        for segment in self.segments.iter_mut().filter(|segment| segment.arrival == Timestamp::NEVER) {
            segment.arrival = arrival;
        }
    }

    /// Reads what has arrived.
    pub(super) fn receive(&mut self, now: Timestamp, buffer: &mut ReadBuf<'_>) -> Reception {
        let mut count = 0;
        while let Some(head) = self.segments.front_mut().filter(|head| head.arrival <= now) {
            let length = match &mut head.content {
                Content::Data(length) => length,
                _ if count > 0 => break,
                Content::Reset => return Reception::Reset,
                Content::EndOfStream | Content::Closed => return Reception::EndOfStream,
            };
            let taken = (*length).min(buffer.remaining() - count);
            count += taken;
            *length -= taken;
            if *length > 0 {
                break;
            }
            self.segments.pop_front();
        }
        if count == 0 {
            return Reception::Nothing;
        }
        self.move_bytes(count, buffer);
        Reception::Data(count)
    }

    /// When there will be something to read: now or in the past if there is already. `None` if nothing is on its way.
    pub(super) fn next_arrival(&self) -> Option<Timestamp> {
        self.segments.front().map(|head| head.arrival)
    }

    /// When the receiver learns that the sender is gone, and the error that its own writes meet from then on.
    pub(super) fn gone(&self) -> Option<(Timestamp, io::ErrorKind)> {
        let last = self.segments.back()?;
        match last.content {
            Content::Closed => Some((last.arrival, io::ErrorKind::BrokenPipe)),
            Content::Reset => Some((last.arrival, io::ErrorKind::ConnectionReset)),
            Content::Data(_) | Content::EndOfStream => None,
        }
    }

    /// Whether it is worth waking a writer that waits for room: a kernel does not for every byte that is read either.
    pub(super) fn has_ample_room(&self) -> bool {
        self.occupied <= self.options.window_bytes / 2
    }

    fn push(&mut self, departure: Timestamp, content: Content) {
        let arrival = if self.held {
            Timestamp::NEVER
        } else {
            let earliest = departure + self.options.delay.sample(&mut self.random);
            self.segments.back().map_or(earliest, |last| last.arrival.max(earliest))
        };
        self.segments.push_back(Segment { arrival, content });
    }

    fn transmission_time(&self, length: usize) -> Duration {
        self.options.bandwidth_bytes_per_s.map_or(Duration::ZERO, |bandwidth| {
            let nanoseconds = (length as u128 * 1_000_000_000).div_ceil(bandwidth.max(1).into());
            Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
        })
    }

    fn move_bytes(&mut self, count: usize, buffer: &mut ReadBuf<'_>) {
        let (front, back) = self.bytes.as_slices();
        let from_front = count.min(front.len());
        buffer.put_slice(&front[..from_front]);
        buffer.put_slice(&back[..count - from_front]);
        self.bytes.drain(..count);
        self.occupied -= count;
    }
}
