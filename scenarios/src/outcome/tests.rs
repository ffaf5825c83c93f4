//! Outcomes of journals written by hand.

use super::*;
use crate::journal::{Held, Recorder};

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
fn what_is_still_held_is_unfinished_and_the_rest_is_lost() {
    let found = outcome(|recorder| {
        for job in 0..3 {
            recorder.arrived(at(0), job);
            recorder.answered(at(1), job, Answer::Accepted);
        }
        recorder.held(at(500), Held { messages: 3, bytes: 900 });
        recorder.completed(at(1_000), 2, 1);
        recorder.held(at(2_000), Held { messages: 1, bytes: 300 });
    });
    assert_eq!((found.unfinished, found.lost), (1, 1));
    assert_eq!((found.held_bytes_peak, found.held_bytes_end), (900, 300));
    let held_bytes = |index: usize| found.timeline[index].held_bytes;
    assert_eq!((held_bytes(49), held_bytes(50), held_bytes(199), held_bytes(200)), (0, 900, 900, 300));
}

#[test]
fn a_job_is_disordered_if_a_later_one_of_its_key_was_done_first() {
    let in_order = |second_sent_at, second_key| {
        outcome(|recorder| {
            for (job, sent_at, key, done_at) in [(0, 0, 7, 900), (1, second_sent_at, second_key, 800)] {
                recorder.arrived(at(sent_at), job);
                recorder.keyed(job, key);
                recorder.answered(at(sent_at + 10), job, Answer::Accepted);
                recorder.completed(at(done_at), job, 1);
            }
        })
        .disordered
    };
    assert_eq!(in_order(10, 7), 1);
    assert_eq!(in_order(9, 7), 0, "the first had not been answered");
    assert_eq!(in_order(10, 8), 0, "another key");
}

#[test]
fn a_death_costs_the_work_in_hand_and_the_time_until_another_has_it() {
    let found = outcome(|recorder| {
        for (job, worker) in [(0, 1), (1, 2), (2, 3)] {
            recorder.arrived(at(0), job);
            recorder.started(at(100), job, worker);
        }
        recorder.completed(at(150), 2, 3);
        (1..=3).for_each(|worker| recorder.crashed(at(300), worker));
        recorder.started(at(700), 0, 4);
        recorder.completed(at(900), 0, 4);
        recorder.started(at(950), 2, 4);
        recorder.completed(at(1_000), 2, 4);
    });
    assert_eq!((found.takeover_ms, found.abandoned), (Some(400.0), 1));
    assert_eq!(found.wasted_ms, 200.0 + 200.0 + 50.0, "two were cut off, one was done for the second time");
}

#[test]
fn who_came_at_the_end_shows_whether_the_service_has_recovered() {
    let found = outcome(|recorder| {
        for job in 0..=100 {
            recorder.arrived(at(10 * job), job);
            let answer = if job < 96 { Answer::Done } else { Answer::TimedOut };
            recorder.answered(at(10 * job + 5), job, answer);
        }
    });
    // Eleven came in the last tenth, the borders included, and five of them waited in vain.
    assert_eq!(found.served_at_end, Some(6.0 / 11.0));
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
        recorder.started(at(0), 0, 2);
        recorder.crashed(at(0), 2);
        recorder.started(at(1), 0, 1);
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
