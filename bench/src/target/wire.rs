//! A TCP connection as bytes in two buffers: whole batches go out and come in, in one go each.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::TargetError;
use super::connect::connect;

/// Room for what is read in one go.
const INPUT_BYTES: usize = 256 * 1024;

/// An open connection.
pub(super) struct Wire {
    /// What is to be written.
    pub output: Vec<u8>,
    written: usize,
    stream: TcpStream,
    input: Vec<u8>,
    start: usize,
    end: usize,
}

impl Wire {
    /// Connects, and says nothing.
    pub async fn connect(address: SocketAddr) -> Result<Wire, TargetError> {
        let (stream, input) = (connect(address).await?, vec![0; INPUT_BYTES]);
        Ok(Wire { output: Vec::new(), written: 0, stream, input, start: 0, end: 0 })
    }

    /// Writes everything that is to be written. Cancel safe: what was not written yet is written next time.
    pub async fn flush(&mut self) -> Result<(), TargetError> {
        while self.written < self.output.len() {
            let written_bytes = self.stream.write(&self.output[self.written..]).await?;
            if written_bytes == 0 {
                return Err(TargetError::died("it takes no more bytes"));
            }
            self.written += written_bytes;
        }
        self.output.clear();
        self.written = 0;
        Ok(())
    }

    /// Reads once, at least a byte. Cancel safe.
    pub async fn fill(&mut self) -> Result<(), TargetError> {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.input.len() {
            self.input.resize(self.input.len() * 2, 0);
        }
        let read_bytes = self.stream.read(&mut self.input[self.end..]).await?;
        if read_bytes == 0 {
            return Err(TargetError::died("it closed the connection"));
        }
        self.end += read_bytes;
        Ok(())
    }

    /// What was read and not taken.
    pub fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    /// Takes the first `bytes` of it.
    pub fn take(&mut self, bytes: usize) {
        self.start += bytes;
    }
}
