//! Verdicts on journals written by hand: for each promise one that breaks it, and a near miss that does not.

use super::*;
use crate::journal::{Held, Recorder};

const QUIET: &str = r#"
name = "by-hand"
title = "t"
question = "q"
idea = "i"
why = "w"

[load]
rate_per_s = 1
duration_s = 10

[work]
distribution = "constant"
mean_ms = 10
workers = 2
"#;

const CRASH: &str = r#"
[[fault]]
kind = "crash"
node = "worker-1"
at_s = 5
"#;

fn at(millisecond: u64) -> Timestamp {
    Timestamp::from_nanoseconds(millisecond * 1_000_000)
}

fn judged(scenario: &str, promise: Promise, write: impl FnOnce(&Recorder)) -> Guarantee {
    let scenario = Scenario::parse("by-hand.toml", scenario).expect("a scenario");
    let recorder = Recorder::new();
    write(&recorder);
    let verdicts = judge(&scenario, &recorder.finish(at(0), at(20_000)));
    verdicts.into_iter().find(|guarantee| guarantee.promise == promise).expect("each promise is judged")
}

/// Job `job`, which comes at `comes`, is accepted a millisecond later, and is done by worker 1 from `begins` on.
fn done(recorder: &Recorder, job: u64, comes: u64, begins: u64) {
    recorder.arrived(at(comes), job);
    recorder.answered(at(comes + 1), job, Answer::Accepted);
    recorder.started(at(begins), job, 1);
    recorder.completed(at(begins + 10), job, 1);
}

#[test]
fn what_was_accepted_and_is_gone_is_lost_and_the_one_that_was_begun_shows_it() {
    let found = judged(QUIET, Promise::NothingLost, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Accepted);
        recorder.arrived(at(2), 1);
        recorder.answered(at(3), 1, Answer::Accepted);
        recorder.started(at(4), 1, 2);
        recorder.crashed(at(5), 2);
    });
    assert_eq!((found.verdict, found.jobs), (Verdict::Violated, vec![1]));
    assert_eq!(found.reason, "2 jobs were accepted and neither done nor set aside");
    assert_eq!(found.witness.len(), 4, "{:?}", found.witness);
}

#[test]
fn what_is_still_held_may_yet_be_done_so_nobody_can_tell() {
    let found = judged(QUIET, Promise::NothingLost, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Accepted);
        recorder.held(at(2), Held { messages: 1, bytes: 8 });
    });
    assert_eq!(found.verdict, Verdict::Unknown);
}

#[test]
fn a_job_that_was_turned_away_or_set_aside_is_not_lost() {
    let found = judged(QUIET, Promise::NothingLost, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Rejected);
        recorder.arrived(at(0), 1);
        recorder.answered(at(1), 1, Answer::Accepted);
        recorder.dead_lettered(at(2), 1);
    });
    assert_eq!(found, Guarantee::valid(Promise::NothingLost));
}

#[test]
fn done_twice_is_seen_and_a_second_attempt_alone_is_not_that() {
    let twice = judged(QUIET, Promise::NothingTwice, |recorder| {
        done(recorder, 0, 0, 5);
        recorder.started(at(30), 0, 2);
        recorder.completed(at(40), 0, 2);
    });
    assert_eq!((twice.verdict, twice.jobs), (Verdict::Violated, vec![0]));
    let once = judged(QUIET, Promise::NothingTwice, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.started(at(1), 0, 1);
        recorder.failed(at(2), 0, 1);
        recorder.started(at(3), 0, 1);
        recorder.completed(at(4), 0, 1);
    });
    assert_eq!(once.verdict, Verdict::Valid);
}

#[test]
fn who_came_after_the_answer_and_began_before_has_overtaken() {
    let overtaken = judged(QUIET, Promise::InOrder, |recorder| {
        done(recorder, 0, 0, 50);
        done(recorder, 1, 10, 20);
    });
    assert_eq!((overtaken.verdict, overtaken.jobs), (Verdict::Violated, vec![0, 1]));
    // The second came when the first was not answered yet: nobody sent them in that order.
    let together = judged(QUIET, Promise::InOrder, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.arrived(at(0), 1);
        recorder.answered(at(1), 1, Answer::Accepted);
        recorder.answered(at(1), 0, Answer::Accepted);
        recorder.started(at(2), 1, 1);
        recorder.started(at(3), 0, 2);
    });
    assert_eq!(together.verdict, Verdict::Valid);
}

#[test]
fn jobs_of_different_keys_do_not_overtake_each_other() {
    let write = |second_key: u64| {
        move |recorder: &Recorder| {
            done(recorder, 0, 0, 50);
            done(recorder, 1, 10, 20);
            recorder.keyed(0, 7);
            recorder.keyed(1, second_key);
        }
    };
    assert_eq!(judged(QUIET, Promise::InOrder, write(8)).verdict, Verdict::Valid);
    assert_eq!(judged(QUIET, Promise::InOrder, write(7)).verdict, Verdict::Violated);
}

#[test]
fn it_has_not_recovered_while_callers_are_turned_away_at_the_end() {
    let turned_away = |comes: u64| {
        move |recorder: &Recorder| {
            recorder.arrived(at(comes), 0);
            recorder.answered(at(comes + 1), 0, Answer::Rejected);
            done(recorder, 1, 10_000, 10_001);
        }
    };
    assert_eq!(judged(QUIET, Promise::Recovers, turned_away(9_500)).verdict, Verdict::Violated);
    assert_eq!(judged(QUIET, Promise::Recovers, turned_away(5_000)).verdict, Verdict::Valid);
}

#[test]
fn what_is_held_when_the_time_is_up_has_not_recovered() {
    let found = judged(QUIET, Promise::Recovers, |recorder| {
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Accepted);
        recorder.held(at(2), Held { messages: 1, bytes: 8 });
    });
    assert_eq!((found.verdict, found.jobs), (Verdict::Violated, vec![0]));
}

#[test]
fn of_a_fault_that_does_not_end_nobody_can_say_what_comes_after() {
    let found = judged(&format!("{QUIET}{CRASH}"), Promise::Recovers, |recorder| done(recorder, 0, 10_000, 10_001));
    assert_eq!(found.verdict, Verdict::Unknown);
}
