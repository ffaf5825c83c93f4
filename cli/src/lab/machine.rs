//! What the results were made on and with, in the report's words.

use std::process::Command;

use handoff_bench::machine::Machine;
use handoff_reports::model;

/// A machine, for the report.
pub fn describe(machine: Machine) -> model::Machine {
    let Machine { cpu, cores, memory_bytes, os, kernel } = machine;
    model::Machine { cpu, cores, memory_bytes, os, kernel }
}

/// This program, and the command that makes the results again.
pub fn generated_by(command: String) -> model::GeneratedBy {
    model::GeneratedBy { version: env!("CARGO_PKG_VERSION").into(), commit: commit(), command }
}

/// The commit of the work tree that the command was started in, if it is one of ours and git is there.
fn commit() -> Option<String> {
    let described = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let text = String::from_utf8(described.stdout).ok()?;
    (described.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
