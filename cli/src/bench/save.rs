//! The document of a run: made, printed and saved.

use std::path::Path;

use handoff_bench::document::{Document, SCHEMA_VERSION};
use handoff_bench::machine::Machine;
use handoff_bench::measured::Measured;
use handoff_bench::system::SystemName;

use crate::outcome::BadInput;
use crate::output;

/// Whether a document can be saved there: found out before anything is measured.
pub fn check(file: Option<&Path>) -> Result<(), BadInput> {
    let Some(file) = file else { return Ok(()) };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_file = !file.is_dir() && file.file_name().is_some();
    if folder.is_dir() && is_file {
        return Ok(());
    }
    Err(BadInput(format!("--output {}: expected a file in a folder that is there", file.display())))
}

/// A document of these runs, made now, here, by the command that was given.
pub fn document(results: Vec<Measured>, failures: Vec<String>) -> Document {
    Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        command: command(),
        machine: Machine::this(),
        results,
        knees: Vec::new(),
        left_out: Vec::new(),
        failures,
    }
}

/// Saves the document where it is wanted, and prints it if that is wanted.
pub fn publish(document: &Document, file: Option<&Path>, is_printed: bool) -> anyhow::Result<()> {
    if is_printed {
        output::json(document)?;
    }
    if let Some(file) = file {
        document.save(file)?;
        eprintln!("saved: {}", file.display());
    }
    Ok(())
}

/// The command that was given, without the passwords of URLs.
fn command() -> String {
    let shown = |argument: String| match argument.parse::<SystemName>() {
        Ok(system) => system.to_string(),
        Err(_) => argument,
    };
    let arguments: Vec<String> = std::env::args().skip(1).map(shown).collect();
    format!("handoff {}", arguments.join(" "))
}
