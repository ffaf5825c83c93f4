//! The limit: a process that carries bytes from one connection to another and understands nothing.
//!
//! A broker reads what a producer sent, writes it to a consumer, reads the acknowledgement and writes the confirm. The
//! relay moves the same bytes through the same kind of sockets in the same batches and does nothing in between, so no
//! broker on one core can do more here. Producers connect to one port and consumers to another; the first of each are a
//! pair, and so on.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The most that is read before it is written: as much as the broker reads.
const BUFFER_BYTES: usize = 256 * 1024;

/// Carries bytes between pairs of connections until the process ends.
///
/// # Errors
/// If no connection can be accepted any more.
pub async fn serve(producers: TcpListener, consumers: TcpListener) -> io::Result<()> {
    loop {
        let (producer, _) = producers.accept().await?;
        let (consumer, _) = consumers.accept().await?;
        start(producer, consumer);
    }
}

/// Not part of [`serve`], so that it is compiled here, and not where that is awaited.
fn start(producer: TcpStream, consumer: TcpStream) {
    tokio::spawn(pair(producer, consumer));
}

/// Whoever closes first ends both.
async fn pair(producer: TcpStream, consumer: TcpStream) -> io::Result<()> {
    producer.set_nodelay(true)?;
    consumer.set_nodelay(true)?;
    let (from_producer, to_producer) = producer.into_split();
    let (from_consumer, to_consumer) = consumer.into_split();
    tokio::select! {
        carried = carry(from_producer, to_consumer) => carried,
        carried = carry(from_consumer, to_producer) => carried,
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read_bytes = from.read(&mut buffer).await?;
        if read_bytes == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read_bytes]).await?;
    }
}
