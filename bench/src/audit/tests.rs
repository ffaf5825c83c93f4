//! The audit, anomaly by anomaly: each is found, and what is excused is not.

use super::*;

fn audit() -> Audit {
    Audit::new(1, 2, 2)
}

fn stamp(producer: u16, sequence: u64) -> Stamp {
    Stamp { run: 1, producer, sequence, intended_ns: 0 }
}

/// Message `sequence` of `producer` arrives at `consumer`; ten of each producer were sent.
fn arrive(audit: &mut Audit, consumer: usize, producer: u16, sequence: u64) -> bool {
    audit.arrived(consumer, stamp(producer, sequence), |_| 10)
}

/// A consumer that may hold four dies with what it held and what it had acknowledged, all of the first producer, which
/// has sent six.
fn die(audit: &mut Audit, consumer: usize, held: &[u64], unsure: &[u64]) {
    let stamps = |sequences: &[u64]| sequences.iter().map(|sequence| stamp(0, *sequence)).collect::<Vec<_>>();
    let (held, unsure) = (stamps(held), stamps(unsure));
    audit.died(consumer, Death { held: &held, unsure: &unsure, prefetch: 4 }, vec![6, 0]);
}

fn found(count: impl FnOnce(&mut Findings)) -> Findings {
    let mut findings = Findings::default();
    count(&mut findings);
    findings
}

#[test]
fn competing_consumers_may_each_see_a_part_in_order() {
    let mut audit = audit();
    for (consumer, sequence) in [(0, 0), (1, 1), (1, 3), (0, 2)] {
        assert!(arrive(&mut audit, consumer, 0, sequence));
    }
    assert!(audit.finish(&[4, 0]).is_clean());
}

#[test]
fn what_was_confirmed_and_did_not_arrive_is_lost() {
    let mut audit = audit();
    arrive(&mut audit, 0, 0, 0);
    arrive(&mut audit, 0, 0, 2);
    assert_eq!(audit.finish(&[3, 1]), found(|it| it.lost = 2));
    assert_eq!(audit.finish(&[1, 0]), Findings::default());
}

#[test]
fn each_anomaly_is_counted_by_its_name() {
    let mut audit = audit();
    arrive(&mut audit, 0, 1, 5);
    assert!(!arrive(&mut audit, 1, 1, 5));
    assert!(arrive(&mut audit, 0, 1, 4));
    assert!(!arrive(&mut audit, 0, 1, 10));
    assert!(!arrive(&mut audit, 0, 2, 0));
    assert!(!audit.arrived(0, Stamp { run: 2, ..stamp(1, 0) }, |_| 10));
    audit.corrupted(1);
    let found = audit.finish(&[0, 0]);
    assert_eq!(found, Findings { lost: 0, duplicated: 1, reordered: 1, corrupted: 1, invented: 3 });
    assert_eq!(found.to_string(), "1 duplicated, 1 reordered, 1 corrupted, 3 invented");
}

#[test]
fn what_a_dead_consumer_held_has_to_come_again_once() {
    let mut audit = audit();
    (0..4).for_each(|sequence| assert!(arrive(&mut audit, 0, 0, sequence)));
    die(&mut audit, 0, &[2, 3], &[0, 1]);
    assert_eq!((audit.owed(), audit.finish(&[4, 0])), (2, found(|it| it.lost = 2)));
    // What was not confirmed need not be there.
    assert_eq!(audit.finish(&[3, 0]), found(|it| it.lost = 1));
    for sequence in [1, 2, 3] {
        assert!(!arrive(&mut audit, 1, 0, sequence));
    }
    assert_eq!((audit.owed(), audit.redelivered(), audit.finish(&[4, 0])), (0, 3, Findings::default()));
    arrive(&mut audit, 1, 0, 3);
    assert_eq!((audit.redelivered(), audit.finish(&[4, 0])), (3, found(|it| it.duplicated = 1)));
}

#[test]
fn what_was_settled_long_before_a_death_does_not_come_again() {
    let mut audit = audit();
    (0..6).for_each(|sequence| assert!(arrive(&mut audit, 0, 0, sequence)));
    die(&mut audit, 0, &[4, 5], &[2, 3]);
    arrive(&mut audit, 1, 0, 1);
    assert_eq!(audit.finish(&[0, 0]), found(|it| it.duplicated = 1));
}

#[test]
fn who_dies_with_what_came_again_owes_it_again() {
    let mut audit = audit();
    arrive(&mut audit, 0, 0, 0);
    die(&mut audit, 0, &[0], &[]);
    arrive(&mut audit, 1, 0, 0);
    die(&mut audit, 1, &[0], &[]);
    assert_eq!(audit.owed(), 1);
    arrive(&mut audit, 0, 0, 0);
    assert_eq!((audit.owed(), audit.redelivered(), audit.finish(&[1, 0])), (0, 2, Findings::default()));
}

#[test]
fn what_was_on_its_way_to_the_dead_may_come_late_and_nothing_else() {
    // Consumer 0 may have been sent four, and has shown two of them when it dies.
    let (mut good, mut bad, mut new) = (audit(), audit(), audit());
    for audit in [&mut good, &mut bad, &mut new] {
        for sequence in [0, 1] {
            arrive(audit, 0, 0, sequence);
        }
        arrive(audit, 1, 0, 5);
        die(audit, 0, &[0, 1], &[]);
    }
    for sequence in [2, 3] {
        assert!(arrive(&mut good, 1, 0, sequence));
    }
    assert_eq!(good.finish(&[0, 0]), Findings::default());
    for sequence in [2, 3, 4] {
        assert!(arrive(&mut bad, 1, 0, sequence));
    }
    assert_eq!(bad.finish(&[0, 0]), found(|it| it.reordered = 1));
    // Sent after the death.
    for sequence in [8, 7] {
        assert!(arrive(&mut new, 1, 0, sequence));
    }
    assert_eq!(new.finish(&[0, 0]), found(|it| it.reordered = 1));
}

#[test]
fn dead_letters_are_what_was_rejected_once_and_in_order() {
    let mut audit = Audit::new(1, 1, 1);
    for sequence in 0..6 {
        arrive(&mut audit, 0, 0, sequence);
    }
    (0..5).for_each(|sequence| audit.rejected(stamp(0, sequence)));
    for sequence in [0, 1, 3] {
        assert!(audit.dead_lettered(stamp(0, sequence)));
    }
    assert_eq!(audit.finish(&[6]), found(|it| it.lost = 2));
    assert!(audit.dead_lettered(stamp(0, 2)));
    assert!(audit.dead_lettered(stamp(0, 4)));
    assert!(!audit.dead_lettered(stamp(0, 4)));
    assert!(!audit.dead_lettered(stamp(0, 5)));
    assert!(!audit.dead_lettered(Stamp { run: 2, ..stamp(0, 0) }));
    assert_eq!(audit.finish(&[6]), Findings { reordered: 1, duplicated: 1, invented: 2, ..Findings::default() });
}

#[test]
fn several_consumers_reject_in_no_order() {
    let mut audit = audit();
    for (consumer, sequence) in [(0, 0), (1, 1)] {
        arrive(&mut audit, consumer, 0, sequence);
        audit.rejected(stamp(0, sequence));
    }
    assert!(audit.dead_lettered(stamp(0, 1)) && audit.dead_lettered(stamp(0, 0)));
    assert_eq!(audit.finish(&[2, 0]), Findings::default());
}
