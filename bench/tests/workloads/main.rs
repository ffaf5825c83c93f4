//! Each workload against our broker over loopback, and against targets that are broken: every verdict has to be able to
//! go wrong.
#![allow(clippy::disallowed_methods, reason = "real sockets")]

mod broken;

use std::time::Duration;

use handoff_bench::audit::Findings;
use handoff_bench::drive::{Figures, Limits, Load, Pace};
use handoff_bench::target::amqp::{Amqp, Relay};
use handoff_bench::target::{Address, Target, TargetError};
use handoff_bench::workload::Workload;

use broken::{Broken, Defect};

/// Patient enough for a busy machine: a target without defect is never silent for so long.
const SILENCE: Duration = Duration::from_secs(10);

fn load(producers: usize, consumers: usize) -> Load {
    Load {
        producers,
        consumers,
        body_bytes: 64,
        pace: Pace::Closed,
        warm_up: Duration::from_millis(20),
        measured: Duration::from_millis(100),
        limits: Limits { window: 64, in_flight: 128, batch: 8, prefetch: 64, silence: SILENCE },
    }
}

fn open(rate_per_s: f64) -> Load {
    Load { pace: Pace::Open { rate_per_s }, ..load(1, 1) }
}

fn backlog() -> Workload {
    Workload::Backlog { messages: 5_000, body_bytes: 100 }
}

fn churn() -> Workload {
    let load = Load { measured: Duration::from_millis(300), ..load(2, 3) };
    Workload::Churn { load, every: Duration::from_millis(5) }
}

fn dead_letter(every: u64) -> Workload {
    Workload::DeadLetter { load: load(1, 1), every }
}

/// The same, but what does not come in this time never does.
fn impatient(workload: &Workload, silence: Duration) -> Workload {
    let mut workload = workload.clone();
    match &mut workload {
        Workload::Carry(load)
        | Workload::PublishOnly(load)
        | Workload::DrainOnly(load)
        | Workload::Idle { load, .. }
        | Workload::Churn { load, .. }
        | Workload::DeadLetter { load, .. } => load.limits.silence = silence,
        Workload::Backlog { .. } => {}
    }
    workload
}

async fn run(workload: &Workload, defect: Defect) -> Result<Figures, TargetError> {
    workload.run(&Broken::start(defect).await).await
}

/// What is found when a target has this defect.
async fn findings(workload: &Workload, defect: Defect) -> Findings {
    run(&impatient(workload, Duration::from_secs(2)), defect).await.expect("it runs to its end").findings
}

/// Runs on a target without defect, which must be found to have none.
async fn healthy(workload: &Workload) -> (Figures, Broken) {
    let target = Broken::start(Defect::None).await;
    let figures = workload.run(&target).await.expect("it runs to its end");
    assert!(figures.findings.is_clean(), "{}", figures.findings);
    assert!(figures.messages_per_s > 0.0, "{figures:?}");
    assert!(!target.has_queues(), "what was made is deleted");
    (figures, target)
}

#[tokio::test]
async fn messages_are_carried_in_both_loops() {
    let (closed, target) = healthy(&Workload::Carry(load(2, 3))).await;
    assert!(closed.latency_us.count > 0 && closed.latency_us.count <= target.received(), "{closed:?}");
    let (open, target) = healthy(&Workload::Carry(open(1_000.0))).await;
    assert!(open.latency_us.count > 0 && open.latency_us.count <= target.received(), "{open:?}");
}

#[tokio::test]
async fn what_is_published_with_nobody_consuming_is_taken_and_audited_in_the_end() {
    let (figures, target) = healthy(&Workload::PublishOnly(load(2, 1))).await;
    assert!(target.received() > 0 && figures.sent_per_s > 0.0);
    assert_eq!(figures.latency_us.count, 0, "how long they were made to wait is no latency");
    assert_eq!(findings(&Workload::PublishOnly(load(2, 1)), Defect::Drops).await.lost, 1);
}

#[tokio::test]
async fn what_was_stored_is_drained_with_nobody_producing() {
    let (figures, target) = healthy(&Workload::DrainOnly(load(1, 2))).await;
    assert!(target.received() > 0);
    assert_eq!(figures.sent_per_s, 0.0);
    assert_eq!(findings(&Workload::DrainOnly(load(1, 2)), Defect::Repeats).await.duplicated, 1);
}

#[tokio::test]
async fn a_backlog_is_filled_looked_at_and_drained() {
    let (figures, target) = healthy(&backlog()).await;
    assert_eq!(target.received(), 5_000);
    let rates = [figures.fill_per_s, figures.drain_per_s].map(|rate| rate.expect("a rate"));
    assert!(rates.iter().all(|rate| figures.messages_per_s < *rate), "{figures:?}");
    if cfg!(target_os = "linux") {
        assert!(figures.waiting_bytes.is_some() && figures.after_bytes.is_some() && figures.rss_bytes.is_some());
    }
}

#[tokio::test]
async fn idle_connections_are_weighed_and_prove_that_they_are_alive() {
    let idle = Workload::Idle { connections: 30, load: open(1_000.0) };
    let (figures, target) = healthy(&idle).await;
    let measured = figures.latency_us.count;
    assert!(measured > 0 && target.received() >= measured + 30, "what the idle ones say in the end is not measured");
    assert_eq!(figures.connection_bytes.is_some(), cfg!(target_os = "linux"));
    let error = run(&idle, Defect::ForgetsIdle).await.expect_err("connections that are gone");
    assert!(matches!(error, TargetError::HalfWay { .. }), "{error}");
}

#[tokio::test]
async fn consumers_die_and_what_they_held_comes_again() {
    let (figures, _) = healthy(&churn()).await;
    assert!(figures.redelivered > Some(0), "{figures:?}");
    // It takes a message for done when it was sent: whoever dies with it has lost it.
    assert!(findings(&churn(), Defect::AcknowledgesItself).await.lost > 0);
}

#[tokio::test]
async fn what_is_rejected_comes_from_the_dead_letter_queue() {
    let (figures, target) = healthy(&dead_letter(1)).await;
    assert_eq!(target.received(), 2 * target.dead_letters());
    assert!(figures.latency_us.count > 0 && figures.latency_us.count <= target.dead_letters());
    let (_, target) = healthy(&dead_letter(3)).await;
    let acknowledged = target.received() - 2 * target.dead_letters();
    assert!(target.dead_letters() > 0 && acknowledged > 0);
}

#[tokio::test]
async fn dead_letters_that_never_come_or_were_never_asked_for_are_found() {
    assert!(findings(&dead_letter(1), Defect::ForgetsRejected).await.lost > 0);
    assert!(findings(&dead_letter(2), Defect::RejectsAll).await.invented > 0);
}

#[tokio::test]
async fn each_anomaly_is_found_in_a_stream_of_messages() {
    let workload = Workload::Carry(load(1, 1));
    let one = |count: fn(&mut Findings) -> &mut u64| {
        let mut findings = Findings::default();
        *count(&mut findings) = 1;
        findings
    };
    assert_eq!(findings(&workload, Defect::Drops).await, one(|it| &mut it.lost));
    assert_eq!(findings(&workload, Defect::Repeats).await, one(|it| &mut it.duplicated));
    assert_eq!(findings(&workload, Defect::Delays).await, one(|it| &mut it.reordered));
    let changed = findings(&workload, Defect::Changes).await;
    assert_eq!((changed.corrupted, changed.lost), (1, 1), "{changed}");
}

#[tokio::test]
async fn a_target_that_dies_half_way_gives_no_figure_and_says_how_far_it_got() {
    for workload in [Workload::Carry(load(2, 2)), Workload::PublishOnly(load(1, 1)), backlog(), churn(), dead_letter(1)]
    {
        let error = run(&workload, Defect::Dies).await.expect_err("it died").to_string();
        assert!(error.contains("sent, ") && !error.contains(": 0 sent"), "{workload}: {error}");
    }
}

#[tokio::test]
async fn a_target_that_never_confirms_or_stops_reading_ends_the_run() {
    for workload in [Workload::Carry(load(1, 1)), Workload::Carry(open(1_000.0)), Workload::PublishOnly(load(1, 1))] {
        let workload = impatient(&workload, Duration::from_millis(300));
        let error = run(&workload, Defect::NeverConfirms).await.expect_err("nothing is confirmed").to_string();
        assert!(error.contains("no answer in 1 s") && error.contains(" 0 confirmed"), "{workload}: {error}");
    }
    for defect in [Defect::StopsReading, Defect::HangsOnAcknowledgement] {
        let workload = impatient(&Workload::Carry(load(1, 1)), Duration::from_millis(300));
        assert!(run(&workload, defect).await.is_err(), "{defect:?}");
    }
}

#[tokio::test]
async fn what_a_target_has_not_is_said_and_no_failure() {
    // It is said before anybody connects.
    let stream: Address = "amqp://127.0.0.1:1/?queue=stream".parse().expect("a URL");
    let stream = Amqp::new(&stream).expect("an address");
    let nowhere = ([127, 0, 0, 1], 1).into();
    let relay = Relay { producers: nowhere, consumers: nowhere };
    let idle = Workload::Idle { connections: 1, load: open(1_000.0) };
    let stored = [Workload::PublishOnly(load(1, 1)), Workload::DrainOnly(load(1, 1)), backlog(), idle];
    for (target, workloads) in [
        (&stream as &dyn Target, vec![churn(), dead_letter(1)]),
        (&relay, [stored.to_vec(), vec![churn(), dead_letter(1)]].concat()),
    ] {
        for workload in workloads {
            let refused = workload.run(target).await;
            assert!(matches!(refused, Err(TargetError::Unsupported(_))), "{workload}: {refused:?}");
        }
    }
}
