//! Which architecture, and why: of those that would do, the one that costs least to have.

use std::collections::BTreeMap;

use handoff_scenarios::Architecture;
use handoff_scenarios::Architecture::{Log, Queue, Sync};

use super::advice::{Assessment, Quantity, Tip, Verdict};
use super::display::{milliseconds, three_digits};
use super::figures::Figures;
use super::workload::{Needed, Workload};

/// Nobody notices a wait of a tenth of a second. Source: R. B. Miller, "Response time in man-computer conversational
/// transactions" (1968).
const UNNOTICED_MS: f64 = 100.0;

/// The verdict: the first that would do, in order of what it costs to have.
pub(super) fn choose(workload: &Workload, assessments: &BTreeMap<Architecture, Assessment>) -> Verdict {
    let possible = |architecture: &Architecture| assessments.get(architecture).is_some_and(Assessment::is_possible);
    let is_call_unnoticed = assessments.get(&Sync).is_some_and(|sync| is_unnoticed(&sync.figures));
    let order = preference(workload, is_call_unnoticed);
    order.into_iter().find(possible).map_or(Verdict::None, Verdict::from)
}

/// A call needs nothing in between. It is the first choice where the caller wants the outcome, or would not notice the
/// wait for it; the last where the caller would wait for what it does not need. A queue needs a broker; a log needs
/// more, and its partitions bind jobs to workers that may be busy.
pub(super) fn preference(workload: &Workload, is_call_unnoticed: bool) -> [Architecture; 3] {
    if workload.result == Needed::Now || is_call_unnoticed { [Sync, Queue, Log] } else { [Queue, Log, Sync] }
}

/// Whether callers would not notice that they wait for the work.
pub(super) fn is_unnoticed(figures: &Figures) -> bool {
    figures.response_p99_ms.is_some_and(|p99_ms| p99_ms <= UNNOTICED_MS)
}

/// The verdict in a sentence.
pub(super) fn sentence(
    workload: &Workload,
    verdict: Verdict,
    assessments: &BTreeMap<Architecture, Assessment>,
    tips: &[Tip],
) -> String {
    let Some((architecture, found)) = verdict.architecture().and_then(|one| Some((one, assessments.get(&one)?))) else {
        return none(workload, assessments, tips);
    };
    let time = |value: Option<f64>| value.map_or_else(|| "no time at all".to_owned(), milliseconds);
    let (response, completion) = (time(found.figures.response_p99_ms), time(found.figures.completion_p99_ms));
    match architecture {
        Sync => format!(
            "A synchronous call: 99 in 100 callers have the outcome within {response}, and nothing stands in between."
        ),
        Queue => format!(
            "A message on a queue: 99 in 100 callers go on within {response}, and 99 in 100 jobs are done within \
             {completion}."
        ),
        Log => format!(
            "A record in a log: 99 in 100 callers go on within {response}, 99 in 100 jobs are done within {completion}, \
             and the log remembers."
        ),
    }
}

/// Why none does, and how many workers would do.
fn none(workload: &Workload, assessments: &BTreeMap<Architecture, Assessment>, tips: &[Tip]) -> String {
    if assessments.values().all(|found| !found.ruled_out.is_empty()) {
        return "None: no single one can do all that is asked; take a call for the answer and a log for the record."
            .to_owned();
    }
    let offered = workload.offered_erlangs();
    let why = if offered >= f64::from(workload.workers) {
        let (needed, workers) = (three_digits(offered), workload.workers);
        format!("the work that arrives keeps {needed} workers busy, and there {} {workers}", are(workers))
    } else {
        let first = assessments.iter().find(|(_, found)| found.ruled_out.is_empty());
        first.map_or_else(String::new, |(architecture, found)| {
            format!("{architecture}: {}", found.shortcomings.join("; "))
        })
    };
    match fewest_workers(workload, tips) {
        Some(tip) => format!("None: {why}; {} workers would do, with {}.", tip.at, name(tip.architecture)),
        None => format!("None: {why}."),
    }
}

/// The tip that says how many workers would do: the fewest, and of equals the one to be preferred.
fn fewest_workers<'a>(workload: &Workload, tips: &'a [Tip]) -> Option<&'a Tip> {
    let order = preference(workload, false);
    let rank = |tip: &Tip| order.iter().position(|architecture| *architecture == tip.architecture);
    let workers = tips.iter().filter(|tip| tip.quantity == Quantity::Workers);
    workers.min_by(|one, other| one.at.total_cmp(&other.at).then(rank(one).cmp(&rank(other))))
}

/// Why this one and why not the others: a sentence for each architecture, the chosen one first.
pub(super) fn reasons(
    workload: &Workload,
    verdict: Verdict,
    assessments: &BTreeMap<Architecture, Assessment>,
) -> Vec<String> {
    let chosen = verdict.architecture();
    let mut ordered: Vec<(&Architecture, &Assessment)> = assessments.iter().collect();
    ordered.sort_by_key(|(architecture, _)| chosen != Some(**architecture));
    let reason = |(architecture, found): (&Architecture, &Assessment)| {
        let text = match (found.is_possible(), chosen == Some(*architecture)) {
            (true, true) => chosen_because(workload, *architecture, found),
            (true, false) => passed_over_because(workload, *architecture, found, assessments),
            (false, _) if !found.ruled_out.is_empty() => format!("is out: {}", found.ruled_out.join("; ")),
            (false, _) => format!("does not do: {}", found.shortcomings.join("; ")),
        };
        format!("{architecture} {text}")
    };
    ordered.into_iter().map(reason).collect()
}

fn chosen_because(workload: &Workload, architecture: Architecture, found: &Assessment) -> String {
    match architecture {
        Sync if workload.result == Needed::Now => {
            "does: the outcome comes in the response, and callers are turned away rather than kept waiting".to_owned()
        }
        Sync if is_unnoticed(&found.figures) => {
            "does: the work is so short that nobody notices waiting for it, and nothing has to be operated".to_owned()
        }
        Sync => "does, and nothing else would, although callers wait for what they do not need".to_owned(),
        Queue => {
            let (jobs, held) = (found.figures.peak_backlog, "whoever is free takes the next job");
            format!("does: callers do not wait for the work, up to {jobs} jobs wait for a worker instead, and {held}")
        }
        Log => "does: callers do not wait for the work, and what was done can be read again, by anybody".to_owned(),
    }
}

fn passed_over_because(
    workload: &Workload,
    architecture: Architecture,
    found: &Assessment,
    assessments: &BTreeMap<Architecture, Assessment>,
) -> String {
    let of = |read: fn(&Figures) -> Option<f64>, architecture| {
        assessments
            .get(&architecture)
            .and_then(|found| read(&found.figures))
            .map_or_else(|| "never".to_owned(), milliseconds)
    };
    match architecture {
        Sync if workload.result == Needed::Later => {
            let wait = of(|figures| figures.response_p99_ms, Sync);
            format!("would do, but callers would wait up to {wait} for what they do not need")
        }
        Sync => "would do".to_owned(),
        Queue => "would do, but is a broker to operate for what a plain call does".to_owned(),
        Log => {
            let completion = |architecture| of(|figures| figures.completion_p99_ms, architecture);
            format!(
                "would do, but is more to operate ({}), and jobs wait behind others of their partition: 99 in 100 are \
                 done within {}, with a queue within {}",
                found.to_operate,
                completion(Log),
                completion(Queue)
            )
        }
    }
}

fn name(architecture: Architecture) -> &'static str {
    match architecture {
        Sync => "a synchronous call",
        Queue => "a queue",
        Log => "a log",
    }
}

fn are(count: u32) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
