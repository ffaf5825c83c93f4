//! How a command ends, and what the shell learns of it.

use std::process::ExitCode;

/// What a command that ran has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and everything holds.
    Holds,
    /// Done, and something was violated or a claim failed.
    Violated,
}

/// Bad input: what it was, where, and what was expected, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);

/// The exit status of a command; says what went wrong in one line on stderr.
pub fn exit_code(outcome: anyhow::Result<Outcome>) -> ExitCode {
    match outcome {
        Ok(Outcome::Holds) => ExitCode::SUCCESS,
        Ok(Outcome::Violated) => ExitCode::from(1),
        Err(error) => {
            eprintln!("handoff: {error:#}");
            ExitCode::from(if error.is::<BadInput>() { 2 } else { 1 })
        }
    }
}

/// Arguments that clap refused: one line, or the help that was asked for.
pub fn bad_arguments(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help or version. Nobody to tell if stdout is closed.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let first_paragraph = text.split("\n\n").next().unwrap_or_default();
    let line = first_paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    eprintln!("handoff: {line} (see --help)");
    ExitCode::from(2)
}
