//! The `handoff` command: thin. Arguments are read here and in one file for each command; the work is done in the
//! other rooms.
//!
//! Results go to stdout, progress and logs to stderr. Exit status: 0 done and holds, 1 ran and something was violated
//! or failed, 2 bad input, with one line that says what was expected.
#![allow(clippy::disallowed_methods, reason = "the command line lives in the real world")]

mod advise;
mod campaign;
mod list;
mod logging;
mod outcome;
mod output;
mod progress;
mod run;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::outcome::Outcome;

/// Should this work be a synchronous call, a message on a queue, or a record in a log?
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    /// Without a command: lab
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    List(list::Arguments),
    Run(run::Arguments),
    Advise(advise::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return outcome::bad_arguments(&error),
    };
    logging::init();
    let outcome = match arguments.command {
        Some(Command::Serve(arguments)) => serve::run(&arguments),
        Some(Command::List(arguments)) => list::run(&arguments),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Advise(arguments)) => advise::run(&arguments),
        None => Ok(Outcome::Holds),
    };
    outcome::exit_code(outcome)
}
