//! A connection as an operator is shown it.

use std::sync::Arc;
use std::time::Duration;

use super::codec::Table;

/// Who a client is and what was agreed with it. Fixed from `connection.open` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDescription {
    /// The user that logged in.
    pub user: Arc<str>,
    /// The virtual host that was opened.
    pub virtual_host: Arc<str>,
    /// The most channels.
    pub channel_max: u16,
    /// The largest frame in bytes.
    pub frame_max: u32,
    /// The heartbeat interval; zero is none.
    pub heartbeat: Duration,
    /// What the client says of itself: a field table.
    pub(super) properties: Arc<[u8]>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not open yet.
    #[default]
    Handshake,
    /// Open for work.
    Running,
    /// Open, and not read from, because it publishes and memory is short.
    Blocked,
    /// Being closed.
    Closing,
}

impl ClientDescription {
    /// What the client says of itself, and what it can do.
    pub fn properties(&self) -> Table<'_> {
        Table::from_valid(&self.properties)
    }
}
