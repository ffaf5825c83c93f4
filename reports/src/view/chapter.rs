//! One scenario, told: the question, a guess, the figures, the verdicts, and why.

use serde::Serialize;

use crate::chart::{self, Mark};
use crate::error::ReportError;
use crate::format;
use crate::model::{Architecture, ArchitectureResult, Claim, Clock, Fault, Scenario, Trace, Verdict};
use crate::table::{Figure, Table};

use super::panel::{Entry, Panel};
use super::variants;

/// A scenario's chapter.
pub(crate) struct Chapter<'a> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// Where links find it.
    pub(crate) anchor: String,
    /// What it tells.
    pub(crate) scenario: &'a Scenario,
    /// How many jobs arrive, and how many seeds were run.
    pub(crate) size: [Figure; 2],
    /// The outcome in a line for each architecture, for after the guess.
    pub(crate) outcomes: Vec<Outcome>,
    /// The figures, one panel for each clock: two clocks never share a table or an axis.
    pub(crate) panels: Vec<Panel>,
    /// The same with other settings, beside the scenario as it stands.
    pub(crate) variants: Option<Table>,
    /// The claims, judged.
    pub(crate) claims: Vec<JudgedClaim<'a>>,
    /// What the page's script plays, as JSON that may stand inside HTML. `None`: there is no trace.
    pub(crate) played: Option<String>,
}

/// What stands above a lane.
pub(crate) struct LaneHead {
    /// The architecture's word, which is also its CSS class.
    pub(crate) label: &'static str,
    /// Its mark, as SVG.
    pub(crate) mark: String,
    /// What to see in it.
    pub(crate) says: &'static str,
}

/// How one architecture fared, in a line.
pub(crate) struct Outcome {
    /// The architecture's mark, as SVG.
    pub(crate) mark: String,
    /// The architecture, and the clock where it is not the simulated one.
    pub(crate) who: String,
    /// What happened.
    pub(crate) says: String,
}

/// A claim and the values it was judged by.
pub(crate) struct JudgedClaim<'a> {
    /// The claim.
    pub(crate) claim: &'a Claim,
    /// The measured left and right side, where there are such.
    pub(crate) sides: Vec<(&'static str, Figure)>,
}

impl JudgedClaim<'_> {
    /// The judgement as a verdict, which brings its sign and its colour.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.claim.holds {
            Some(true) => Verdict::Valid,
            Some(false) => Verdict::Violated,
            None => Verdict::Unknown,
        }
    }

    /// The judgement in the word that claims have for it.
    pub(crate) fn word(&self) -> &'static str {
        match self.claim.holds {
            Some(true) => "holds",
            Some(false) => "fails",
            None => "not judged",
        }
    }
}

impl<'a> Chapter<'a> {
    /// Lays out the `index`-th scenario of the results.
    pub(super) fn new(index: usize, scenario: &'a Scenario, anchor: &str) -> Result<Self, ReportError> {
        let results = scenario.architectures.iter().enumerate();
        let entries: Vec<Entry<'_>> =
            results.map(|(place, result)| Entry { result, scenario: index, index: place, is_variant: false }).collect();
        let panels =
            [Clock::Simulated, Clock::Measured].map(|clock| Panel::new(clock, &entries, &scenario.faults, anchor));
        let panels: Vec<Option<Panel>> = panels.into_iter().collect::<Result<_, _>>()?;
        Ok(Chapter {
            number: index + 1,
            anchor: anchor.into(),
            scenario,
            size: [
                Figure::count(scenario.jobs, format!("/scenarios/{index}/jobs")),
                Figure::count(scenario.seeds, format!("/scenarios/{index}/seeds")),
            ],
            outcomes: scenario.architectures.iter().map(outcome).collect(),
            panels: panels.into_iter().flatten().collect(),
            variants: variants::table(scenario, index),
            claims: scenario.claims.iter().enumerate().map(|(place, claim)| judged(claim, index, place)).collect(),
            played: played(scenario)?,
        })
    }

    /// The scenario's idea, in paragraphs.
    pub(crate) fn idea(&self) -> Vec<String> {
        format::paragraphs(&self.scenario.idea)
    }

    /// The lanes of the trace: class, mark and what to see in it.
    pub(crate) fn lanes(&self) -> Vec<LaneHead> {
        let lanes = self.scenario.trace.iter().flat_map(|trace| &trace.lanes);
        let head = |architecture: Architecture| LaneHead {
            label: architecture.label(),
            mark: chart::mark_icon(Mark::of(architecture)),
            says: match architecture {
                Architecture::Sync => "a thread is held until the work is done",
                Architecture::Queue => "the broker has it, and whoever is free takes the next",
                Architecture::Log => "appended and kept; each worker reads its own partition in turn",
            },
        };
        lanes.map(|lane| head(lane.architecture)).collect()
    }

    /// The scenario's explanation, in paragraphs.
    pub(crate) fn why(&self) -> Vec<String> {
        format::paragraphs(&self.scenario.why)
    }
}

/// The trace and the faults of a scenario, with nothing in it that could end a script.
fn played(scenario: &Scenario) -> Result<Option<String>, ReportError> {
    let Some(trace) = &scenario.trace else { return Ok(None) };
    let played = Played { faults: &scenario.faults, trace };
    let json = serde_json::to_string(&played).map_err(ReportError::Results)?;
    Ok(Some(json.replace('<', "\\u003c")))
}

#[derive(Serialize)]
struct Played<'a> {
    faults: &'a [Fault],
    trace: &'a Trace,
}

fn judged(claim: &Claim, scenario: usize, index: usize) -> JudgedClaim<'_> {
    let sides = [("left", claim.left), ("right", claim.right)];
    let sides = sides.into_iter().filter_map(|(side, value)| {
        let pointer = format!("/scenarios/{scenario}/claims/{index}/{side}");
        value.map(|value| (side, Figure::number(value, pointer)))
    });
    JudgedClaim { claim, sides: sides.collect() }
}

fn outcome(result: &ArchitectureResult) -> Outcome {
    let label = result.architecture.label();
    let who = match result.clock {
        Clock::Simulated => label.to_owned(),
        Clock::Measured => format!("{label}, {}", result.clock.label()),
    };
    Outcome { mark: chart::mark_icon(Mark::of(result.architecture)), who, says: says(result) }
}

fn says(result: &ArchitectureResult) -> String {
    let mut text = format!("{} of {} jobs done", format::count(result.completed), format::count(result.arrived));
    if result.response_ms.count > 0 {
        text.push_str(&format!("; 99 in 100 answered within {}", format::duration(result.response_ms.p99)));
    }
    if result.completion_ms.count > 0 {
        text.push_str(&format!("; 99 in 100 done within {}", format::duration(result.completion_ms.p99)));
    }
    let mishaps = [
        (result.rejected, "refused"),
        (result.failed, "reported as failed"),
        (result.timed_out, "given up by their callers"),
        (result.lost, "lost"),
        (result.duplicated, "done twice"),
        (result.dead_lettered, "dead-lettered"),
    ];
    for (jobs, what) in mishaps.into_iter().filter(|(jobs, _)| *jobs > 0) {
        text.push_str(&format!("; {} {what}", format::count(jobs)));
    }
    text.push('.');
    text
}
