//! `handoff bench --all`: every target that is up, under every workload.

use std::time::Duration;

use handoff_bench::document::Document;
use handoff_bench::measured::Measured;
use handoff_bench::suite::{self, Candidate, Plan, Settings, Watch};
use indicatif::ProgressBar;

use super::{Arguments, save, tables, target};
use crate::outcome::{BadInput, Outcome};
use crate::progress;

/// Measures, prints, saves.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let candidates = candidates(arguments)?;
    let settings = settings(arguments);
    let plan = plan(&settings)?;
    // One thread for the generator: what it drives has the other core.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut bar = Bar(progress::bar(0, "runs"));
    let found = tokio.block_on(suite::run(&candidates, &settings, &plan, &mut bar));
    bar.0.finish_and_clear();
    let results = found.results.into_iter().map(|run| Measured::System(Box::new(run))).collect();
    let (knees, left_out) = (found.knees, found.left_out);
    let document = Document { knees, left_out, ..save::document(results, found.failures) };
    if !arguments.json {
        tables::print(&document)?;
    }
    save::publish(&document, arguments.output.as_deref(), arguments.json)?;
    Ok(super::outcome(&document.results, &document.failures))
}

/// All, or those that were named.
fn candidates(arguments: &Arguments) -> Result<Vec<Candidate>, BadInput> {
    if arguments.targets.is_empty() {
        return Ok(suite::candidates());
    }
    match target::split(&arguments.targets) {
        (architectures, systems) if architectures.is_empty() => Ok(suite::chosen(&systems)),
        (architectures, _) => {
            Err(BadInput(format!("--target {}: expected a system, not an architecture, with --all", architectures[0])))
        }
    }
}

fn settings(arguments: &Arguments) -> Settings {
    let usual = if arguments.quick { Settings::quick() } else { Settings::thorough() };
    Settings {
        repetitions: arguments.repetitions.unwrap_or(usual.repetitions),
        measured: arguments.duration.map_or(usual.measured, Duration::from_secs_f64),
        only: arguments.only.clone().unwrap_or_default(),
        ..usual
    }
}

fn plan(settings: &Settings) -> Result<Plan, BadInput> {
    let plan = Plan::of(settings);
    if plan.steps().is_empty() {
        let ids = Plan::ids(settings).join(", ");
        return Err(BadInput(format!("--only {}: expected what one of {ids} begins with", settings.only)));
    }
    Ok(plan)
}

/// The bar on the terminal.
struct Bar(ProgressBar);

impl Watch for Bar {
    fn planned(&mut self, runs: usize) {
        self.0.set_length(runs as u64);
    }

    fn begins(&mut self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    fn ended(&mut self) {
        self.0.inc(1);
    }

    fn tells(&mut self, line: &str) {
        self.0.suspend(|| eprintln!("handoff: {line}"));
    }
}
