//! Whoever injects the faults: waits for the time and the moment of each, strikes, and mends.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_scenarios::Stage;
use tokio::sync::mpsc;

use super::injected::Injected;
use super::injection::Injection;
use super::nodes;
use super::scene::Scene;
use super::sometimes::Sometimes;
use crate::world::{Death, SimulatedRuntime};

/// The node on which it runs.
const DIRECTOR: &str = "director";
/// How long a consumer that crashes by itself stays away.
const SUICIDE_DURATION: Duration = Duration::from_millis(5);

/// The faults of a run, under way.
pub(super) struct Director {
    reports: mpsc::UnboundedReceiver<Injected>,
}

impl Director {
    /// Starts all faults of the plan, and crashes whoever asks for it.
    pub fn start(scene: &Arc<Scene>, suicides: mpsc::UnboundedReceiver<String>) -> Self {
        let runtime = scene.stage.node(DIRECTOR);
        let (report, reports) = mpsc::unbounded_channel();
        for (number, fault) in scene.plan.faults.iter().enumerate() {
            let injection = Injection::new(scene, &runtime, fault);
            let report = report.clone();
            runtime.spawn(async move {
                let injected = injection.run(number).await;
                // Nobody listens any more if the run has failed.
                let _ = report.send(injected);
            });
        }
        runtime.spawn(crash_on_request(scene.clone(), runtime.clone(), suicides));
        Director { reports }
    }

    /// What became of the faults, in the plan's order. To be called after the scene was healed.
    pub async fn finish(mut self) -> Vec<Injected> {
        let mut injected = Vec::new();
        while let Some(report) = self.reports.recv().await {
            injected.push(report);
        }
        injected.sort_by_key(|injected| injected.fault);
        injected
    }
}

async fn crash_on_request(scene: Arc<Scene>, runtime: SimulatedRuntime, mut requests: mpsc::UnboundedReceiver<String>) {
    while let Some(name) = requests.recv().await {
        nodes::take_down(&scene, &name, Death::Eof);
        scene.saw(Sometimes::CrashBeforeAck);
        let (scene, restart) = (scene.clone(), runtime.sleep(SUICIDE_DURATION));
        runtime.spawn(async move {
            restart.await;
            nodes::bring_up(&scene, &name);
        });
    }
}
