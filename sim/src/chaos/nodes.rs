//! Starting and ending the nodes of a plan.

use std::sync::Arc;

use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;

use super::consumer::consume;
use super::host::Host;
use super::injected::Change;
use super::producer::produce;
use super::scene::Scene;
use crate::fault::Plan;
use crate::world::Death;

/// Starts the broker and all clients.
pub(super) fn start_all(scene: &Arc<Scene>) {
    start(scene, Plan::BROKER);
    let producers = scene.plan.producers.iter().map(|producer| &producer.name);
    let consumers = scene.plan.consumers.iter().map(|consumer| &consumer.name);
    producers.chain(consumers).for_each(|name| start(scene, name));
}

/// Ends a node's life. What that changed: nothing if it had none.
pub(super) fn take_down(scene: &Scene, name: &str, death: Death) -> Change {
    let (client, was_up) = scene.on_client(name, |client| {
        client.down += 1;
        (*client, client.down == 1)
    });
    if !was_up {
        return Change::default();
    }
    let change = if name == Plan::BROKER {
        end_broker(scene)
    } else {
        scene.recorder.process(name).crashed();
        Change::of_client(&client)
    };
    scene.stage.kill(name, death);
    change
}

/// Ends a node's connections; the node lives on. What that changed.
pub(super) fn cut(scene: &Scene, name: &str, death: Death) -> Change {
    let client = scene.on_client(name, |client| *client);
    Change { connections_cut: scene.stage.cut(name, death) as u64, ..Change::of_client(&client) }
}

/// Has a client stop in good order and stay away `until` then. What that changes: nothing if it is not connected.
pub(super) fn restart(scene: &Scene, name: &str, until: Timestamp) -> Change {
    let client = scene.on_client(name, |client| {
        client.away_until = if client.connections > 0 { until } else { client.away_until };
        *client
    });
    if client.connections == 0 {
        return Change::default();
    }
    scene.ask_to_restart(name);
    Change::of_client(&client)
}

/// Starts a node again, if nothing else keeps it down.
pub(super) fn bring_up(scene: &Arc<Scene>, name: &str) {
    let is_up = scene.on_client(name, |client| {
        client.down -= 1;
        client.down == 0
    });
    if is_up {
        start(scene, name);
    }
}

fn start(scene: &Arc<Scene>, name: &str) {
    if name == Plan::BROKER {
        return Host::start(scene);
    }
    let runtime = scene.stage.node(name);
    if let Some(number) = scene.plan.producers.iter().position(|producer| producer.name == name) {
        runtime.spawn(produce(scene.clone(), runtime.clone(), number));
    } else if let Some(plan) = scene.plan.consumers.iter().find(|consumer| consumer.name == name) {
        runtime.spawn(consume(scene.clone(), runtime.clone(), plan.clone()));
    }
}

/// The broker forgets everything.
fn end_broker(scene: &Scene) -> Change {
    scene.recorder.process(Plan::BROKER).broker_restarted();
    let state = scene.lock();
    let mut change = Change::default();
    for client in state.clients.values() {
        change += Change::of_client(client);
    }
    if let Some(host) = &state.host {
        change.messages_forgotten = host.counts().iter().map(|(_, counts)| counts.ready).sum();
        host.end();
        scene.silence.broker_restarted();
    }
    change
}
