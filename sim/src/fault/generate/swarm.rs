//! What a plan is about, drawn first.

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
    pub handlings: Vec<Handling>,
    /// How many messages are not simply acknowledged. From 1 to 99.
    pub trouble_percent: u32,
    pub faults: usize,
    pub fault_kinds: Vec<FaultKind>,
    pub fault_duration_us: u64,
}

impl Swarm {
    /// About how long publishing takes, without faults.
    pub fn span_us(&self) -> u64 {
        (self.messages_each as u64 * self.gap_us / 2).max(2_000)
    }
}

/// Swarms of a profile.
pub(super) fn swarms(profile: Profile) -> impl Strategy<Value = Swarm> {
    let size = profile.size();
    let pace = (select(vec![0, 200, 2_000, 20_000]), select(vec![0, 100, 1_000, 10_000]));
    let bounds = (select(vec![0, 100, 4_000]), select(vec![1, 8, 200]), select(vec![1, 2, 10]));
    let policies = any::<(bool, bool, bool)>();
    let trouble = (some_of(HANDLINGS.to_vec()), 1..40_u32);
    let faults = (some_of(fault_kinds()), select(vec![1_000, 20_000, 500_000]));
    let network = (select(vec![0, 1, 2]), link());
    (pace, bounds, policies, trouble, faults, network)
        .prop_map(move |(pace, bounds, policies, trouble, faults, (heartbeat_s, link))| Swarm {
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

/// All kinds of faults, each with what it may mean.
fn fault_kinds() -> Vec<FaultKind> {
    let spike = |delay_us| Delay::Spikes {
        base: Box::new(Delay::constant(500)),
        spike: Box::new(Delay::constant(delay_us)),
        probability: 0.1,
    };
    vec![
        FaultKind::Crash,
        FaultKind::MachineReset,
        FaultKind::MachineLoss,
        FaultKind::Pause,
        FaultKind::Zombie,
        FaultKind::Hang,
        FaultKind::Slow { factor: 10 },
        FaultKind::ConnectionReset,
        FaultKind::ConnectionEnd,
        FaultKind::Partition,
        FaultKind::PartitionToBroker,
        FaultKind::PartitionFromBroker,
        FaultKind::Delay(Delay::constant(20_000)),
        FaultKind::Delay(spike(50_000)),
        FaultKind::Delay(Delay::Pareto { minimum_us: 500, shape: 2.5 }),
        FaultKind::StopReading,
        FaultKind::HostileBytes(Attack::Garbage),
        FaultKind::HostileBytes(Attack::HalfFrame),
        FaultKind::HostileBytes(Attack::HugeFrame),
        FaultKind::HostileBytes(Attack::BrokenFrame),
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
fn possible(mut kinds: Vec<FaultKind>, heartbeat_s: u16) -> Vec<FaultKind> {
    kinds.retain(|kind| heartbeat_s > 0 || !kind.needs_heartbeat());
    if kinds.is_empty() { vec![FaultKind::Crash] } else { kinds }
}
