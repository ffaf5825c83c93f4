//! Frames: a four byte size in network order, then that many bytes.
//!
//! Memory follows the bytes that arrived, never the size that was announced.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::WireError;

/// How much is read at once, and so how far memory runs ahead of what has arrived.
const READ_BYTES: usize = 64 * 1024;

/// Why no frame came.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The stream failed, or ended within a frame.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer announced a frame that is not allowed.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Reads one frame's content; `None` if the stream ended between frames.
///
/// Dropping the future loses nothing: what was read stays in `buffer`, where the next call finds it.
pub async fn read_frame<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut BytesMut,
    limit: usize,
) -> Result<Option<Bytes>, FrameError> {
    loop {
        if let Some(frame) = take_frame(buffer, limit)? {
            return Ok(Some(frame));
        }
        if read_more(stream, buffer).await? == 0 {
            return if buffer.is_empty() {
                Ok(None)
            } else {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
            };
        }
    }
}

/// Reads what is there into `buffer`; 0 at the end of the stream. Nothing is lost if the future is dropped.
pub async fn read_more<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<usize> {
    buffer.reserve(READ_BYTES);
    stream.read_buf(buffer).await
}

/// Takes one whole frame's content from the front of `buffer`, if it is there.
pub fn take_frame(buffer: &mut BytesMut, limit: usize) -> Result<Option<Bytes>, WireError> {
    let Ok(size) = (&buffer[..]).try_get_i32() else {
        return Ok(None);
    };
    let length = usize::try_from(size).ok().filter(|length| *length <= limit);
    let length = length.ok_or(WireError::FrameSize { size, limit })?;
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    buffer.advance(4);
    Ok(Some(buffer.split_to(length).freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_and_in_order() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1][..]);
        assert_eq!(take_frame(&mut buffer, 10).unwrap().as_deref(), Some(&[7, 8][..]));
        assert_eq!(take_frame(&mut buffer, 10).unwrap(), None);
        buffer.extend_from_slice(&[9]);
        assert_eq!(take_frame(&mut buffer, 10).unwrap().as_deref(), Some(&[9][..]));
    }

    #[test]
    fn a_size_beyond_the_limit_is_refused_before_its_bytes_come() {
        for announced in [[0x7f, 0xff, 0xff, 0xff], [0xff; 4], [0, 0, 0, 11]] {
            let mut buffer = BytesMut::from(&announced[..]);
            assert!(matches!(take_frame(&mut buffer, 10), Err(WireError::FrameSize { limit: 10, .. })));
        }
    }
}
