//! `/api/exchanges` and `/api/bindings`.

use handoff_broker::amqp::codec::Table;
use handoff_broker::core::{BindingSnapshot, ExchangeKind, ExchangeSnapshot, QueueSnapshot};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Looked;
use super::table::{TableJson, text};

/// An exchange.
#[derive(Serialize)]
pub(super) struct Exchange<'a> {
    name: &'a str,
    vhost: &'a str,
    r#type: &'a str,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    arguments: Map<String, Value>,
}

/// A binding.
#[derive(Serialize)]
pub(super) struct Binding<'a> {
    source: &'a str,
    vhost: &'a str,
    destination: &'a str,
    destination_type: &'a str,
    routing_key: String,
    arguments: TableJson<'a>,
}

impl<'a> Looked<'a> {
    /// Every exchange of a virtual host, or of all. None if there is no such host.
    pub fn exchanges(&self, host: Option<&str>) -> Option<Vec<Exchange<'a>>> {
        let exchanges =
            self.hosts(host)?.flat_map(|host| host.core.exchanges.iter().map(|each| exchange(&host.name, each)));
        Some(exchanges.collect())
    }

    /// Every binding of a virtual host, or of all; first those that every queue has to the default exchange. None if
    /// there is no such host.
    pub fn bindings(&self, host: Option<&str>) -> Option<Vec<Binding<'a>>> {
        let bindings = self.hosts(host)?.flat_map(|host| {
            let implied = host.core.queues.iter().map(|queue| implied_binding(&host.name, queue));
            implied.chain(host.core.bindings.iter().map(|each| binding(&host.name, each)))
        });
        Some(bindings.collect())
    }
}

fn exchange<'a>(host: &'a str, exchange: &'a ExchangeSnapshot) -> Exchange<'a> {
    let options = &exchange.options;
    let alternate = options.alternate_exchange.as_deref();
    Exchange {
        name: &exchange.name,
        vhost: host,
        r#type: match options.kind {
            ExchangeKind::Direct => "direct",
            ExchangeKind::Fanout => "fanout",
            ExchangeKind::Topic => "topic",
            ExchangeKind::Headers => "headers",
        },
        durable: options.durable,
        auto_delete: options.auto_delete,
        internal: options.internal,
        arguments: alternate.map(|name| ("alternate-exchange".to_owned(), name.into())).into_iter().collect(),
    }
}

fn binding<'a>(host: &'a str, binding: &'a BindingSnapshot) -> Binding<'a> {
    Binding {
        source: &binding.source,
        vhost: host,
        destination: &binding.destination,
        destination_type: if binding.is_to_queue { "queue" } else { "exchange" },
        routing_key: text(&binding.routing_key),
        arguments: TableJson(binding.arguments()),
    }
}

fn implied_binding<'a>(host: &'a str, queue: &'a QueueSnapshot) -> Binding<'a> {
    Binding {
        source: "",
        vhost: host,
        destination: &queue.name,
        destination_type: "queue",
        routing_key: queue.name.to_string(),
        arguments: TableJson(Table::default()),
    }
}
