//! What the broker offers a connection: who may log in, and the limits that hold whatever the client asks for.

use std::time::Duration;

/// The terms on which connections are served. The defaults are RabbitMQ's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The one user's name.
    pub user: String,
    /// The one user's password.
    pub password: String,
    /// The largest frame, in bytes, its 8 bytes of framing included. A client may ask for less.
    pub frame_max: u32,
    /// The most channels on one connection. A client may ask for fewer.
    pub channel_max: u16,
    /// The heartbeat interval that is proposed; zero proposes none. The client's answer stands.
    pub heartbeat: Duration,
    /// How long a client may take from connecting to `connection.open`.
    pub handshake_timeout: Duration,
    /// How long a client may take to answer `connection.close` before its socket is closed.
    pub close_timeout: Duration,
    /// The largest body, in bytes.
    pub max_message_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            user: "guest".into(),
            password: "guest".into(),
            frame_max: 131_072,
            channel_max: 2_047,
            heartbeat: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            max_message_bytes: 128 * 1024 * 1024,
        }
    }
}
