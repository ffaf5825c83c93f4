//! The buffers between a byte stream and a protocol, for both ends of a connection.
//!
//! It knows nothing of frames: bytes are received until somebody consumes them, and sent until they are gone.
//! Everything is polled, because reading, writing and timers go on side by side in one task.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The read buffer of a connection that has not sent much.
const INPUT_BYTES: usize = 1024;
/// The most that is read in one go. A frame that is larger makes the buffer grow further.
const INPUT_MAX_BYTES: usize = 256 * 1024;
/// How much of the write buffer's room is kept for the next use.
const OUTPUT_KEPT_BYTES: usize = 256 * 1024;

/// A stream with what came and was not consumed, and what is on its way out.
#[derive(Debug)]
pub(crate) struct Transport<S> {
    stream: S,
    input: Input,
    output: Output,
}

/// `bytes[start..end]` came and was not consumed yet.
#[derive(Debug)]
struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// `bytes[sent..]` is on its way out.
#[derive(Debug)]
struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether the stream was asked to pass on what it may hold back itself, as an encrypting one does.
    flushed: bool,
}

impl<S> Transport<S> {
    /// Buffers for a connected stream.
    pub fn new(stream: S) -> Self {
        Transport {
            stream,
            input: Input { bytes: vec![0; INPUT_BYTES], start: 0, end: 0 },
            output: Output { bytes: Vec::new(), sent: 0, flushed: true },
        }
    }

    /// What came and was not consumed yet.
    pub fn received(&self) -> &[u8] {
        &self.input.bytes[self.input.start..self.input.end]
    }

    /// Takes the first `bytes` of what was received.
    pub fn consume(&mut self, bytes: usize) {
        self.input.start += bytes;
    }

    /// Lets the room go that a burst left behind, but keeps what was received and what is on its way out.
    pub fn give_back_room(&mut self) {
        let received_bytes = self.received().len();
        if self.input.bytes.len() > received_bytes.max(INPUT_BYTES) {
            self.input.bytes.copy_within(self.input.start..self.input.end, 0);
            self.input.bytes.truncate(received_bytes.max(INPUT_BYTES));
            self.input.bytes.shrink_to_fit();
            (self.input.start, self.input.end) = (0, received_bytes);
        }
        if self.output.bytes.is_empty() {
            self.output.bytes = Vec::new();
        }
    }

    /// How much memory the buffers take: what comes in, and what goes out.
    pub fn buffered_bytes(&self) -> (usize, usize) {
        (self.input.bytes.len(), self.output.bytes.capacity())
    }

    /// How many bytes are on their way out.
    pub fn unsent_bytes(&self) -> usize {
        self.output.bytes.len() - self.output.sent
    }

    /// Where to put what is to be sent next; empty and with room when nothing is on its way out.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.output.bytes
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// Reads once. Returns how many bytes came; 0 is the end of the stream.
    pub fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(self.input.room());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        let read_bytes = buffer.filled().len();
        self.input.end += read_bytes;
        Poll::Ready(Ok(read_bytes))
    }

    /// Writes once. Ready when bytes were written, pending when none can be or none wait.
    pub fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Output { bytes, sent, flushed } = &mut self.output;
        if bytes.is_empty() {
            if !*flushed {
                ready!(Pin::new(&mut self.stream).poll_flush(context))?;
                *flushed = true;
            }
            return Poll::Pending;
        }
        *flushed = false;
        let written_bytes = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[*sent..]))?;
        if written_bytes == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        *sent += written_bytes;
        if *sent == bytes.len() {
            bytes.clear();
            bytes.shrink_to(OUTPUT_KEPT_BYTES);
            *sent = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Says that nothing more will be sent, and reads once what still comes, to forget it: a socket that is closed with
    /// bytes unread is reset, which may take from the peer what was sent last. Ready with true when the peer has ended
    /// its side, too.
    pub fn poll_farewell(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if ready!(Pin::new(&mut self.stream).poll_shutdown(context)).is_err() {
            return Poll::Ready(true);
        }
        let received = ready!(self.poll_receive(context));
        self.consume(self.received().len());
        Poll::Ready(!received.is_ok_and(|bytes| bytes > 0))
    }
}

impl Input {
    /// Where the next read goes; never empty. What is left of the last one moves to the front, and a read that filled
    /// the buffer asks for a larger one.
    fn room(&mut self) -> &mut [u8] {
        let was_filled = self.end == self.bytes.len();
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let is_full = self.end == self.bytes.len();
        if is_full || (was_filled && self.bytes.len() < INPUT_MAX_BYTES) {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
        &mut self.bytes[self.end..]
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes everything, and passes it on only when it is flushed, at the second attempt: as an encrypting stream whose
    /// socket is full.
    #[derive(Default)]
    struct HoldingBack {
        held: Vec<u8>,
        passed_on: Vec<u8>,
        flushes: usize,
    }

    impl AsyncRead for HoldingBack {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for HoldingBack {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.held.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            if self.flushes % 2 == 1 {
                return Poll::Pending;
            }
            let held = std::mem::take(&mut self.held);
            self.passed_on.extend(held);
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_is_written_is_flushed_until_it_is_passed_on_and_then_no_more() {
        let mut context = Context::from_waker(Waker::noop());
        let mut transport = Transport::new(HoldingBack::default());
        transport.outgoing().extend_from_slice(b"hello");
        assert!(transport.poll_send(&mut context).is_ready());
        assert_eq!(transport.unsent_bytes(), 0);
        for _ in 0..4 {
            assert!(transport.poll_send(&mut context).is_pending());
        }
        assert_eq!((&*transport.stream.passed_on, transport.stream.flushes), (&b"hello"[..], 2));
    }
}
