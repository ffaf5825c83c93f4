//! `handoff report`: renders results again.

use std::path::PathBuf;

use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Renders saved results again
#[derive(clap::Args)]
pub struct Arguments {
    /// Results as JSON, as `lab` writes them
    #[arg(value_name = "FILE", default_value = "reports/out/index.json")]
    file: PathBuf,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "reports/out")]
    out: PathBuf,
    /// Print the results as one JSON document
    #[arg(long)]
    json: bool,
}

/// Reads and renders.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let results = handoff_reports::read(&arguments.file).map_err(|error| BadInput(error.to_string()))?;
    let rendered = handoff_reports::render(&results, &arguments.out)?;
    if arguments.json {
        output::line(&handoff_reports::to_json(&results)?)?;
    } else {
        output::line(&format!("report: {}", rendered.html.display()))?;
    }
    Ok(Outcome::Holds)
}
