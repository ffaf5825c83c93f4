//! What a world is made with. Together with the seed this determines everything that happens in it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::delay::Delay;
use super::error::OptionsError;

/// A world's seed, its network and its limits.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Decides everything that is left to chance: the order of ready tasks, delays, the seeds of workloads.
    pub seed: u64,
    /// The links.
    pub network: NetworkOptions,
    /// How much simulated time may pass before the run is given up.
    pub time_limit: Duration,
    /// Whether the trace is kept as text, to be read. The hash is the same either way.
    pub keep_trace: bool,
}

impl Default for WorldOptions {
    /// Seed 0, the default network, an hour, no text.
    fn default() -> Self {
        WorldOptions {
            seed: 0,
            network: NetworkOptions::default(),
            time_limit: Duration::from_secs(3_600),
            keep_trace: false,
        }
    }
}

/// All links of a world.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// The link between two different nodes, unless `links` says otherwise.
    pub link: LinkOptions,
    /// The link from a node to itself, unless `links` says otherwise.
    pub loopback: LinkOptions,
    /// Links of their own, by the names of the nodes (from, to).
    pub links: BTreeMap<(String, String), LinkOptions>,
    /// How many connections may wait to be accepted. Requests beyond that are lost and repeated, as TCP does.
    pub backlog: usize,
}

impl Default for NetworkOptions {
    /// The default link, a loopback of 10 us, a backlog of 128.
    fn default() -> Self {
        NetworkOptions {
            link: LinkOptions::default(),
            loopback: LinkOptions { delay: Delay::constant(10), ..LinkOptions::default() },
            links: BTreeMap::new(),
            backlog: 128,
        }
    }
}

impl NetworkOptions {
    /// The link in one direction.
    pub(super) fn link(&self, from: &str, to: &str) -> &LinkOptions {
        let default = if from == to { &self.loopback } else { &self.link };
        if self.links.is_empty() {
            return default;
        }
        self.links.get(&(from.to_owned(), to.to_owned())).unwrap_or(default)
    }

    /// Changes the link in one direction.
    pub(super) fn change_link(&mut self, from: &str, to: &str, change: impl Fn(&mut LinkOptions)) {
        let mut link = self.link(from, to).clone();
        change(&mut link);
        self.links.insert((from.to_owned(), to.to_owned()), link);
    }

    pub(super) fn check(&self) -> Result<(), OptionsError> {
        check_not_zero("backlog", self.backlog as u64)?;
        [&self.link, &self.loopback].into_iter().chain(self.links.values()).try_for_each(LinkOptions::check)
    }
}

/// One direction between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkOptions {
    /// From the sender to the receiver, drawn for each segment. Segments of a connection do not overtake each other.
    pub delay: Delay,
    /// How fast one connection's bytes leave the sender. `None`: at once.
    pub bandwidth_bytes_per_s: Option<u64>,
    /// How many bytes of a connection may be written and not yet read. Writes beyond it wait.
    pub window_bytes: usize,
}

impl Default for LinkOptions {
    /// 250 us, no limit to the bandwidth, a window of 64 KiB.
    fn default() -> Self {
        LinkOptions { delay: Delay::constant(250), bandwidth_bytes_per_s: None, window_bytes: 64 * 1024 }
    }
}

impl LinkOptions {
    /// Whether there can be such a link.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        check_not_zero("window_bytes", self.window_bytes as u64)?;
        check_not_zero("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s.unwrap_or(1))?;
        self.delay.check()
    }
}

fn check_not_zero(name: &'static str, value: u64) -> Result<(), OptionsError> {
    if value > 0 { Ok(()) } else { Err(OptionsError::NotPositive { name, value: value.to_string() }) }
}
