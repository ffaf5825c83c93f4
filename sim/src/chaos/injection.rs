//! One fault: waits for its time and its moment, strikes, lasts, and mends.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};

use super::injected::{Change, Injected};
use super::moments::Passing;
use super::scene::Scene;
use super::sometimes::Sometimes;
use super::{nodes, stranger};
use crate::fault::{Fault, FaultKind, Moment, Plan};
use crate::history::Disturbance;
use crate::world::{Death, Delay, SimulatedRuntime, Traffic};

/// How many heartbeats a zombie is silent, at least: after two it is given up.
const ZOMBIE_HEARTBEATS: u32 = 3;

/// A fault under way.
pub(super) struct Injection {
    scene: Arc<Scene>,
    runtime: SimulatedRuntime,
    fault: Fault,
}

/// How things stood when the fault struck.
struct Before {
    at: Timestamp,
    traffic: Traffic,
    held_up: u64,
}

impl Injection {
    pub fn new(scene: &Arc<Scene>, runtime: &SimulatedRuntime, fault: &Fault) -> Self {
        Injection { scene: scene.clone(), runtime: runtime.clone(), fault: fault.clone() }
    }

    /// Ends when the fault is over. After the heal, it neither begins nor goes on.
    pub async fn run(self, number: usize) -> Injected {
        let come = tokio::select! {
            biased;
            () = self.scene.healed() => None,
            passing = self.come() => Some(passing),
        };
        let (mut at_us, mut changed) = (None, Change::default());
        if let Some(passing) = come {
            at_us = Some(self.runtime.now().since(Timestamp::EPOCH).as_micros() as u64);
            let before = self.before();
            changed += self.strike().await;
            self.note_sightings(&changed);
            drop(passing);
            tokio::select! {
                biased;
                () = self.scene.healed() => {}
                () = self.runtime.sleep(self.duration()) => {}
            }
            changed += self.mend(&before);
        }
        Injected { fault: number, kind: self.fault.kind.name(), node: self.fault.node.clone(), at_us, changed }
    }

    /// Waits for the time, and then for the moment.
    async fn come(&self) -> Option<Passing> {
        self.runtime.sleep_until(Timestamp::EPOCH + Duration::from_micros(self.fault.at_us)).await;
        let moment = self.scene.moments.next(self.fault.moment?, &self.fault.node);
        moment.await.ok()
    }

    fn duration(&self) -> Duration {
        let planned = Duration::from_micros(self.fault.duration_us);
        let heartbeat = Duration::from_secs(self.scene.plan.heartbeat_s.into());
        if self.fault.kind == FaultKind::Zombie { planned.max(heartbeat * ZOMBIE_HEARTBEATS) } else { planned }
    }

    fn before(&self) -> Before {
        let held_up = self.scene.on_client(&self.fault.node, |client| client.held_up);
        Before { at: self.runtime.now(), traffic: self.scene.stage.traffic(&self.fault.node), held_up }
    }

    async fn strike(&self) -> Change {
        let (scene, node, until) = (&self.scene, &self.fault.node, self.runtime.now() + self.duration());
        let (stage, broker) = (&scene.stage, Plan::BROKER);
        self.record_disturbance();
        match &self.fault.kind {
            FaultKind::Crash => return nodes::take_down(scene, node, Death::Eof),
            FaultKind::MachineReset => return nodes::take_down(scene, node, Death::Reset),
            FaultKind::MachineLoss => return nodes::take_down(scene, node, Death::Silence),
            FaultKind::ConnectionReset => return nodes::cut(scene, node, Death::Reset),
            FaultKind::ConnectionEnd => return nodes::cut(scene, node, Death::Eof),
            FaultKind::ConnectionSilence => return nodes::cut(scene, node, Death::Silence),
            FaultKind::Restart => return nodes::restart(scene, node, until),
            FaultKind::HostileBytes(attack) => return stranger::attack(scene, &self.runtime, *attack).await,
            FaultKind::Pause | FaultKind::Zombie => drop(stage.pause(node)),
            FaultKind::Hang => scene.on_client(node, |client| client.hung_until = until),
            FaultKind::Slow { factor } => scene.on_client(node, |client| client.slow = Some((*factor, until))),
            FaultKind::Partition => stage.partition(node, broker),
            FaultKind::PartitionToBroker => stage.partition_one_way(node, broker),
            FaultKind::PartitionFromBroker => stage.partition_one_way(broker, node),
            FaultKind::Delay(delay) => self.set_delay(delay),
            FaultKind::Bandwidth { bytes_per_s } => self.set_bandwidth(Some(*bytes_per_s)),
            FaultKind::StopReading => stage.stop_reading(node),
        }
        Change::default()
    }

    fn mend(&self, before: &Before) -> Change {
        let (scene, node) = (&self.scene, &self.fault.node);
        let (stage, broker) = (&scene.stage, Plan::BROKER);
        let now = stage.traffic(node);
        let sent = now.segments_sent - before.traffic.segments_sent;
        let sent_to = now.segments_sent_to - before.traffic.segments_sent_to;
        let mut change = Change::default();
        match &self.fault.kind {
            FaultKind::Crash | FaultKind::MachineReset | FaultKind::MachineLoss => nodes::bring_up(scene, node),
            FaultKind::ConnectionReset
            | FaultKind::ConnectionEnd
            | FaultKind::ConnectionSilence
            | FaultKind::Restart
            | FaultKind::HostileBytes(_) => {}
            FaultKind::Pause | FaultKind::Zombie => {
                change = self.missed(before.at);
                change.segments_delayed = sent_to;
                stage.resume(node);
            }
            FaultKind::Hang | FaultKind::Slow { .. } => {
                change.deliveries_delayed = scene.on_client(node, |client| client.held_up) - before.held_up;
            }
            FaultKind::Partition => {
                change.segments_delayed = sent + sent_to;
                stage.heal(node, broker);
            }
            FaultKind::PartitionToBroker => {
                change.segments_delayed = sent;
                stage.heal(node, broker);
            }
            FaultKind::PartitionFromBroker => {
                change.segments_delayed = sent_to;
                stage.heal(node, broker);
            }
            FaultKind::Delay(_) => {
                change.segments_delayed = sent + sent_to;
                self.set_delay(&scene.plan.link.delay);
            }
            FaultKind::Bandwidth { .. } => {
                change.segments_delayed = sent + sent_to;
                self.set_bandwidth(scene.plan.link.bandwidth_bytes_per_s);
            }
            FaultKind::StopReading => {
                change.segments_delayed = sent_to;
                stage.read_again(node);
            }
        }
        // Of a machine or a connection that is gone nothing more is heard, whatever comes in its place.
        if !matches!(self.fault.kind, FaultKind::MachineLoss | FaultKind::ConnectionSilence) {
            scene.silence.end(node);
        }
        change
    }

    /// What the node would have done by itself since, had it not stood still.
    fn missed(&self, since: Timestamp) -> Change {
        let (scene, node) = (&self.scene, &self.fault.node);
        let due_at = scene.on_client(node, |client| client.due_at);
        let missed = u64::from((since..=self.runtime.now()).contains(&due_at));
        if scene.plan.producers.iter().any(|producer| producer.name == *node) {
            Change { publishes_delayed: missed, ..Change::default() }
        } else {
            Change { deliveries_delayed: missed, ..Change::default() }
        }
    }

    fn set_delay(&self, delay: &Delay) {
        let (stage, node) = (&self.scene.stage, &self.fault.node);
        stage.set_delay(node, Plan::BROKER, delay);
        stage.set_delay(Plan::BROKER, node, delay);
    }

    fn set_bandwidth(&self, bytes_per_s: Option<u64>) {
        let (stage, node) = (&self.scene.stage, &self.fault.node);
        stage.set_bandwidth(node, Plan::BROKER, bytes_per_s);
        stage.set_bandwidth(Plan::BROKER, node, bytes_per_s);
    }

    /// Tells the history that the broker may stop hearing the node, or, if it is the broker's node, all others.
    fn record_disturbance(&self) {
        let heartbeat = Duration::from_secs(self.scene.plan.heartbeat_s.into());
        let disturbance = match self.fault.kind {
            FaultKind::ConnectionReset | FaultKind::ConnectionEnd | FaultKind::ConnectionSilence => Disturbance::Cut,
            FaultKind::Pause
            | FaultKind::Zombie
            | FaultKind::Partition
            | FaultKind::PartitionToBroker
            | FaultKind::PartitionFromBroker
            | FaultKind::Delay(_)
            | FaultKind::Bandwidth { .. }
            | FaultKind::StopReading
                if !heartbeat.is_zero() =>
            {
                Disturbance::Silence { at_least: heartbeat * 3 / 2 }
            }
            _ => return,
        };
        let disturbed: Vec<String> = match self.fault.node.as_str() {
            Plan::BROKER => self.scene.lock().clients.keys().filter(|name| *name != Plan::BROKER).cloned().collect(),
            node => vec![node.to_owned()],
        };
        for name in disturbed {
            self.scene.recorder.process(&name).disturbed(disturbance);
        }
    }

    fn note_sightings(&self, changed: &Change) {
        let (scene, node) = (&self.scene, &self.fault.node);
        let is_partition = matches!(
            self.fault.kind,
            FaultKind::Partition | FaultKind::PartitionToBroker | FaultKind::PartitionFromBroker
        );
        if is_partition && scene.on_client(node, |client| client.unconfirmed) > 0 {
            scene.saw(Sometimes::PartitionOverUnconfirmed);
        }
        if self.fault.moment == Some(Moment::BeforeAck) && changed.connections_cut > 0 {
            scene.saw(Sometimes::CrashBeforeAck);
        }
        let is_silent = matches!(
            self.fault.kind,
            FaultKind::MachineLoss | FaultKind::ConnectionSilence | FaultKind::Pause | FaultKind::Zombie
        );
        if is_partition || is_silent {
            scene.silence.begin(node);
        }
    }
}
