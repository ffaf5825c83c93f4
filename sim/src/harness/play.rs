//! Playing one plan: nodes start, faults strike, and when all is over and quiet the invariants are judged.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;
use tokio::sync::Notify;

use super::fault::{Fault, FaultKind};
use super::host::{self, BROKER, Host};
use super::node::{Node, Program, Role};
use super::plan::Plan;
use super::report::Failure;
use super::story::Story;
use super::world::{Invariant, World};
use crate::world::{self, Death, LinkOptions, NetworkOptions, SimulatedStage, WorldOptions};

/// Whoever injects the faults, in the story and as a node.
const DIRECTOR: &str = "fault";
/// Simulated time that a world may take. Far more than faults and work together.
const LIMIT: Duration = Duration::from_secs(600);
/// How often it is looked whether all is done.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// For so long nothing must be left, until it is believed that nothing is on its way any more.
const QUIET: Duration = Duration::from_millis(200);

/// A plan that was played.
pub(super) struct Played {
    /// What is wrong, if something is.
    pub failure: Option<Failure>,
    /// What happened, if that was asked for.
    pub story: Vec<String>,
    /// The faults that were to strike: places and times.
    pub faults: Vec<(usize, Duration)>,
    /// How many of them changed something.
    pub faults_felt: usize,
    /// The numbers: what they may be, and what they were.
    pub numbers: BTreeMap<String, (RangeInclusive<u64>, u64)>,
}

/// Plays the world that `furnish` makes of `plan`, and tells its story if that is wanted.
///
/// # Errors
/// One line, if the plan or the world is not possible.
pub(super) fn play(plan: &Plan, furnish: &impl Fn(&mut World), is_told: bool) -> Result<Played, String> {
    let mut furnished = World::new(plan);
    furnish(&mut furnished);
    furnished.check()?;
    let link = LinkOptions { delay: furnished.delay.clone(), ..LinkOptions::default() };
    let network = NetworkOptions { link, ..NetworkOptions::default() };
    let options = WorldOptions { seed: plan.seed, network, time_limit: LIMIT * 2, ..WorldOptions::default() };
    let (story, felt) = (Story::new(is_told), Arc::new(Mutex::new(0)));
    let faults = furnished.planned_faults();
    let (times, numbers) =
        (faults.iter().map(|(place, fault)| (*place, fault.at)).collect(), furnished.numbers.clone());
    let told = (story.clone(), felt.clone());
    let outcome = world::run(options, move |stage| async move {
        let World { programs, always, eventually, .. } = furnished;
        let scene = Arc::new(Scene::new(stage, told, programs));
        scene.start(faults);
        judge(&scene, &always, &eventually).await
    });
    let failure = match outcome.value {
        Ok(judged) => judged.err(),
        Err(error) => Some(Failure::Stopped(error.to_string())),
    };
    let faults_felt = *lock(&felt);
    Ok(Played { failure, story: story.take(), faults: times, faults_felt, numbers })
}

/// Waits for the end, and judges the invariants until then and then.
async fn judge(scene: &Scene, always: &[Invariant], eventually: &[Invariant]) -> Result<(), Failure> {
    let (limit, mut quiet_since) = (Timestamp::EPOCH + LIMIT, None);
    loop {
        tokio::select! {
            biased;
            () = scene.turns.notified() => hold(always)?,
            () = scene.stage.sleep(LOOK_EVERY) => {
                let (now, left) = (scene.stage.now(), scene.left());
                quiet_since = left.is_none().then(|| quiet_since.unwrap_or(now));
                if quiet_since.is_some_and(|since| now.since(since) >= QUIET) {
                    break;
                }
                if let Some(left) = left.filter(|_| now > limit) {
                    return Err(Failure::NotFinished(format!("after {LIMIT:?}, {left}")));
                }
            }
        }
    }
    hold(always)?;
    hold(eventually)
}

fn hold(invariants: &[Invariant]) -> Result<(), Failure> {
    invariants.iter().try_for_each(|invariant| {
        (invariant.check)().map_err(|problem| Failure::Broken { invariant: invariant.name.clone(), problem })
    })
}

/// What everybody in a world shares.
struct Scene {
    stage: SimulatedStage,
    story: Story,
    turns: Arc<Notify>,
    programs: Vec<Arc<Program>>,
    state: Mutex<State>,
    /// How many faults changed something.
    felt: Arc<Mutex<usize>>,
}

struct State {
    host: Host,
    /// Faults that are not over.
    faults: usize,
    /// Clients that are not done.
    clients: Vec<Arc<str>>,
    /// How many faults keep a node from running.
    down: BTreeMap<String, u32>,
}

impl Scene {
    fn new(stage: SimulatedStage, (story, felt): (Story, Arc<Mutex<usize>>), programs: Vec<Arc<Program>>) -> Self {
        let turns = Arc::new(Notify::new());
        let host = Host::start(&stage, &story, &turns);
        let clients = programs.iter().filter(|program| program.role == Role::Client);
        let clients = clients.map(|program| program.name.clone()).collect();
        let state = Mutex::new(State { host, faults: 0, clients, down: BTreeMap::new() });
        Scene { stage, story, turns, programs, state, felt }
    }

    fn start(self: &Arc<Self>, faults: Vec<(usize, Fault)>) {
        self.programs.iter().for_each(|program| self.start_node(program));
        lock(&self.state).faults = faults.len();
        for (_, fault) in faults {
            let scene = self.clone();
            self.stage.node(DIRECTOR).spawn(async move { scene.inject(fault).await });
        }
    }

    fn start_node(self: &Arc<Self>, program: &Arc<Program>) {
        let runtime = self.stage.node(&program.name);
        let (name, story) = (program.name.clone(), self.story.clone());
        let node = Node { runtime: runtime.clone(), broker: host::address(&self.stage), name, story };
        node.note("starts");
        let (scene, program) = (self.clone(), program.clone());
        runtime.spawn(async move {
            program.run(node).await;
            lock(&scene.state).clients.retain(|client| *client != program.name);
        });
    }

    async fn inject(self: Arc<Self>, fault: Fault) {
        self.stage.sleep_until(Timestamp::EPOCH + fault.at).await;
        self.story.tell(self.stage.now(), DIRECTOR, &fault);
        let before = self.stage.traffic(&fault.node);
        let mut is_felt = match fault.kind {
            FaultKind::Crash => self.take_down(&fault.node),
            FaultKind::ConnectionReset => self.stage.cut(&fault.node, Death::Reset) > 0,
            FaultKind::Partition => {
                self.stage.partition(&fault.node, BROKER);
                false
            }
            FaultKind::Pause => {
                self.stage.pause(&fault.node);
                false
            }
        };
        self.stage.sleep(fault.lasts).await;
        let after = self.stage.traffic(&fault.node);
        let sent_to = after.segments_sent_to > before.segments_sent_to;
        match fault.kind {
            FaultKind::Crash => self.bring_up(&fault.node),
            FaultKind::ConnectionReset => {}
            FaultKind::Partition => {
                self.stage.heal(&fault.node, BROKER);
                is_felt = sent_to || after.segments_sent > before.segments_sent;
            }
            FaultKind::Pause => {
                self.stage.resume(&fault.node);
                is_felt = sent_to;
            }
        }
        lock(&self.state).faults -= 1;
        *lock(&self.felt) += usize::from(is_felt);
    }

    /// Kills a node. False if it was down, or had nothing left to do.
    fn take_down(&self, name: &str) -> bool {
        let mut state = lock(&self.state);
        let down = state.down.entry(name.to_owned()).or_default();
        *down += 1;
        let was_up = *down == 1;
        let was_busy = self.program(name).is_none_or(|program| state.is_busy(program));
        drop(state);
        self.stage.kill(name, Death::Eof);
        was_up && was_busy
    }

    /// Starts a node again, if nothing else keeps it down and it is not done.
    fn bring_up(self: &Arc<Self>, name: &str) {
        let mut state = lock(&self.state);
        let down = state.down.entry(name.to_owned()).or_default();
        *down -= 1;
        if *down > 0 {
            return;
        }
        match self.program(name) {
            None => state.host = Host::start(&self.stage, &self.story, &self.turns),
            Some(program) if state.is_busy(program) => {
                drop(state);
                self.start_node(program);
            }
            Some(_) => {}
        }
    }

    /// What runs on a node; nothing on the broker's.
    fn program(&self, name: &str) -> Option<&Arc<Program>> {
        self.programs.iter().find(|program| &*program.name == name)
    }

    /// What is not done yet.
    fn left(&self) -> Option<String> {
        let state = lock(&self.state);
        if state.faults > 0 {
            return Some(format!("{} faults are not over", state.faults));
        }
        if let Some(client) = state.clients.first() {
            return Some(format!("{client} is not done"));
        }
        let (name, ready, held) = state.host.backlogs().into_iter().next()?;
        Some(format!("queue '{name}' has {ready} ready and {held} unacknowledged messages"))
    }
}

impl State {
    fn is_busy(&self, program: &Program) -> bool {
        program.role == Role::Service || self.clients.contains(&program.name)
    }
}

/// A world has one thread, so this never waits; a panic ends the run.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
