//! The answer: when to choose each architecture and when not, with the figures that say so.
//!
//! The advice is fixed text; the figures are whatever the run found, the same ones on every card, so that the cards
//! can be compared. A scenario that was not run leaves its figures out and says so.

use crate::chart::{self, Mark};
use crate::format;
use crate::model::{Architecture, ArchitectureResult, Results, Scenario};
use crate::table::{Cell, Figure};

use super::panel::Entry;

/// The answer for one architecture.
pub(crate) struct Card<'a> {
    /// The architecture's word, which is also its CSS class.
    pub(crate) label: &'static str,
    /// Its mark, as SVG.
    pub(crate) mark: String,
    /// The advice.
    pub(crate) advice: &'static Advice,
    /// The figures, by scenario.
    pub(crate) evidence: Vec<Evidence<'a>>,
}

/// What to do, in general.
pub(crate) struct Advice {
    /// What it is.
    pub(crate) title: &'static str,
    /// What to pick it for, in a few words.
    pub(crate) headline: &'static str,
    /// When to choose it.
    pub(crate) choose: &'static str,
    /// When not to.
    pub(crate) avoid: &'static str,
}

/// The figures of one scenario.
pub(crate) struct Evidence<'a> {
    /// The scenario's title, or its name if it was not run.
    pub(crate) title: &'a str,
    /// Where its chapter is. `None`: it was not run, or not on this architecture.
    pub(crate) anchor: Option<String>,
    /// What was found.
    pub(crate) figures: Vec<(&'static str, Cell)>,
}

const CALL: Advice = Advice {
    title: "Synchronous call",
    headline: "for a quick lookup",
    choose: "The caller cannot go on without the answer, and the work is always much quicker than the caller’s \
             patience.",
    avoid: "The work is slow, comes in bursts or may fail. Every waiting caller holds a thread, and when the threads \
            are gone quick requests wait too.",
};

const QUEUE: Advice = Advice {
    title: "Message on a queue",
    headline: "for slow work",
    choose: "The work can be done later by whichever worker is free. It survives a worker that dies, and a job that \
             keeps failing is set aside.",
    avoid: "The caller needs the result to go on, several readers need the same message, or it must be read again: \
            what was acknowledged is gone.",
};

const LOG: Advice = Advice {
    title: "Record in a log",
    headline: "for replay, and many readers",
    choose: "Several readers need the same facts in order, each at its own pace, and again later from any point.",
    avoid: "The jobs are uneven or may fail. Within a partition each waits for those before it, and a failing one \
            holds up all behind it until somebody steps over it.",
};

type Measure = (&'static str, fn(&Entry<'_>) -> Cell);

/// What one card says of a scenario.
struct Source {
    /// The scenario's name in the catalogue.
    scenario: &'static str,
    /// The variant that is comparable with the others' plain run, where there is one.
    variant: Option<&'static str>,
    /// What is taken from it.
    measures: &'static [Measure],
}

/// The scenarios that the cards rest on: a need each, and how well it is met.
const EVIDENCE: [Source; 4] = [
    Source {
        scenario: "quick-lookup",
        // A call brings its result with it; to wait for one, a queue's or a log's caller needs a reply.
        variant: Some("reply"),
        measures: &[("half have the result within", response_p50)],
    },
    Source {
        scenario: "frozen-server",
        variant: None,
        measures: &[("99 in 100 answers within", response_p99), ("callers not served", not_served)],
    },
    Source {
        scenario: "replay",
        variant: None,
        measures: &[("jobs done a second time", |entry| count(entry, entry.result.duplicated, "duplicated"))],
    },
    Source {
        scenario: "consumer-crash",
        variant: None,
        measures: &[
            ("callers not served", not_served),
            ("jobs lost", |entry| count(entry, entry.result.lost, "lost")),
            ("every job done within", completion_max),
        ],
    },
];

/// The three cards. `anchors` are those of the scenarios, in their order.
pub(super) fn cards<'a>(results: &'a Results, anchors: &[String]) -> Vec<Card<'a>> {
    let card = |architecture: Architecture| Card {
        label: architecture.label(),
        mark: chart::mark_icon(Mark::of(architecture)),
        advice: match architecture {
            Architecture::Sync => &CALL,
            Architecture::Queue => &QUEUE,
            Architecture::Log => &LOG,
        },
        evidence: EVIDENCE.iter().map(|source| evidence(results, anchors, architecture, source)).collect(),
    };
    Architecture::ALL.map(card).into()
}

fn evidence<'a>(results: &'a Results, anchors: &[String], architecture: Architecture, source: &Source) -> Evidence<'a> {
    let name = source.scenario;
    let found = results.scenarios.iter().zip(anchors).enumerate().find(|(_, (scenario, _))| scenario.name == name);
    let Some((index, (scenario, anchor))) = found else {
        return Evidence { title: name, anchor: None, figures: Vec::new() };
    };
    let Some(entry) = entry(scenario, index, architecture, source.variant) else {
        return Evidence { title: &scenario.title, anchor: None, figures: Vec::new() };
    };
    let figures = source.measures.iter().map(|(label, measure)| (*label, measure(&entry))).collect();
    Evidence { title: &scenario.title, anchor: Some(anchor.clone()), figures }
}

/// The architecture's result: the simulated one if there is one, since it can be repeated exactly; in the variant, if it
/// has that.
fn entry<'a>(
    scenario: &'a Scenario,
    index: usize,
    architecture: Architecture,
    variant: Option<&str>,
) -> Option<Entry<'a>> {
    let variants = scenario.variants.iter().enumerate();
    let of_variant = variants.filter(|(_, one)| Some(one.name.as_str()) == variant);
    let of_variant = of_variant.map(|(place, one)| (place, &one.result, true));
    let plain = scenario.architectures.iter().enumerate().map(|(place, result)| (place, result, false));
    let of_architecture = of_variant.chain(plain).filter(|(_, result, _)| result.architecture == architecture);
    let (place, result, is_variant) = of_architecture.min_by_key(|(_, result, _)| result.clock)?;
    Some(Entry { result, scenario: index, index: place, is_variant })
}

fn response_p50(entry: &Entry<'_>) -> Cell {
    let response = entry.result.response_ms;
    duration(response.count, response.p50, entry.pointer("response_ms/p50"))
}

fn response_p99(entry: &Entry<'_>) -> Cell {
    let response = entry.result.response_ms;
    duration(response.count, response.p99, entry.pointer("response_ms/p99"))
}

fn completion_max(entry: &Entry<'_>) -> Cell {
    let completion = entry.result.completion_ms;
    duration(completion.count, completion.max, entry.pointer("completion_ms/max"))
}

fn duration(jobs: u64, milliseconds: f64, pointer: String) -> Cell {
    if jobs == 0 || !milliseconds.is_finite() {
        return Cell::Missing;
    }
    Figure { text: format::duration(milliseconds), value: milliseconds.to_string(), pointer }.into()
}

fn count(entry: &Entry<'_>, jobs: u64, field: &str) -> Cell {
    Figure::count(jobs, entry.pointer(field)).into()
}

/// Callers who were promised nothing, whatever the reason.
fn not_served(entry: &Entry<'_>) -> Cell {
    let ArchitectureResult { rejected, failed, timed_out, arrived, .. } = entry.result;
    Cell::Text(format!("{} of {}", format::count(rejected + failed + timed_out), format::count(*arrived)))
}
