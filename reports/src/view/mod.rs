//! What a report says, in the order in which it says it, before it is HTML or Markdown.
//!
//! Everything is chosen, counted and drawn here once, so that the forms cannot disagree.

mod benchmark;
mod cards;
mod chapter;
mod panel;
mod proof;
mod systems;
mod variants;
mod verdicts;

use crate::chart::Chart;
use crate::error::ReportError;
use crate::format;
use crate::model::Results;

pub(crate) use benchmark::{BenchmarkSection, architecture as architecture_of};
pub(crate) use cards::Card;
pub(crate) use chapter::Chapter;
pub(crate) use panel::{COUNTS, Panel};
pub(crate) use proof::Proof;
pub(crate) use systems::SystemsSection;

/// A whole report.
pub(crate) struct Report<'a> {
    /// What it is made from.
    pub(crate) results: &'a Results,
    /// The answer: one card for each architecture.
    pub(crate) cards: Vec<Card<'a>>,
    /// One chapter for each scenario.
    pub(crate) chapters: Vec<Chapter<'a>>,
    /// One section for each benchmark.
    pub(crate) benchmarks: Vec<BenchmarkSection<'a>>,
    /// The comparison of systems, if there was one.
    pub(crate) systems: Option<SystemsSection<'a>>,
    /// Why to believe it.
    pub(crate) proof: Proof<'a>,
    /// What was run and where, as pairs of label and value.
    pub(crate) colophon: Vec<(&'static str, String)>,
}

impl<'a> Report<'a> {
    /// Lays the report out.
    pub(crate) fn new(results: &'a Results) -> Result<Self, ReportError> {
        let anchors = anchors(results);
        let chapters = results.scenarios.iter().zip(&anchors).enumerate();
        let chapters = chapters.map(|(index, (scenario, anchor))| Chapter::new(index, scenario, anchor));
        let benchmarks = results.benchmarks.iter().enumerate();
        Ok(Report {
            results,
            cards: cards::cards(results, &anchors),
            chapters: chapters.collect::<Result<_, _>>()?,
            benchmarks: benchmarks
                .map(|(index, benchmark)| BenchmarkSection::new(index, benchmark))
                .collect::<Result<_, _>>()?,
            systems: results.systems.as_ref().map(SystemsSection::new).transpose()?,
            proof: Proof::new(results),
            colophon: colophon(results),
        })
    }

    /// All charts, in order.
    pub(crate) fn charts(&self) -> impl Iterator<Item = &Chart> {
        let panels = self.chapters.iter().flat_map(|chapter| &chapter.panels);
        let scenarios = panels.flat_map(|panel| panel.strip.iter().chain(&panel.charts));
        let systems = self.systems.iter().flat_map(|section| &section.charts);
        scenarios.chain(self.benchmarks.iter().flat_map(|section| &section.charts)).chain(systems)
    }

    /// How the claims of all scenarios came out, in words.
    pub(crate) fn claims_in_words(&self) -> String {
        let claims = || self.results.scenarios.iter().flat_map(|scenario| &scenario.claims);
        let (all, hold) = (claims().count(), claims().filter(|claim| claim.holds == Some(true)).count());
        let unjudged = match claims().filter(|claim| claim.holds.is_none()).count() {
            0 => String::new(),
            count => format!(", {count} not judged"),
        };
        match all {
            0 => "no claims were judged".into(),
            1 if hold == 1 => "the one claim holds".into(),
            all if hold == all => format!("all {all} claims hold"),
            all => format!("{hold} of {all} claims hold{unjudged}"),
        }
    }
}

/// An anchor for each scenario, unique even where names differ only in what an anchor cannot say.
fn anchors(results: &Results) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::with_capacity(results.scenarios.len());
    for (index, scenario) in results.scenarios.iter().enumerate() {
        let mut anchor = format!("scenario-{}", format::slug(&scenario.name));
        while anchors.contains(&anchor) {
            anchor = format!("{anchor}-{}", index + 1);
        }
        anchors.push(anchor);
    }
    anchors
}

fn colophon(results: &Results) -> Vec<(&'static str, String)> {
    let Results { generated_by, machine, .. } = results;
    let commit = generated_by.commit.clone().unwrap_or_else(|| "unknown".into());
    let mut lines = vec![
        ("handoff", generated_by.version.clone()),
        ("commit", commit),
        ("seed", results.seed.to_string()),
        ("processor", format!("{}, {} logical", machine.cpu, format::count(machine.cores.into()))),
        ("memory", format::memory(machine.memory_bytes)),
        ("system", format!("{}, kernel {}", machine.os, machine.kernel)),
        ("results model", format!("version {}", results.schema_version)),
    ];
    if let Some(started_at) = &results.started_at {
        lines.push(("started", started_at.clone()));
    }
    lines
}
