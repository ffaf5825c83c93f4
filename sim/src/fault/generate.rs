//! Drawing plans, swarm style: each seed first draws what its plan is about (which faults and policies, how many nodes,
//! how large, how fast), and then a plan within that. A plan in which everything happens hides as much as it shows
//! (Groce et al., Swarm Testing, 2012).

mod swarm;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::swarm::{Swarm, swarms};
use super::injection::{Fault, FaultKind, Moment, Role};
use super::plan::{ConsumerPlan, Handling, MessagePlan, OverflowPlan, Plan, ProducerPlan, QueuePlan};
use super::profile::Profile;

/// The plan of a seed. The same seed and profile give the same plan, in any process.
pub fn plan_for(seed: u64, profile: Profile) -> Plan {
    plan_tree(seed, profile).current()
}

/// The plan of a seed, with the ways to make it smaller.
pub fn plan_tree(seed: u64, profile: Profile) -> Box<dyn ValueTree<Value = Plan>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let least_faults = *profile.size().faults.start();
    loop {
        let tree = plans(seed, profile).new_tree(&mut runner).expect("nothing is filtered");
        // Only what is drawn has to have so many faults; shrinking leaves them out.
        if tree.current().faults.len() >= least_faults {
            return Box::new(tree);
        }
    }
}

/// Plans whose worlds have this seed, drawn swarm style.
///
/// The number of faults is anything up to the profile's; numbers of messages are the profile's in the mean.
pub fn plans(seed: u64, profile: Profile) -> impl Strategy<Value = Plan> {
    swarms(profile).prop_flat_map(move |swarm| draft(&swarm).prop_map(move |draft| draft.plan(seed, &swarm)))
}

/// A plan that names others by number: shrinking may leave any of them out.
#[derive(Clone, Debug)]
struct Draft {
    faults: Vec<FaultDraft>,
    queues: Vec<QueueDraft>,
    producers: Vec<ProducerDraft>,
    consumers: Vec<ConsumerDraft>,
}

#[derive(Clone, Debug)]
struct FaultDraft {
    kind: FaultKind,
    node: usize,
    at_us: u64,
    moment: Option<Moment>,
    duration_us: u64,
}

#[derive(Clone, Debug)]
struct ProducerDraft {
    messages: Vec<MessagePlan>,
    queue: usize,
    in_flight: u16,
    resends: bool,
}

#[derive(Clone, Debug)]
struct ConsumerDraft {
    queue: usize,
    prefetch: u16,
    service_us: u64,
    multiple: bool,
}

#[derive(Clone, Debug)]
struct QueueDraft {
    dead_letters: bool,
    delivery_limit: Option<u32>,
    max_length: Option<u64>,
    max_length_bytes: Option<u64>,
    rejects: bool,
    message_ttl_us: Option<u64>,
    max_priority: Option<u8>,
    single_active_consumer: bool,
}

fn draft(swarm: &Swarm) -> impl Strategy<Value = Draft> + use<> {
    let faults = vec(fault(swarm), 0..=swarm.faults);
    let producers = vec(producer(swarm), 1..=swarm.clients);
    let consumers = vec(consumer(swarm), 1..=swarm.clients);
    let queues = vec(queue(swarm), 1..=swarm.queues);
    (faults, producers, consumers, queues).prop_map(|(faults, producers, consumers, queues)| Draft {
        faults,
        producers,
        consumers,
        queues,
    })
}

fn fault(swarm: &Swarm) -> impl Strategy<Value = FaultDraft> + use<> {
    let kind = select(swarm.fault_kinds.clone()).prop_flat_map(select);
    let moments = vec![Moment::AfterPublish, Moment::AfterDelivery, Moment::BeforeAck, Moment::DuringRequeue];
    let moment = option::weighted(0.3, select(moments));
    (kind, 0..1_000_usize, swarm.fault_times_us(), moment, swarm.fault_durations_us())
        .prop_map(|(kind, node, at_us, moment, duration_us)| FaultDraft { kind, node, at_us, moment, duration_us })
}

fn producer(swarm: &Swarm) -> impl Strategy<Value = ProducerDraft> + use<> {
    let messages = vec(message(swarm), 0..=2 * swarm.messages_each);
    (messages, 0..swarm.queues, 1..=swarm.in_flight, any::<bool>())
        .prop_map(|(messages, queue, in_flight, resends)| ProducerDraft { messages, queue, in_flight, resends })
}

fn message(swarm: &Swarm) -> impl Strategy<Value = MessagePlan> + use<> {
    let trouble = select(swarm.handlings.clone());
    let handling = prop_oneof![
        100 - swarm.trouble_percent => Just(Handling::Ack),
        swarm.trouble_percent => trouble,
    ];
    (0..=swarm.gap_us, 0..=swarm.size_bytes, 0..=swarm.priority, handling)
        .prop_map(|(gap_us, size_bytes, priority, handling)| MessagePlan { gap_us, size_bytes, priority, handling })
}

fn consumer(swarm: &Swarm) -> impl Strategy<Value = ConsumerDraft> + use<> {
    (0..swarm.queues, 1..=swarm.prefetch, 0..=swarm.service_us, any::<bool>())
        .prop_map(|(queue, prefetch, service_us, multiple)| ConsumerDraft { queue, prefetch, service_us, multiple })
}

fn queue(swarm: &Swarm) -> impl Strategy<Value = QueueDraft> + use<> {
    let Swarm { has_delivery_limits, has_max_lengths, has_dead_letters, has_single_active, priority, .. } = *swarm;
    let has_bytes = swarm.size_bytes > 0;
    let message_ttl_us = swarm.message_ttl_us;
    let length = (option::of(1..16_u64), option::weighted(0.3, 100..4_000_u64), any::<bool>());
    let single = (any::<bool>(), any::<bool>());
    (any::<bool>(), option::of(0..4_u32), length, single).prop_map(
        move |(dead_letters, delivery_limit, (max_length, max_length_bytes, rejects), (is_timed, is_single))| {
            QueueDraft {
                dead_letters: dead_letters && has_dead_letters,
                delivery_limit: delivery_limit.filter(|_| has_delivery_limits),
                max_length: max_length.filter(|_| has_max_lengths),
                max_length_bytes: max_length_bytes.filter(|_| has_max_lengths && has_bytes),
                rejects,
                message_ttl_us: message_ttl_us.filter(|_| is_timed),
                max_priority: Some(priority).filter(|priority| *priority > 0),
                single_active_consumer: is_single && has_single_active,
            }
        },
    )
}

impl Draft {
    fn plan(self, seed: u64, swarm: &Swarm) -> Plan {
        let queue_name = |number: usize| format!("queue-{}", number % self.queues.len());
        let producers: Vec<_> = (0..)
            .zip(&self.producers)
            .map(|(number, draft): (usize, _)| ProducerPlan {
                name: format!("producer-{number}"),
                queue: queue_name(draft.queue),
                in_flight: draft.in_flight,
                resends: draft.resends,
                messages: draft.messages.clone(),
            })
            .collect();
        let consumers: Vec<_> = (0..)
            .zip(&self.consumers)
            .map(|(number, draft): (usize, _)| ConsumerPlan {
                name: format!("consumer-{number}"),
                queue: queue_name(draft.queue),
                prefetch: draft.prefetch,
                service_us: draft.service_us,
                multiple: draft.multiple,
            })
            .collect();
        let faults = self.faults.iter().map(|draft| draft.fault(&producers, &consumers)).collect();
        let queues = (0..).zip(&self.queues).flat_map(|(number, draft)| draft.queues(number)).collect();
        let Swarm { heartbeat_s, ref link, .. } = *swarm;
        Plan {
            version: Plan::VERSION,
            seed,
            defect: None,
            violates: None,
            heartbeat_s,
            link: link.clone(),
            queues,
            producers,
            consumers,
            faults,
        }
    }
}

impl QueueDraft {
    /// The queue, and the one for its dead letters.
    fn queues(&self, number: usize) -> Vec<QueuePlan> {
        let name = format!("queue-{number}");
        let dead_letter_queue = self.dead_letters.then(|| format!("{name}-dead"));
        let dead = dead_letter_queue.clone().map(QueuePlan::new);
        let rejects = self.rejects && (self.max_length.is_some() || self.max_length_bytes.is_some());
        let queue = QueuePlan {
            delivery_limit: self.delivery_limit,
            max_length: self.max_length,
            max_length_bytes: self.max_length_bytes,
            overflow: if rejects { OverflowPlan::RejectPublish } else { OverflowPlan::DropHead },
            dead_letter_queue,
            message_ttl_us: self.message_ttl_us,
            max_priority: self.max_priority,
            single_active_consumer: self.single_active_consumer,
            ..QueuePlan::new(name)
        };
        std::iter::once(queue).chain(dead).collect()
    }
}

impl FaultDraft {
    fn fault(&self, producers: &[ProducerPlan], consumers: &[ConsumerPlan]) -> Fault {
        let busy = |queue: &str| producers.iter().any(|it| it.queue == queue && !it.messages.is_empty());
        let publishing = producers.iter().map(|it| (Role::Producer, it.name.as_str(), !it.messages.is_empty()));
        let consuming = consumers.iter().map(|it| (Role::Consumer, it.name.as_str(), busy(&it.queue)));
        let clients: Vec<_> = publishing.chain(consuming).filter(|(role, ..)| self.kind.can_happen_to(*role)).collect();
        // What happens to somebody who has nothing to do proves nothing.
        let has_busy = clients.iter().any(|(.., is_busy)| *is_busy);
        let clients = clients.into_iter().filter(|(.., is_busy)| *is_busy || !has_busy);
        let clients: Vec<_> = clients.map(|(role, name, _)| (role, name)).collect();
        // The broker's turn comes, but seldom: when it crashes, it forgets everything.
        let is_brokers = self.kind.can_happen_to(Role::Broker) && self.node % 16 == 15;
        let (role, node) = match clients.len() {
            0 => (Role::Broker, Plan::BROKER),
            _ if is_brokers => (Role::Broker, Plan::BROKER),
            count => clients[self.node % count],
        };
        Fault {
            node: node.to_owned(),
            at_us: self.at_us,
            moment: self.moment.filter(|moment| moment.comes_to(role)),
            duration_us: self.duration_us,
            kind: self.kind.clone(),
        }
    }
}
