//! The management API: a read-only part of RabbitMQ's, in its JSON shape.
//!
//! What this broker does not have is left out rather than made up: rates (`rates_mode` is `none`, for which RabbitMQ
//! leaves them out, too), disks, cluster, policies. Query strings are ignored: lists come whole.

mod connection;
mod overview;
mod queue;
mod route;
mod table;

use std::collections::BTreeMap;

use handoff_broker::core::ConnectionId;
use handoff_broker::server::{ConnectionSnapshot, Snapshot, VirtualHostSnapshot};
use serde::Serialize;

use super::route::Resource;
use super::view::View;

/// The one node's name, as RabbitMQ has names of nodes.
const NODE: &str = "handoff@localhost";

/// The JSON document of a resource. None if it is not there.
pub(super) fn document(resource: &Resource, view: &View) -> Option<String> {
    let snapshot = view.look();
    let looked = Looked::new(&snapshot, view);
    let document = match resource {
        Resource::Overview => written(&overview::overview(&looked)),
        Resource::Nodes => written(&[overview::node(&looked)]),
        Resource::VirtualHosts => written(&looked.hosts(None)?.map(overview::virtual_host).collect::<Vec<_>>()),
        Resource::Connections => written(&looked.connections().collect::<Vec<_>>()),
        Resource::Channels => written(&looked.channels().collect::<Vec<_>>()),
        Resource::Consumers(host) => written(&looked.consumers(host.as_deref())?),
        Resource::Exchanges(host) => written(&looked.exchanges(host.as_deref())?),
        Resource::Bindings(host) => written(&looked.bindings(host.as_deref())?),
        Resource::Queues(host) => written(&looked.queues(host.as_deref())?),
        Resource::Queue(host, name) => {
            written(&looked.queues(Some(host))?.into_iter().find(|queue| queue.name == name)?)
        }
    };
    Some(document)
}

/// JSON without line breaks. What is written here has text for keys and no failing parts.
fn written(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

/// A snapshot, with what is needed to say who is who in it.
struct Looked<'a> {
    snapshot: &'a Snapshot,
    view: &'a View,
    /// Each connection with its name.
    named: BTreeMap<ConnectionId, Named<'a>>,
}

/// A connection and its name.
struct Named<'a> {
    connection: &'a ConnectionSnapshot,
    name: String,
}

impl<'a> Looked<'a> {
    fn new(snapshot: &'a Snapshot, view: &'a View) -> Self {
        let named = |connection: &'a ConnectionSnapshot| {
            let name = format!("{} -> {}", connection.peer, connection.local);
            (connection.id, Named { connection, name })
        };
        Looked { snapshot, view, named: snapshot.connections.iter().map(named).collect() }
    }

    /// The virtual host of this name, or all. None if there is none of this name.
    fn hosts(&self, name: Option<&str>) -> Option<impl Iterator<Item = &'a VirtualHostSnapshot> + use<'a>> {
        let hosts = &self.snapshot.virtual_hosts;
        let found: Vec<_> = hosts.iter().filter(|host| name.is_none_or(|name| &*host.name == name)).collect();
        if found.is_empty() && name.is_some() { None } else { Some(found.into_iter()) }
    }
}
