//! What comes before a message's body: exchange, routing key and properties. Many messages share one.
//!
//! Publishers mostly say the same again and again. Whoever makes messages keeps the heads that it has made and uses
//! them again, so that a message that waits takes little beside its body, and the core need not route it anew.

use std::fmt;
use std::sync::OnceLock;

use triomphe::ThinArc;

use super::meter::Meter;

/// Exchange, routing key and, unless each message has its own, the property bytes: one shared allocation. Cloning it is
/// counting a reference.
#[derive(Clone)]
pub struct Head(ThinArc<Parts, u8>);

/// How the bytes are divided: exchange, routing key, properties.
struct Parts {
    exchange_bytes: u8,
    routing_key_bytes: u8,
    has_properties: bool,
    /// What counts its messages, from the first one on that a core holds.
    meter: OnceLock<Meter>,
}

impl Head {
    /// A head with properties, or one whose messages bring their own.
    ///
    /// # Panics
    /// If `exchange` or `routing_key` exceeds a short string's 255 bytes: a caller that parsed it has checked that.
    pub fn new(exchange: &str, routing_key: &[u8], properties: Option<&[u8]>) -> Head {
        let parts = Parts {
            exchange_bytes: u8::try_from(exchange.len()).expect("an exchange name is a short string"),
            routing_key_bytes: u8::try_from(routing_key.len()).expect("a routing key is a short string"),
            has_properties: properties.is_some(),
            meter: OnceLock::new(),
        };
        let content = [exchange.as_bytes(), routing_key, properties.unwrap_or_default()].concat();
        Head(ThinArc::from_header_and_slice(parts, &content))
    }

    /// The exchange; empty for the default exchange.
    pub fn exchange(&self) -> &str {
        std::str::from_utf8(&self.0.slice[..self.exchange_end()]).unwrap_or_default()
    }

    /// Whether that is the default exchange.
    pub(super) fn is_to_default_exchange(&self) -> bool {
        self.exchange_end() == 0
    }

    /// The routing key.
    pub fn routing_key(&self) -> &[u8] {
        &self.0.slice[self.exchange_end()..self.routing_key_end()]
    }

    /// The property bytes, unless each message has its own.
    pub fn properties(&self) -> Option<&[u8]> {
        self.0.header.header.has_properties.then(|| &self.0.slice[self.routing_key_end()..])
    }

    /// Whether it is for messages to this exchange and with this routing key.
    pub fn leads_to(&self, exchange: &str, routing_key: &[u8]) -> bool {
        self.routing_key() == routing_key && self.0.slice[..self.exchange_end()] == *exchange.as_bytes()
    }

    /// Whether it is the very same, not an equal one.
    pub(crate) fn is(&self, other: &Head) -> bool {
        std::ptr::eq(&self.0.header, &other.0.header)
    }

    /// What its messages are counted on: `meter`, if there is none yet.
    pub(super) fn meter(&self, meter: &Meter) -> &Meter {
        self.0.header.header.meter.get_or_init(|| meter.clone())
    }

    /// What its messages are counted on.
    pub(super) fn known_meter(&self) -> Option<&Meter> {
        self.0.header.header.meter.get()
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> usize {
        self.0.slice.len()
    }

    fn exchange_end(&self) -> usize {
        usize::from(self.0.header.header.exchange_bytes)
    }

    fn routing_key_end(&self) -> usize {
        self.exchange_end() + usize::from(self.0.header.header.routing_key_bytes)
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Head")
            .field("exchange", &self.exchange())
            .field("routing_key", &String::from_utf8_lossy(self.routing_key()))
            .field("properties_bytes", &self.properties().map(<[u8]>::len))
            .finish()
    }
}
