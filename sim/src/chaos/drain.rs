//! The end of a run: whatever was promised for "eventually" is given a bounded time to come true.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_broker::core::QueueCounts;
use handoff_scenarios::Stage;

use super::consumer::consume;
use super::scene::Scene;
use crate::fault::ConsumerPlan;
use crate::history::{Counts, Left};

/// The node that consumes what nobody else does.
const DRAIN: &str = "drain";
/// How long the drain may take.
const LIMIT: Duration = Duration::from_secs(120);
/// How often it is looked whether all is done.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// For so long nothing must be left, until it is believed that nothing is on its way any more.
const QUIET: Duration = Duration::from_millis(200);

/// Waits until everything is published and every queue is empty. False if that did not happen in time.
pub(super) async fn drain(scene: &Arc<Scene>) -> bool {
    consume_the_rest(scene);
    let deadline = scene.stage.now() + LIMIT;
    let mut quiet_since = None;
    while scene.stage.now() < deadline {
        quiet_since = is_done(scene).then(|| quiet_since.unwrap_or(scene.stage.now()));
        if quiet_since.is_some_and(|since| scene.stage.now().since(since) >= QUIET) {
            return true;
        }
        scene.stage.sleep(LOOK_EVERY).await;
    }
    false
}

/// Writes what is left where, and what went where.
pub(super) fn record_rest(scene: &Scene) {
    let broker = scene.recorder.process(crate::fault::Plan::BROKER);
    let mut left = Vec::new();
    for (name, counts) in counts(scene) {
        let Some(&queue) = scene.queues.get(&name) else { continue };
        let QueueCounts { taken, ready, unacknowledged, acknowledged, dead_lettered, removed, .. } = counts;
        broker.counted(Counts { queue, taken, ready, unacknowledged, acknowledged, dead_lettered, removed });
        left.push(Left { queue, ready, unacknowledged });
    }
    broker.drained(left);
}

/// Consumers for all queues that the plan has none for.
fn consume_the_rest(scene: &Arc<Scene>) {
    let runtime = scene.stage.node(DRAIN);
    for queue in &scene.plan.queues {
        if scene.plan.consumers.iter().any(|consumer| consumer.queue == queue.name) {
            continue;
        }
        let name = format!("{DRAIN} {}", queue.name);
        let plan = ConsumerPlan { name, queue: queue.name.clone(), prefetch: 10, service_us: 0, multiple: false };
        runtime.spawn(consume(scene.clone(), runtime.clone(), plan));
    }
}

fn is_done(scene: &Scene) -> bool {
    scene.lock().workload.is_published()
        && counts(scene).iter().all(|(_, counts)| counts.ready == 0 && counts.unacknowledged == 0)
}

fn counts(scene: &Scene) -> Vec<(String, QueueCounts)> {
    scene.lock().host.as_ref().map(|host| host.counts()).unwrap_or_default()
}
