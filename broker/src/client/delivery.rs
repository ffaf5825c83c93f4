//! A message as a consumer gets it.

use crate::amqp::codec::{Method, Properties, Table, Value};
use crate::core::Death;

/// A message that was delivered, or that a get brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Names this delivery on its channel.
    pub delivery_tag: u64,
    /// Whether the broker says that it was delivered before.
    pub redelivered: bool,
    /// The exchange it was published to.
    pub exchange: String,
    /// The routing key it was published with.
    pub routing_key: Vec<u8>,
    /// The property flags and values as they came.
    pub properties: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

impl Delivery {
    /// The envelope of a delivery, whose content is still to come.
    pub(super) fn begin(method: &Method<'_>) -> Option<Delivery> {
        match *method {
            Method::BasicDeliver { delivery_tag, redelivered, exchange, routing_key, .. }
            | Method::BasicGetOk { delivery_tag, redelivered, exchange, routing_key, .. } => Some(Delivery {
                delivery_tag,
                redelivered,
                exchange: exchange.to_owned(),
                routing_key: routing_key.to_vec(),
                ..Delivery::default()
            }),
            _ => None,
        }
    }

    /// The message's headers; empty if it has none.
    pub fn headers(&self) -> Table<'_> {
        Properties::parse(&self.properties).ok().and_then(|properties| properties.headers()).unwrap_or_default()
    }

    /// How often the broker says that it was delivered before (`x-delivery-count`); 0 if it does not say.
    pub fn delivery_count(&self) -> u32 {
        let count = self.headers().get("x-delivery-count").and_then(Value::as_integer);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
    }

    /// Its earlier deaths as `x-death` has them, the latest first: queue, reason and count.
    pub fn deaths(&self) -> Vec<(String, String, u64)> {
        let deaths = Death::read(self.headers()).into_iter();
        deaths.map(|death| (death.queue, death.reason, death.count)).collect()
    }
}
