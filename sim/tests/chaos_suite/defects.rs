//! Broken brokers are caught, by the right name.

use handoff_sim::chaos::{Failure, PlayOptions, SweepOptions, play, sweep};
use handoff_sim::check::Anomaly;
use handoff_sim::defect::Defect;
use handoff_sim::fault::{Plan, Profile};

#[test]
fn a_broker_that_loses_messages_on_a_crash_is_caught_shrunk_saved_and_replayed() {
    let defect = Some(Defect::LosesOnCrash);
    let sweep = sweep(&SweepOptions { seeds: 20, profile: Profile::Small, defect, ..SweepOptions::default() }, |_| {});
    assert!(!sweep.holds());
    let found = &sweep.found[0];
    assert_eq!(found.failure, Failure::Violated(Anomaly::Lost), "{sweep}");
    assert!(found.messages <= 5 && found.faults <= 3, "{}", found.plan);

    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = found.save(directory).expect("a file");
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(text.contains(&format!("# handoff replay {}", file.display())), "{text}");
    let plan = Plan::read(&file).expect("the plan that was saved");
    let run = play(&plan, PlayOptions::default());
    assert_eq!(run.failure(), Some(found.failure));
    assert_eq!(run.trace_hash, found.smallest().expect("it was shrunk").run.trace_hash);
    // The same plan on a sound broker holds: it is the defect that was caught.
    assert_eq!(play(&Plan { defect: None, ..plan }, PlayOptions::default()).failure(), None);
}
