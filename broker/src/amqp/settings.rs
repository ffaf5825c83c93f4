//! What the broker offers a connection: who may log in, and the limits that hold whatever the client asks for.

use std::sync::Arc;
use std::time::Duration;

use crate::access::AccessControl;

/// The terms on which connections are served. The defaults are RabbitMQ's, where it has them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may log in, and what they may do.
    pub access: Arc<AccessControl>,
    /// The largest frame, in bytes, its 8 bytes of framing included. A client may ask for less.
    pub frame_max: u32,
    /// The most channels on one connection. A client may ask for fewer.
    pub channel_max: u16,
    /// The heartbeat interval that is proposed; zero proposes none. The client's answer stands.
    pub heartbeat: Duration,
    /// How long a client may take from connecting to `connection.open`.
    pub handshake_timeout: Duration,
    /// How long somebody whose login was refused waits for the answer, so that guessing takes time.
    pub login_delay: Duration,
    /// How long a client may take to answer `connection.close` before its socket is closed.
    pub close_timeout: Duration,
    /// The largest body, in bytes. The bodies that one connection has begun and not finished may hold as much together.
    pub max_message_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            access: Arc::default(),
            frame_max: 131_072,
            channel_max: 2_047,
            heartbeat: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            login_delay: Duration::from_secs(1),
            close_timeout: Duration::from_secs(5),
            max_message_bytes: 128 * 1024 * 1024,
        }
    }
}
