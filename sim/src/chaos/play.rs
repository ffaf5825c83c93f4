//! Playing one plan.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::director::Director;
use super::drain;
use super::injected::Injected;
use super::nodes;
use super::run::Run;
use super::scene::Scene;
use super::sometimes::{Sightings, Sometimes, look_through};
use crate::check::check;
use crate::fault::{Plan, ProducerPlan};
use crate::history::History;
use crate::world::{self, NetworkOptions, SimulatedStage, WorldOptions};

/// Simulated time after the last fault and the last publish of the plan, until the heal.
const CHAOS_SLACK: Duration = Duration::from_millis(10);
/// Chaos takes no longer than this, whatever the plan says.
const MOST_CHAOS: Duration = Duration::from_secs(30);
/// Far more than chaos and drain together take.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// How to play.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlayOptions {
    /// Whether the world's trace is kept as text.
    pub keep_trace: bool,
}

/// What was seen while a plan was played.
#[derive(Default)]
struct Played {
    history: History,
    injected: Vec<Injected>,
    has_converged: bool,
    sometimes: Sightings,
    network_messages: u64,
}

/// Plays a plan from its beginning to the end of the drain, and has its history judged.
///
/// The same plan and options give the same run, trace hash included, in any process with the same program.
pub fn play(plan: &Plan, options: PlayOptions) -> Run {
    let network = NetworkOptions { link: plan.link.clone(), ..NetworkOptions::default() };
    let world = WorldOptions { seed: plan.seed, network, time_limit: TIME_LIMIT, keep_trace: options.keep_trace };
    let plan = plan.clone();
    let outcome = world::run(world, move |stage| direct(stage, plan));
    let (played, world_error) = match outcome.value {
        Ok(played) => (played, None),
        Err(error) => (Played::default(), Some(error)),
    };
    let Played { history, injected, has_converged, mut sometimes, network_messages } = played;
    look_through(&history, &mut sometimes);
    Run {
        report: check(&history),
        world_error,
        has_converged,
        history,
        injected,
        sometimes,
        network_messages,
        trace_hash: outcome.hash,
        trace_events: outcome.events,
        trace: outcome.trace,
        elapsed: outcome.elapsed,
    }
}

/// Chaos, heal, drain.
async fn direct(stage: SimulatedStage, plan: Plan) -> Played {
    let chaos = chaos_duration(&plan);
    let (ask, suicides) = mpsc::unbounded_channel();
    let scene = Arc::new(Scene::new(stage, plan, ask));
    nodes::start_all(&scene);
    let director = Director::start(&scene, suicides);
    scene.stage.sleep(chaos).await;

    scene.lock().workload.begin_drain();
    scene.heal();
    let injected = director.finish().await;
    scene.recorder.process("director").healed();

    let has_converged = drain::drain(&scene).await;
    drain::record_rest(&scene);
    let mut sometimes = std::mem::take(&mut scene.lock().sightings);
    sometimes.insert(Sometimes::SilentConsumerFound, scene.silence.found());
    let blocked_writes = |producer: &ProducerPlan| scene.stage.traffic(&producer.name).blocked_writes;
    sometimes.insert(Sometimes::BlockedProducer, scene.plan.producers.iter().map(blocked_writes).sum());
    let network_messages = scene.stage.segments_sent();
    Played { history: scene.recorder.take(), injected, has_converged, sometimes, network_messages }
}

/// Until everything is published and every fault is over, if nothing takes longer than planned.
fn chaos_duration(plan: &Plan) -> Duration {
    let publishing = plan.producers.iter().map(|producer| {
        let gaps = producer.messages.iter().map(|message| message.gap_us);
        gaps.fold(0_u64, u64::saturating_add)
    });
    let faults = plan.faults.iter().map(|fault| fault.at_us.saturating_add(fault.duration_us));
    let longest = publishing.chain(faults).max().unwrap_or_default();
    (Duration::from_micros(longest) + CHAOS_SLACK).min(MOST_CHAOS)
}
