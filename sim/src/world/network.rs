//! Who is where, who is connected to whom, and who is cut off from whom.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::connection::{Connection, ConnectionId};
use super::link::Link;
use super::node::{Life, Node};
use super::options::{LinkOptions, NetworkOptions};
use super::random;

/// Nodes get the addresses from 10.0.0.1 on, in the order in which they are first named.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The state of the network, except for what is inside each connection.
pub(super) struct Network {
    pub(super) options: NetworkOptions,
    pub(super) nodes: BTreeMap<Arc<str>, Node>,
    /// By address, counted from the first one.
    names: Vec<Arc<str>>,
    /// Those that at least one end still holds.
    pub(super) connections: BTreeMap<ConnectionId, Arc<Connection>>,
    /// What is sent from the first to the second is held.
    partitions: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Network {
    pub(super) fn new(options: NetworkOptions) -> Self {
        Network {
            options,
            nodes: BTreeMap::new(),
            names: Vec::new(),
            connections: BTreeMap::new(),
            partitions: BTreeSet::new(),
        }
    }

    /// The node called `name`, created (without life) when first named.
    pub(super) fn node(&mut self, name: &str) -> &mut Node {
        let names = &mut self.names;
        self.nodes.entry(name.into()).or_insert_with_key(|name| {
            let ip = Ipv4Addr::from_bits(FIRST_ADDRESS.to_bits() + names.len() as u32);
            names.push(name.clone());
            Node::new(name.clone(), ip)
        })
    }

    /// The name of the node that has this address.
    pub(super) fn name_at(&self, ip: IpAddr) -> Option<&Arc<str>> {
        let IpAddr::V4(ip) = ip else { return None };
        let index = ip.to_bits().checked_sub(FIRST_ADDRESS.to_bits())?;
        self.names.get(index as usize)
    }

    /// Whether `life` has not ended.
    pub(super) fn lives(&self, life: &Arc<Life>) -> bool {
        let current = self.nodes.get(&life.name).and_then(Node::life);
        current.is_some_and(|current| Arc::ptr_eq(current, life))
    }

    /// The link options from one node to another.
    pub(super) fn link_options(&self, from: &str, to: &str) -> &LinkOptions {
        self.options.link(from, to)
    }

    /// A new link from one node to another, for one direction of the connection `id`.
    pub(super) fn link(&self, seed: u64, id: &ConnectionId, from: &Arc<str>, to: &Arc<str>) -> Link {
        let options = self.link_options(from, to).clone();
        Link::new(options, random::generator(seed, &format!("link {id} {from} {to}")))
    }

    /// Whether what is sent from one node to another is held.
    pub(super) fn is_partitioned(&self, from: &Arc<str>, to: &Arc<str>) -> bool {
        !self.partitions.is_empty() && self.partitions.contains(&(from.clone(), to.clone()))
    }

    /// Begins a partition in one direction. False if it existed.
    pub(super) fn partition(&mut self, from: &str, to: &str) -> bool {
        self.partitions.insert((from.into(), to.into()))
    }

    /// Ends a partition in one direction. False if there was none.
    pub(super) fn heal(&mut self, from: &str, to: &str) -> bool {
        self.partitions.remove(&(from.into(), to.into()))
    }
}

#[cfg(test)]
mod tests {
    use handoff_broker::{Listener, Runtime};
    use handoff_scenarios::Stage;

    use super::super::{WorldOptions, lock, run};

    #[test]
    fn a_connection_is_forgotten_when_neither_end_is_held() {
        let counts = run(WorldOptions::default(), |stage| async move {
            let connections = || lock(&stage.kernel.network).connections.len();
            let mut listener = stage.node("server").listen(stage.listen_address("server")).await?;
            let address = listener.local_address()?;
            let first = stage.node("client").connect(address).await?;
            let second = stage.node("client").connect(address).await?;
            let (accepted, _) = listener.accept().await?;
            let mut counts = vec![connections()];
            drop(first);
            counts.push(connections());
            drop(accepted);
            counts.push(connections());
            stage.crash("server");
            counts.push(connections());
            drop(second);
            counts.push(connections());
            std::io::Result::Ok(counts)
        });
        let counts = counts.value.map(|counts| counts.map_err(|error| error.kind()));
        assert_eq!(counts, Ok(Ok(vec![2, 2, 1, 1, 0])));
    }
}
