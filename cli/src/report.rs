//! `handoff report`: renders results again, or two of them side by side.

use std::path::{Path, PathBuf};

use handoff_reports::compare::{Compared, Comparison};
use handoff_reports::model::{Results, SCHEMA_VERSION};

use crate::lab::systems;
use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Renders saved results again, or shows two of them side by side
#[derive(clap::Args)]
pub struct Arguments {
    /// Results as JSON, as `lab` writes them
    #[arg(value_name = "FILE", default_value = "reports/out/index.json")]
    file: PathBuf,
    /// Show what differs between two results, and write compare.html
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "file")]
    compare: Option<Vec<PathBuf>>,
    /// Put a comparison of systems into it, as `bench --all --output FILE` saves it
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    bench: Option<PathBuf>,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "reports/out")]
    out: PathBuf,
    /// Print the results, or the comparison, as one JSON document
    #[arg(long)]
    json: bool,
}

/// Reads and renders.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    if let Some([left, right]) = arguments.compare.as_deref() {
        return compare(left, right, arguments);
    }
    let mut results = read(&arguments.file)?;
    if let Some(file) = &arguments.bench {
        results.systems = Some(systems::read(file)?);
        results.schema_version = SCHEMA_VERSION;
    }
    let rendered = handoff_reports::render(&results, &arguments.out)?;
    if arguments.json {
        output::line(&handoff_reports::to_json(&results)?)?;
    } else {
        output::line(&format!("report: {}", rendered.html.display()))?;
    }
    Ok(Outcome::Holds)
}

fn read(file: &Path) -> anyhow::Result<Results> {
    handoff_reports::read(file).map_err(|error| BadInput(error.to_string()).into())
}

fn compare(left: &Path, right: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (left_results, right_results) = (read(left)?, read(right)?);
    let names = [left, right].map(|path| path.display().to_string());
    let comparison = Comparison::of((&names[0], &left_results), (&names[1], &right_results));
    let page = handoff_reports::render_comparison(&comparison, &arguments.out)?;
    if arguments.json {
        output::json(&comparison)?;
    } else {
        print(&comparison)?;
        output::line(&format!("comparison: {}", page.display()))?;
    }
    Ok(Outcome::Holds)
}

fn print(comparison: &Comparison) -> anyhow::Result<()> {
    for (letter, run) in ["A", "B"].iter().zip(&comparison.runs) {
        output::line(&format!("{letter}: {} (handoff {}, seed {})", run.file, run.version, run.seed))?;
    }
    comparison.subjects.iter().try_for_each(print_compared)?;
    for (letter, names) in ["A", "B"].iter().zip(&comparison.only) {
        names.iter().try_for_each(|name| output::line(&format!("\nonly in {letter}: {name}")))?;
    }
    output::line("")
}

fn print_compared(compared: &Compared) -> anyhow::Result<()> {
    output::line(&format!("\n{} ({}): {}", compared.title, compared.clock.label(), compared.changed_in_words()))?;
    if !compared.is_changed() {
        return Ok(());
    }
    let rows = compared.changed().map(|pair| {
        let [left, right] = pair.shown.clone();
        vec![format!("  {}: {}", pair.who, pair.what), left, right, pair.change.clone()]
    });
    output::table(&["", "A", "B", "change"], rows)
}
