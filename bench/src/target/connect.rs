//! What all drivers do alike before they drive: connect, and wait for answers, neither for ever.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::TargetError;

/// How long a system may take to accept a connection, or to answer a request that it answers at once.
const ANSWER_LIMIT_S: u64 = 30;

/// Connects; what is written is sent at once.
pub(super) async fn connect(address: SocketAddr) -> Result<TcpStream, TargetError> {
    let connected = answered(async { Ok(TcpStream::connect(address).await) }).await?;
    let stream = connected.map_err(|error| TargetError::Down { address: address.to_string(), error })?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What `answer` comes to, unless that takes too long.
pub(super) async fn answered<T>(answer: impl Future<Output = Result<T, TargetError>>) -> Result<T, TargetError> {
    let limit = Duration::from_secs(ANSWER_LIMIT_S);
    timeout(limit, answer).await.unwrap_or(Err(TargetError::Silent(ANSWER_LIMIT_S)))
}
