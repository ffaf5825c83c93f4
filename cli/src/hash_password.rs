//! `handoff hash-password`: a password from stdin, as a settings file has it.

use std::io::{self, BufRead as _};

use handoff_serve::password::PasswordHash;

use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Reads a password from stdin and prints its hash, for `password_hash` in a settings file
///
/// The password is the first line, without its end. It is not asked for and not shown: `read -rs` does that.
#[derive(clap::Args)]
pub struct Arguments {}

/// The longest password.
const MAX_BYTES: usize = 1024;

/// Hashes one password.
pub fn run(_: &Arguments) -> anyhow::Result<Outcome> {
    let mut line = String::new();
    let read = io::Read::take(io::stdin().lock(), 2 * MAX_BYTES as u64).read_line(&mut line);
    read.map_err(|error| BadInput(format!("stdin: expected a password: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.len() > MAX_BYTES {
        return Err(BadInput(format!("stdin: expected a password of 1 to {MAX_BYTES} bytes")).into());
    }
    output::line(&PasswordHash::of(password.as_bytes())?.to_string())?;
    Ok(Outcome::Holds)
}
