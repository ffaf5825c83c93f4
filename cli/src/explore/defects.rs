//! `handoff explore --defects`: brokers broken on purpose, each of which has to be caught, by the right name.

use std::path::Path;

use anyhow::Context as _;
use handoff_sim::chaos::{self, DefectResult, Failure};
use handoff_sim::defect::Defect;
use serde::Serialize;

use super::Arguments;
use crate::outcome::Outcome;
use crate::{output, progress};

#[derive(Serialize)]
struct Document<'a> {
    all_caught: bool,
    defects: &'a [DefectResult],
}

/// Plays every broken broker until it is caught, saves the shrunk plans, and prints the matrix.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { from, seeds, profile, .. } = *arguments;
    let bar = progress::bar(Defect::ALL.len(), "broken brokers");
    let results = chaos::defects(from, seeds, profile, |result| {
        bar.inc(1);
        bar.set_message(result.defect.name());
    });
    bar.finish_and_clear();
    let all_caught = results.iter().all(DefectResult::is_caught);
    if arguments.json {
        output::json(&Document { all_caught, defects: &results })?;
    } else {
        print(&results)?;
    }
    save(&results, &arguments.save)?;
    Ok(if all_caught { Outcome::Holds } else { Outcome::Violated })
}

fn print(results: &[DefectResult]) -> anyhow::Result<()> {
    let header = ["broken broker", "to be caught as", "caught as", "seeds", "messages", "faults"];
    let rows = results.iter().map(|result| {
        let name = result.caught_by.map_or("NOT CAUGHT", Failure::as_str);
        let name = if result.is_caught() { name.to_owned() } else { format!("{name} (WRONG)") };
        let figures = [result.seeds_needed, result.messages as u64, result.faults as u64];
        let words = [result.defect.to_string(), result.expected.to_string(), name];
        words.into_iter().chain(figures.map(|figure| figure.to_string())).collect()
    });
    output::table(&header, rows)?;
    let caught = results.iter().filter(|result| result.is_caught()).count();
    output::line(&format!("{caught} of {} caught, by the right name", results.len()))
}

/// Saves the shrunk plans; the replay lines go to stderr.
fn save(results: &[DefectResult], folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for result in results {
        if let Some(path) = result.save(folder)? {
            eprintln!("{}: replay it with: handoff replay {}", result.defect, path.display());
        }
    }
    Ok(())
}
