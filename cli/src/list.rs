//! `handoff list`: the scenarios, each with its question.

use handoff_scenarios::scenario;
use serde::Serialize;

use crate::outcome::Outcome;
use crate::output;

/// Lists the scenarios, each with its question
#[derive(clap::Args)]
pub struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    name: String,
    title: String,
    question: String,
}

/// Prints the catalogue.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let lines: Vec<Line> = scenario::catalog()?
        .into_iter()
        .map(|scenario| Line { name: scenario.name, title: scenario.title, question: scenario.question })
        .collect();
    if arguments.json {
        output::json(&lines)?;
    } else {
        let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
        for line in lines {
            output::line(&format!("{:width$}  {}", line.name, line.title))?;
            output::line(&format!("{:width$}    {}", "", line.question))?;
        }
    }
    Ok(Outcome::Holds)
}
