//! A connection's handle.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::channel::Channel;
use super::driver::Driver;
use super::error::ClientError;
use super::handshake;
use super::shared::Shared;
use crate::amqp::codec::{Method, ReplyCode};
use crate::runtime::Runtime;
use crate::transport::Transport;

/// How to log in.
#[derive(Clone, Debug)]
pub struct ConnectionOptions {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The virtual host.
    pub virtual_host: String,
    /// The heartbeat interval in seconds, 0 for none; `None` takes what the broker proposes.
    pub heartbeat_s: Option<u16>,
    /// How long connecting may take, handshake included.
    pub timeout: Duration,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        ConnectionOptions {
            user: "guest".into(),
            password: "guest".into(),
            virtual_host: "/".into(),
            heartbeat_s: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// An open connection. Cheap to clone; when the last clone is dropped its socket is closed at once, without a word to
/// the broker, as when a process dies. Channels do not keep it open.
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

struct Handle(Shared);

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.abandoned = true;
        state.wake_driver();
    }
}

impl Connection {
    /// Connects, logs in and opens the virtual host.
    ///
    /// # Errors
    /// [`ClientError::Connect`] if there is no broker or it does not answer in time, [`ClientError::Refused`] if it
    /// does not let us in.
    pub async fn open<R: Runtime>(
        runtime: &R,
        address: SocketAddr,
        options: &ConnectionOptions,
    ) -> Result<Connection, ClientError> {
        let deadline = runtime.now() + options.timeout;
        let opening = async {
            let mut transport = Transport::new(runtime.connect(address).await?);
            let tuning = handshake::open(&mut transport, options).await?;
            Ok((transport, tuning))
        };
        let opened = runtime.timeout_at(deadline, opening).await;
        let (transport, tuning) =
            opened.unwrap_or_else(|| Err(ClientError::connect(format!("no answer in {:?}", options.timeout))))?;
        let shared = Shared::new(tuning.frame_max, tuning.channel_max);
        runtime.spawn(Driver::new(runtime.clone(), transport, shared.clone(), tuning.heartbeat_s));
        Ok(Connection(Arc::new(Handle(shared))))
    }

    /// Opens a channel.
    ///
    /// # Errors
    /// If the connection is over.
    pub async fn open_channel(&self) -> Result<Channel, ClientError> {
        let shared = &self.0.0;
        let number = shared.lock().add_channel()?;
        shared.ask(number, &Method::ChannelOpen {}).await?;
        Ok(Channel::new(number, shared.clone()))
    }

    /// Whether the connection can still be used.
    pub fn is_open(&self) -> bool {
        self.0.0.lock().ended.is_none()
    }

    /// Asks the broker to close; what this connection holds unacknowledged goes back to its queues. The socket closes
    /// when the broker has answered, or when the last handle is dropped.
    pub fn close(&self) {
        let reply_code = ReplyCode::ReplySuccess.code();
        let close = Method::ConnectionClose { reply_code, reply_text: "bye", class_id: 0, method_id: 0 };
        let mut state = self.0.0.lock();
        if state.ended.is_none() {
            state.send(0, &close);
            state.end("closed by this client");
        }
    }
}
