//! What a plan is about, drawn first.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::fault::injection::{Attack, FaultKind};
use crate::fault::plan::Handling;
use crate::fault::profile::Profile;
use crate::world::{Delay, LinkOptions};

/// The ranges that everything in a plan is drawn from. Not shrunk: within it, a plan is.
#[derive(Clone, Debug)]
pub(super) struct Swarm {
    pub heartbeat_s: u16,
    pub link: LinkOptions,
    pub clients: usize,
    pub queues: usize,
    /// In the mean.
    pub messages_each: usize,
    pub gap_us: u64,
    pub size_bytes: u32,
    pub in_flight: u16,
    pub prefetch: u16,
    pub service_us: u64,
    pub has_delivery_limits: bool,
    pub has_max_lengths: bool,
    pub has_dead_letters: bool,
    pub has_single_active: bool,
    /// The time to live of messages, where queues have one.
    pub message_ttl_us: Option<u64>,
    /// The highest priority of messages and queues; 0 is none.
    pub priority: u8,
    pub handlings: Vec<Handling>,
    /// How many messages are not simply acknowledged. From 1 to 99.
    pub trouble_percent: u32,
    pub faults: usize,
    /// Each in the forms it may take.
    pub fault_kinds: Vec<Vec<FaultKind>>,
    pub fault_duration_us: u64,
}

impl Swarm {
    /// When faults strike: while clients connect, but mostly while they publish and work.
    pub fn fault_times_us(&self) -> impl Strategy<Value = u64> + use<> {
        prop_oneof![1 => 0..=SETUP_US, 9 => SETUP_US..=SETUP_US + self.span_us()]
    }

    /// How long faults last: long enough for something to happen meanwhile.
    pub fn fault_durations_us(&self) -> RangeInclusive<u64> {
        let pace_us = self.gap_us.max(self.service_us).max(ROUND_TRIP_US);
        pace_us..=pace_us + self.fault_duration_us
    }

    /// About how long publishing or working takes, without faults.
    fn span_us(&self) -> u64 {
        let publishing_us = (self.gap_us / 2).max(ROUND_TRIP_US / u64::from(self.in_flight));
        let working_us = self.service_us / 2 + ROUND_TRIP_US / u64::from(self.prefetch);
        self.messages_each as u64 * publishing_us.max(working_us)
    }
}

/// About how long a client takes to connect, log in and declare.
const SETUP_US: u64 = 4_000;
/// There and back, on most links.
const ROUND_TRIP_US: u64 = 500;

/// Swarms of a profile.
pub(super) fn swarms(profile: Profile) -> impl Strategy<Value = Swarm> {
    let size = profile.size();
    let pace = (select(vec![0, 200, 2_000, 20_000]), select(vec![0, 100, 1_000, 10_000]));
    let bounds = (select(vec![0, 100, 4_000]), select(vec![1, 8, 200]), select(vec![1, 2, 10]));
    let policies = any::<(bool, bool, bool)>();
    let ttls = select(vec![None, None, None, Some(2_000), Some(20_000), Some(200_000)]);
    let order = (select(vec![0, 0, 0, 1, 4]), prop::bool::weighted(0.2), ttls);
    let trouble = (some_of(HANDLINGS.to_vec()), 1..40_u32);
    let faults = (some_of(fault_kinds()), select(vec![1_000, 20_000, 500_000]));
    let network = (select(vec![0, 1, 2]), link());
    (pace, bounds, (policies, order), trouble, faults, network)
        .prop_map(move |(pace, bounds, (policies, order), trouble, faults, (heartbeat_s, link))| Swarm {
            heartbeat_s,
            link,
            clients: size.clients,
            queues: size.queues,
            messages_each: 2 * size.messages / (size.clients + 1),
            gap_us: pace.0,
            service_us: pace.1,
            size_bytes: bounds.0,
            in_flight: bounds.1,
            prefetch: bounds.2,
            has_delivery_limits: policies.0,
            has_max_lengths: policies.1,
            has_dead_letters: policies.2,
            has_single_active: order.1,
            message_ttl_us: order.2,
            priority: order.0,
            handlings: trouble.0,
            trouble_percent: trouble.1,
            faults: *size.faults.end(),
            fault_kinds: possible(faults.0, heartbeat_s),
            fault_duration_us: faults.1,
        })
        .no_shrink()
}

/// All ways to handle a message but the plain one.
const HANDLINGS: [Handling; 6] = [
    Handling::Requeue { times: 2 },
    Handling::Reject,
    Handling::Poison,
    Handling::Crash,
    Handling::Ignore,
    Handling::AckTwice,
];

/// All kinds of faults, each with the forms it may take.
fn fault_kinds() -> Vec<Vec<FaultKind>> {
    let spikes = Delay::Spikes {
        base: Box::new(Delay::constant(500)),
        spike: Box::new(Delay::constant(50_000)),
        probability: 0.1,
    };
    let delays = [
        Delay::constant(20_000),
        Delay::Uniform { minimum_us: 100, maximum_us: 20_000 },
        Delay::LogNormal { median_us: 2_000, sigma: 1.0 },
        Delay::Pareto { minimum_us: 500, shape: 2.5 },
        spikes,
    ];
    let attacks = [Attack::Garbage, Attack::HalfFrame, Attack::HugeFrame, Attack::BrokenFrame];
    vec![
        vec![FaultKind::Restart],
        vec![FaultKind::Crash],
        vec![FaultKind::MachineReset],
        vec![FaultKind::MachineLoss],
        vec![FaultKind::Pause],
        vec![FaultKind::Zombie],
        vec![FaultKind::Hang],
        vec![FaultKind::Slow { factor: 10 }],
        vec![FaultKind::ConnectionReset],
        vec![FaultKind::ConnectionEnd],
        vec![FaultKind::ConnectionSilence],
        vec![FaultKind::Partition],
        vec![FaultKind::PartitionToBroker],
        vec![FaultKind::PartitionFromBroker],
        delays.map(FaultKind::Delay).into(),
        [20_000, 200_000].map(|bytes_per_s| FaultKind::Bandwidth { bytes_per_s }).into(),
        vec![FaultKind::StopReading],
        attacks.map(FaultKind::HostileBytes).into(),
    ]
}

fn some_of<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let count = all.len();
    subsequence(all, 1..=count)
}

fn link() -> impl Strategy<Value = LinkOptions> {
    let delay = select(vec![
        Delay::constant(250),
        Delay::Uniform { minimum_us: 50, maximum_us: 500 },
        Delay::LogNormal { median_us: 250, sigma: 0.5 },
        Delay::Pareto { minimum_us: 100, shape: 2.5 },
        Delay::Spikes {
            base: Box::new(Delay::constant(200)),
            spike: Box::new(Delay::constant(20_000)),
            probability: 0.01,
        },
    ]);
    let bandwidth = select(vec![None, None, Some(1_000_000)]);
    let window = select(vec![64 * 1024, 4 * 1024, 512]);
    (delay, bandwidth, window).prop_map(|(delay, bandwidth_bytes_per_s, window_bytes)| LinkOptions {
        delay,
        bandwidth_bytes_per_s,
        window_bytes,
    })
}

/// Those that can happen, at least a crash: some are found out by heartbeats alone.
fn possible(mut kinds: Vec<Vec<FaultKind>>, heartbeat_s: u16) -> Vec<Vec<FaultKind>> {
    kinds.retain(|forms| heartbeat_s > 0 || !forms.iter().any(FaultKind::needs_heartbeat));
    if kinds.is_empty() { vec![vec![FaultKind::Crash]] } else { kinds }
}
