//! Tiny scenarios on real TCP: counts, never times.

use super::Architecture::{Log, Queue, Sync};
use super::*;
use crate::outcome::Outcome;
use crate::scenario::Fault;
use crate::stage::TcpStage;

const TINY: &str = r#"
    name = "tiny"
    title = "t"
    question = "q"
    idea = "i"
    why = "w"
    drain_limit_s = 5
    [load]
    rate_per_s = 200
    duration_s = 0.2
    arrival = "constant"
    [work]
    distribution = "constant"
    mean_ms = 1
    workers = 3
"#;

fn scenario(more: &str) -> Scenario {
    Scenario::parse("tiny.toml", &format!("{TINY}{more}")).expect("a right scenario")
}

async fn journal(architecture: Architecture, scenario: &Scenario) -> Journal {
    scenario.validate().expect("still right");
    let jobs = crate::arrivals::draw(scenario, 1);
    play(&TcpStage::new(), scenario, &jobs, architecture).await.expect("it can be played")
}

async fn outcome(architecture: Architecture, more: &str, change: impl FnOnce(&mut Scenario)) -> Outcome {
    let mut scenario = scenario(more);
    change(&mut scenario);
    Outcome::of(&journal(architecture, &scenario).await)
}

/// Three workers have a job each when one of them dies for good.
fn three_long_jobs_and_a_crash(scenario: &mut Scenario) {
    scenario.load.rate_per_s = 6.0;
    scenario.load.duration_s = 0.45;
    scenario.work.mean_ms = 1_000.0;
    scenario.faults = vec![Fault::Crash { node: "worker-1".to_owned(), at_s: 0.45, restart_after_s: None }];
}

#[tokio::test]
async fn calls_are_done_when_they_are_answered() {
    let found = outcome(Sync, "", |_| {}).await;
    assert_eq!((found.arrived, found.accepted, found.completed, found.attempts), (40, 40, 40, 40));
    assert_eq!((found.rejected, found.failed, found.timed_out), (0, 0, 0));
    assert_eq!((found.lost, found.duplicated, found.dead_lettered), (0, 0, 0));
    let slowest = |name| found.metric(name).expect("measured");
    assert!(slowest("completion_p50_ms") <= slowest("response_p50_ms"), "the caller learns it after it is done");
}

#[tokio::test]
async fn the_caller_of_a_poison_job_is_told_and_nobody_keeps_the_job() {
    let found = outcome(Sync, "[[fault]]\nkind = \"poison\"\nevery = 10\n", |_| {}).await;
    assert_eq!((found.accepted, found.failed, found.completed), (36, 4, 36));
    assert_eq!((found.lost, found.dead_lettered, found.retried), (0, 0, 0));
}

#[tokio::test]
async fn retries_are_made_if_the_scenario_asks_for_them() {
    let poison = "[[fault]]\nkind = \"poison\"\njob = 0\n";
    let found = outcome(Sync, poison, |scenario| scenario.sync.retries = 2).await;
    assert_eq!((found.failed, found.attempts, found.retried), (1, 42, 2));
}

#[tokio::test]
async fn what_finds_neither_a_thread_nor_a_place_is_turned_away() {
    let found = outcome(Sync, "", |scenario| {
        scenario.work.mean_ms = 1_000.0;
        scenario.front.threads = 2;
        scenario.front.accept_queue = 1;
    })
    .await;
    // The load lasts 200 ms, and no job is done before a second has passed.
    assert_eq!((found.accepted, found.rejected, found.completed), (3, 37, 3));
}

#[tokio::test]
async fn a_front_end_whose_time_is_out_does_not_know_and_the_work_is_done_all_the_same() {
    let found = outcome(Sync, "", |scenario| {
        scenario.load.duration_s = 0.015;
        scenario.work.mean_ms = 300.0;
        scenario.front.timeout_ms = 50.0;
    })
    .await;
    assert_eq!((found.arrived, found.timed_out, found.completed, found.lost), (3, 3, 3, 0));
}

#[tokio::test]
async fn a_caller_who_gives_up_is_counted_and_the_work_is_done_all_the_same() {
    let found = outcome(Sync, "", |scenario| {
        scenario.load.duration_s = 0.015;
        scenario.load.timeout_ms = 50.0;
        scenario.work.mean_ms = 300.0;
    })
    .await;
    assert_eq!((found.timed_out, found.accepted, found.completed), (3, 0, 3));
}

#[tokio::test]
async fn the_callers_of_a_worker_that_dies_are_told_and_the_others_go_on() {
    let found = outcome(Sync, "", three_long_jobs_and_a_crash).await;
    assert_eq!((found.arrived, found.failed, found.completed, found.accepted), (3, 1, 2, 2));
}

#[tokio::test]
async fn a_worker_that_comes_back_is_called_again() {
    let crash = "[[fault]]\nkind = \"crash\"\nnode = \"worker-1\"\nat_s = 0\nrestart_after_s = 0.1\n";
    let mut scenario = scenario(crash);
    scenario.work.workers = 1;
    scenario.sync.eject_ms = 0.0;
    scenario.load.duration_s = 1.0;
    let journal = journal(Sync, &scenario).await;
    let found = Outcome::of(&journal);
    assert!(found.failed > 0 && found.accepted > 0, "{found:?}");
    assert_eq!(found.failed + found.accepted + found.timed_out, 200);
    assert_eq!(journal.incidents.iter().map(|incident| incident.restarted).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn messages_are_accepted_first_and_done_later() {
    let found = outcome(Queue, "", |scenario| scenario.work.mean_ms = 20.0).await;
    assert_eq!((found.arrived, found.accepted, found.completed, found.attempts), (40, 40, 40, 40));
    assert_eq!((found.lost, found.duplicated, found.dead_lettered), (0, 0, 0));
    let slowest = |name| found.metric(name).expect("measured");
    assert!(slowest("response_max_ms") < slowest("completion_max_ms"), "40 jobs of 20 ms on 3 workers take 260 ms");
}

#[tokio::test]
async fn a_poison_message_is_set_aside_after_as_many_attempts_as_are_allowed() {
    let poison = "[[fault]]\nkind = \"poison\"\nevery = 20\n";
    let found = outcome(Queue, poison, |scenario| scenario.work.max_attempts = 3).await;
    assert_eq!((found.accepted, found.failed, found.completed, found.dead_lettered), (40, 0, 38, 2));
    assert_eq!((found.attempts, found.retried, found.lost), (44, 4, 0));
}

#[tokio::test]
async fn what_a_dead_worker_held_is_done_by_another() {
    let found = outcome(Queue, "", three_long_jobs_and_a_crash).await;
    assert_eq!((found.arrived, found.accepted, found.completed, found.lost), (3, 3, 3, 0));
    assert_eq!((found.attempts, found.duplicated), (4, 0));
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_set_aside_in_the_end() {
    let poison = "[[fault]]\nkind = \"poison\"\nevery = 20\n";
    for architecture in [Queue, Log] {
        let found = outcome(architecture, poison, |scenario| {
            scenario.work.max_attempts = 3;
            scenario.work.retry_delay_ms = Some(30.0);
        })
        .await;
        assert_eq!((found.accepted, found.completed, found.dead_lettered), (40, 38, 2), "{architecture}");
        assert_eq!((found.attempts, found.retried, found.lost), (44, 4, 0), "{architecture}");
    }
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_repeats_nothing() {
    let deploy = "[[fault]]\nkind = \"deploy\"\nnode = \"worker-1\"\nat_s = 0.1\nrestart_after_s = 0.2\n";
    for architecture in Architecture::ALL {
        let found = outcome(architecture, deploy, |scenario| scenario.work.mean_ms = 10.0).await;
        assert_eq!((found.accepted, found.completed, found.attempts, found.duplicated), (40, 40, 40, 0));
    }
}

#[tokio::test]
async fn what_waits_too_long_is_set_aside() {
    let found = outcome(Queue, "", |scenario| {
        scenario.work.mean_ms = 1_000.0;
        scenario.queue.message_ttl_ms = Some(50.0);
    })
    .await;
    // Three messages are with the three workers, and the others have waited too long before one of these is done.
    assert_eq!((found.accepted, found.completed, found.dead_lettered, found.lost), (40, 3, 37, 0));
}

#[tokio::test]
async fn urgent_jobs_are_done_like_all_others_whichever_queue_they_are_in() {
    for urgent_first in [false, true] {
        let found = outcome(Queue, "", |scenario| {
            scenario.load.urgent_every = Some(10);
            scenario.queue.urgent_first = urgent_first;
        })
        .await;
        let urgent = found.urgent_completion.map(|completion| completion.count);
        assert_eq!((found.completed, found.attempts, urgent), (40, 40, Some(4)));
    }
}

#[tokio::test]
async fn a_full_queue_turns_callers_away() {
    let found = outcome(Queue, "", |scenario| {
        scenario.work.mean_ms = 1_000.0;
        scenario.queue.max_length = Some(2);
    })
    .await;
    // The load lasts 200 ms: three messages are with the three workers, and two may wait.
    assert_eq!((found.accepted, found.rejected, found.completed), (5, 35, 5));
}

#[tokio::test]
async fn front_end_threads_are_free_again_when_the_message_is_confirmed() {
    let found = outcome(Queue, "", |scenario| {
        scenario.work.mean_ms = 50.0;
        scenario.front.threads = 2;
        scenario.front.accept_queue = 40;
    })
    .await;
    assert_eq!((found.accepted, found.rejected), (40, 0));
}

#[tokio::test]
async fn records_are_accepted_first_and_done_later() {
    let found = outcome(Log, "", |scenario| {
        scenario.work.mean_ms = 20.0;
        scenario.log.partitions = Some(2);
    })
    .await;
    assert_eq!((found.arrived, found.accepted, found.completed, found.attempts), (40, 40, 40, 40));
    assert_eq!((found.lost, found.duplicated, found.dead_lettered), (0, 0, 0));
    let slowest = |name| found.metric(name).expect("measured");
    assert!(slowest("response_max_ms") < slowest("completion_max_ms"), "two workers of three have 400 ms of work each");
}

#[tokio::test]
async fn a_poison_record_is_set_aside_by_hand_after_as_many_attempts_as_are_allowed() {
    let poison = "[[fault]]\nkind = \"poison\"\nevery = 20\n";
    let found = outcome(Log, poison, |scenario| scenario.work.max_attempts = 3).await;
    assert_eq!((found.accepted, found.failed, found.completed, found.dead_lettered), (40, 0, 38, 2));
    assert_eq!((found.attempts, found.retried, found.lost), (44, 4, 0));
}

#[tokio::test]
async fn without_a_dead_letter_topic_a_poison_record_blocks_its_partition_until_the_end() {
    let poison = "[[fault]]\nkind = \"poison\"\njob = 0\n";
    let found = outcome(Log, poison, |scenario| {
        scenario.log.dead_letter_topic = false;
        scenario.drain_limit_s = 1.0;
        scenario.work.mean_ms = 5.0;
    })
    .await;
    assert_eq!((found.accepted, found.dead_lettered), (40, 0));
    // It is the first of its partition, and the other partitions go on.
    assert!(found.unfinished > 1 && found.completed > 1 && found.lost == 0, "{found:?}");
    assert!(found.retried > 5, "{found:?}");
}

#[tokio::test]
async fn a_dead_workers_partition_waits_for_it_and_nothing_is_lost_when_it_comes_back() {
    let found = outcome(Log, "", |scenario| {
        three_long_jobs_and_a_crash(scenario);
        scenario.faults = vec![Fault::Crash { node: "worker-1".to_owned(), at_s: 0.45, restart_after_s: Some(0.5) }];
    })
    .await;
    assert_eq!((found.arrived, found.accepted, found.completed, found.lost), (3, 3, 3, 0));
    assert_eq!((found.attempts, found.duplicated), (4, 0));
}

#[tokio::test]
async fn a_dead_workers_partition_is_stuck_if_it_never_comes_back() {
    let found = outcome(Log, "", |scenario| {
        three_long_jobs_and_a_crash(scenario);
        scenario.drain_limit_s = 2.0;
    })
    .await;
    assert_eq!((found.accepted, found.completed, found.lost, found.unfinished), (3, 2, 0, 1));
}
