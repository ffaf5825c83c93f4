//! Workloads whose right answers differ, and that the same question gets the same answer.

use std::time::Duration;

use super::*;

fn workload(rate_per_s: f64, work: Duration, workers: u32) -> Workload {
    Workload::new(Traffic::Steady { rate_per_s, work, work_p99: None }, workers)
}

fn quick(workload: &Workload) -> Advice {
    advise(workload, Effort::QUICK, 1, &|_, _| {}).expect("it can be simulated")
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_quick_lookup_whose_result_is_needed_now_is_a_call() {
    let advice = quick(&Workload { result: Needed::Now, ..workload(500.0, MILLISECOND, 4) });
    assert_eq!(advice.verdict, Verdict::Sync, "{advice:#?}");
    let queue = &advice.architectures[&Architecture::Queue];
    assert!(queue.ruled_out[0].contains("needs the outcome in its response"), "{queue:#?}");
    assert!(advice.reasons[0].starts_with("sync does"), "{:?}", advice.reasons);
}

#[test]
fn slow_work_that_can_wait_is_a_message() {
    let advice = quick(&workload(20.0, 500 * MILLISECOND, 16));
    assert_eq!(advice.verdict, Verdict::Queue, "{advice:#?}");
    assert!(advice.architectures[&Architecture::Sync].is_possible(), "slower for the caller, but possible");
    assert!(advice.sentence.starts_with("A message on a queue"), "{}", advice.sentence);
}

#[test]
fn what_must_be_read_again_is_a_record() {
    let replay = Some(Duration::from_secs(7 * 86_400));
    let advice = quick(&Workload { replay, subscribers: 20, ..workload(20.0, 100 * MILLISECOND, 8) });
    assert_eq!(advice.verdict, Verdict::Log, "{advice:#?}");
    let log = &advice.architectures[&Architecture::Log].figures;
    assert!(log.bytes_held > 20 * 7 * 86_400 * 256, "a week of it is kept");
}

#[test]
fn more_work_than_workers_can_do_is_nobodys() {
    let effort = Effort { search_jobs: 120, search_steps: 2, ..Effort::QUICK };
    let advice = advise(&workload(30.0, 200 * MILLISECOND, 4), effort, 1, &|_, _| {}).expect("it can be simulated");
    assert_eq!(advice.verdict, Verdict::None, "{advice:#?}");
    assert!(advice.sentence.contains("keeps 6 workers busy, and there are 4; "), "{}", advice.sentence);
    assert!(advice.sentence.contains(" workers would do, with a queue."), "{}", advice.sentence);
    let workers = advice.tips.iter().find(|tip| tip.quantity == Quantity::Workers).expect("a number of workers");
    assert!((7.0..12.0).contains(&workers.at), "{workers:?}");
}

#[test]
fn order_by_key_is_broken_by_whoever_gives_jobs_of_one_key_to_two_workers() {
    let busy = Workload { key_order: true, ..workload(400.0, 100 * MILLISECOND, 60) };
    let advice = quick(&busy);
    assert_eq!(advice.verdict, Verdict::Log, "{advice:#?}");
    assert!(advice.architectures[&Architecture::Queue].shortcomings[0].contains("same key"), "{advice:#?}");
    assert_eq!(advice.architectures[&Architecture::Log].figures.out_of_order, 0);
}

#[test]
fn a_deadline_that_the_work_alone_misses_is_nobodys() {
    let advice = quick(&Workload { deadline: Some(100 * MILLISECOND), ..workload(10.0, 200 * MILLISECOND, 8) });
    assert_eq!(advice.verdict, Verdict::None);
    assert!(advice.sentence.contains("100 ms is allowed"), "{}", advice.sentence);
}

#[test]
fn a_few_threads_in_front_of_slow_work_turn_callers_away() {
    let now = Workload { result: Needed::Now, threads: 2, ..workload(20.0, 500 * MILLISECOND, 16) };
    let effort = Effort { search_jobs: 400, search_steps: 2, jobs: 400, ..Effort::QUICK };
    let advice = advise(&now, effort, 1, &|_, _| {}).expect("it can be simulated");
    assert_eq!(advice.verdict, Verdict::None, "{advice:#?}");
    let tip = advice.tips.iter().find(|tip| tip.quantity == Quantity::Threads).expect("more threads would do");
    assert!((5.0..40.0).contains(&tip.at), "{tip:?}");
}

#[test]
fn the_same_question_gets_the_same_answer_and_another_seed_other_figures() {
    let workload = workload(50.0, 20 * MILLISECOND, 4);
    let first = serde_json::to_string(&quick(&workload)).expect("JSON");
    assert_eq!(first, serde_json::to_string(&quick(&workload)).expect("JSON"));
    let other = advise(&workload, Effort::QUICK, 2, &|_, _| {}).expect("it can be simulated");
    assert_ne!(first, serde_json::to_string(&other).expect("JSON"));
}

#[test]
fn what_was_measured_can_be_advised_on() {
    let mut csv = "arrival_s,work_ms\n".to_owned();
    for job in 0..300 {
        csv += &format!("{},{}\n", f64::from(job) * 0.05, 20 + job % 7);
    }
    let trace = Trace::read("trace.csv", csv.as_bytes()).expect("right");
    let advice = quick(&Workload { result: Needed::Now, ..Workload::new(Traffic::Measured(trace), 4) });
    assert_eq!(advice.verdict, Verdict::Sync, "{advice:#?}");
}

#[test]
fn what_is_out_of_bounds_is_refused_by_its_flag() {
    let refused = |workload: Workload| {
        let error = advise(&workload, Effort::QUICK, 1, &|_, _| {}).expect_err("out of bounds");
        error.to_string()
    };
    let right = workload(10.0, MILLISECOND, 4);
    let flag = "--workers: expected a whole number from 1 to 1000, got 0";
    assert_eq!(refused(Workload { workers: 0, ..right.clone() }), flag);
    let traffic = Traffic::Steady { rate_per_s: 10.0, work: 100 * MILLISECOND, work_p99: Some(50 * MILLISECOND) };
    let flag = "--work-p99: expected a duration from 100ms (the mean) to 1.49s, got 50ms";
    assert_eq!(refused(Workload { traffic, ..right.clone() }), flag);
    let burst = Some(Burst { factor: 0.5, length: MILLISECOND });
    assert_eq!(refused(Workload { burst, ..right }), "--burst: expected at least 1x, for longer than 0s, got 0.5x/1ms");
}

#[test]
fn progress_only_grows_and_reaches_its_end() {
    let told: std::sync::Mutex<Vec<(u64, u64)>> = std::sync::Mutex::default();
    let progress = |done: u64, expected: u64| told.lock().expect("not poisoned").push((done, expected));
    advise(&workload(100.0, MILLISECOND, 2), Effort::QUICK, 1, &progress).expect("it can be simulated");
    let told = told.into_inner().expect("not poisoned");
    let (done, expected) = *told.last().expect("it was told");
    assert_eq!(done, expected);
}
