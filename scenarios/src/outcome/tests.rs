//! Outcomes of journals written by hand.

use super::*;
use crate::journal::Recorder;

fn at(millisecond: u64) -> Timestamp {
    Timestamp::from_nanoseconds(millisecond * 1_000_000)
}

fn outcome(write: impl FnOnce(&Recorder)) -> Outcome {
    let recorder = Recorder::new();
    write(&recorder);
    Outcome::of(&recorder.finish(at(0), at(2_000)))
}

#[test]
fn a_job_that_was_accepted_and_done_once() {
    let found = outcome(|recorder| {
        recorder.arrived(at(100), 0);
        recorder.answered(at(103), 0, Answer::Accepted);
        recorder.started(at(110), 0, 1);
        recorder.completed(at(150), 0, 1);
    });
    assert_eq!((found.arrived, found.accepted, found.completed, found.attempts), (1, 1, 1, 1));
    assert_eq!((found.lost, found.duplicated, found.retried, found.dead_lettered), (0, 0, 0, 0));
    assert_eq!(found.metric("response_p50_ms"), Some(3.0));
    assert_eq!(found.metric("completion_max_ms"), Some(50.0));
}

#[test]
fn lost_is_what_was_promised_and_neither_done_nor_dead_lettered() {
    let found = outcome(|recorder| {
        for (job, answer) in [Answer::Accepted, Answer::Accepted, Answer::TimedOut, Answer::Rejected].iter().enumerate()
        {
            recorder.arrived(at(0), job as u64);
            recorder.answered(at(1), job as u64, *answer);
        }
        recorder.dead_lettered(at(5), 1);
    });
    assert_eq!((found.lost, found.dead_lettered, found.timed_out, found.rejected), (1, 1, 1, 1));
}

#[test]
fn duplicated_counts_jobs_that_were_done_more_than_once_and_completion_is_the_first() {
    let found = outcome(|recorder| {
        recorder.arrived(at(0), 0);
        for (start, end) in [(10, 20), (30, 40), (50, 60)] {
            recorder.started(at(start), 0, 1);
            recorder.completed(at(end), 0, 1);
        }
    });
    assert_eq!((found.duplicated, found.completed, found.attempts, found.retried), (1, 1, 3, 2));
    assert_eq!(found.metric("completion_p99_ms"), Some(20.0));
}

#[test]
fn response_times_include_who_gave_up_and_leave_out_who_was_turned_away() {
    let found = outcome(|recorder| {
        let answers = [(Answer::Done, 40), (Answer::TimedOut, 900), (Answer::Rejected, 1), (Answer::Failed, 2)];
        for (job, (answer, after)) in answers.into_iter().enumerate() {
            recorder.arrived(at(0), job as u64);
            recorder.answered(at(after), job as u64, answer);
        }
    });
    let response = found.response.expect("two callers waited");
    assert_eq!((response.count, response.p50_ms, response.max_ms), (2, 40.0, 900.0));
}

#[test]
fn the_backlog_is_what_arrived_and_has_not_left() {
    let found = outcome(|recorder| {
        for job in 0..4 {
            recorder.arrived(at(100 * job), job);
        }
        recorder.answered(at(150), 1, Answer::Rejected);
        recorder.completed(at(1_000), 0, 1);
        recorder.dead_lettered(at(1_000), 2);
    });
    let backlog = |index: usize| found.timeline[index].backlog;
    assert_eq!(found.timeline.len(), 201);
    assert_eq!((backlog(5), backlog(12), backlog(35), backlog(100), backlog(200)), (1, 2, 3, 1, 1));
    assert_eq!(found.peak_backlog, 3);
    let last = found.timeline.last().expect("points");
    assert_eq!((last.at_s, last.completed), (2.0, 1));
}

#[test]
fn an_empty_run_has_counts_and_no_percentiles() {
    let found = outcome(|_| {});
    assert_eq!((found.arrived, found.peak_backlog), (0, 0));
    assert_eq!(found.metric("response_p99_ms"), None);
    assert_eq!(found.metric("no_such_metric"), None);
}

#[test]
fn metrics_are_named_as_the_fields_that_hold_them() {
    let found = outcome(|recorder| {
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Done);
        recorder.completed(at(1), 0, 1);
    });
    let fields = serde_json::to_value(&found).expect("an outcome serialises");
    for (name, read) in METRICS {
        let field = match name.split_once('_') {
            Some((group @ ("response" | "completion"), rest)) => &fields[group][rest],
            _ => &fields[*name],
        };
        assert_eq!(field.as_f64(), read(&found), "{name}");
    }
}
