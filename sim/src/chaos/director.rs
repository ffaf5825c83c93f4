//! Whoever injects the faults: waits for the time and the moment of each, strikes, and mends.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;
use tokio::sync::mpsc;

use super::injected::{Change, Injected};
use super::moments::Passing;
use super::nodes;
use super::scene::Scene;
use crate::fault::{Fault, FaultKind};
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
            let injection = Injection { scene: scene.clone(), runtime: runtime.clone(), fault: fault.clone() };
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

async fn crash_on_request(
    scene: Arc<Scene>,
    runtime: SimulatedRuntime,
    mut requests: mpsc::UnboundedReceiver<String>,
) {
    while let Some(name) = requests.recv().await {
        nodes::take_down(&scene, &name, Death::Eof);
        let (scene, restart) = (scene.clone(), runtime.sleep(SUICIDE_DURATION));
        runtime.spawn(async move {
            restart.await;
            nodes::bring_up(&scene, &name);
        });
    }
}

/// One fault.
struct Injection {
    scene: Arc<Scene>,
    runtime: SimulatedRuntime,
    fault: Fault,
}

impl Injection {
    async fn run(self, number: usize) -> Injected {
        let come = tokio::select! {
            biased;
            () = self.scene.healed() => None,
            passing = self.come() => Some(passing),
        };
        let (mut at_us, mut changed) = (None, Change::default());
        if let Some(passing) = come {
            at_us = Some(self.runtime.now().since(Timestamp::EPOCH).as_micros() as u64);
            changed += self.strike();
            drop(passing);
            tokio::select! {
                biased;
                () = self.scene.healed() => {}
                () = self.runtime.sleep(Duration::from_micros(self.fault.duration_us)) => {}
            }
            self.mend();
        }
        Injected { fault: number, kind: self.fault.kind.name(), node: self.fault.node.clone(), at_us, changed }
    }

    /// Waits for the time, and then for the moment.
    async fn come(&self) -> Option<Passing> {
        self.runtime.sleep_until(Timestamp::EPOCH + Duration::from_micros(self.fault.at_us)).await;
        let moment = self.scene.moments.next(self.fault.moment?, &self.fault.node);
        moment.await.ok()
    }

    fn strike(&self) -> Change {
        let (scene, node) = (&self.scene, &self.fault.node);
        match self.fault.kind {
            FaultKind::Crash => nodes::take_down(scene, node, Death::Eof),
            FaultKind::MachineReset => nodes::take_down(scene, node, Death::Reset),
            FaultKind::MachineLoss => nodes::take_down(scene, node, Death::Silence),
        }
    }

    fn mend(&self) {
        let (scene, node) = (&self.scene, &self.fault.node);
        match self.fault.kind {
            FaultKind::Crash | FaultKind::MachineReset | FaultKind::MachineLoss => nodes::bring_up(scene, node),
        }
    }
}
