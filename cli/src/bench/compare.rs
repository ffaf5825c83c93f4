//! `handoff bench compare`: what changed between two documents, and what is noise.

use std::path::{Path, PathBuf};

use handoff_bench::compare::{Change, Comparison, FEWEST_RUNS, Finding};
use handoff_bench::document::Document;
use handoff_bench::figure::Figure;

use super::show;
use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Shows what changed between two saved documents, with intervals, and what is noise
///
/// A change is the ratio of the medians. It is noise if its 95 % bootstrap interval contains 1, or if either side has
/// fewer than four repetitions.
#[derive(clap::Args)]
pub struct Arguments {
    /// A document that --output saved: before
    #[arg(value_name = "A.json")]
    before: PathBuf,
    /// Another one: after
    #[arg(value_name = "B.json")]
    after: PathBuf,
    /// Print the comparison as one JSON document
    #[arg(long)]
    json: bool,
}

/// Reads, compares, prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let comparison = Comparison::of(&before, &after);
    if arguments.json {
        output::json(&comparison)?;
        return Ok(Outcome::Holds);
    }
    let files = [&arguments.before, &arguments.after];
    for ((letter, file), document) in ["A", "B"].iter().zip(files).zip([&before, &after]) {
        output::line(&format!("{letter}: {} (handoff {}, {})", file.display(), document.version, document.command))?;
    }
    if before.machine != after.machine {
        output::line("the machines differ: a change may be theirs")?;
    }
    print(&comparison)?;
    Ok(Outcome::Holds)
}

fn read(file: &Path) -> Result<Document, BadInput> {
    Document::read(file).map_err(|error| BadInput(error.to_string()))
}

fn print(comparison: &Comparison) -> anyhow::Result<()> {
    // Changes of one workload stand together.
    for changes in comparison.changes.chunk_by(|one, next| one.workload_id == next.workload_id) {
        output::line(&format!("\n{}", changes[0].workload_id))?;
        let told = |change: &&Change| change.finding != Finding::Noise || change.figure == Figure::MessagesPerS;
        output::table(&["", "", "A", "B", "B/A", "95 %", ""], changes.iter().filter(told).map(row))?;
    }
    for (letter, names) in ["A", "B"].iter().zip(&comparison.only) {
        names.iter().try_for_each(|name| output::line(&format!("\nonly in {letter}: {name}")))?;
    }
    let noise = comparison.changes.iter().filter(|change| change.finding == Finding::Noise).count();
    output::line(&format!(
        "\n{noise} of {} figures are noise: the interval of B/A contains 1, or a side has fewer than {FEWEST_RUNS} \
         repetitions; of those, only messages/s are shown",
        comparison.changes.len()
    ))
}

fn row(change: &Change) -> Vec<String> {
    let [before, after] = change.medians.map(show::number);
    let (ratio, interval) = (show::number(change.ratio.median), show::interval(&change.ratio));
    vec![change.target.clone(), change.figure.name().to_owned(), before, after, ratio, interval, change.in_words()]
}
