//! The `handoff` command: thin. Arguments are read here and in one file for each command; the work is done in the
//! other rooms.
//!
//! Results go to stdout, progress and logs to stderr. Exit status: 0 done and holds, 1 ran and something was violated
//! or failed, 2 bad input, with one line that says what was expected.
#![allow(clippy::disallowed_methods, reason = "the command line lives in the real world")]

mod advise;
mod bench;
mod campaign;
mod ctl;
mod explore;
mod hash_password;
mod lab;
mod list;
mod logging;
mod outcome;
mod output;
mod progress;
mod relay;
mod replay;
mod report;
mod run;
mod serve;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Should this work be a synchronous call, a message on a queue, or a record in a log?
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// Without a command: lab
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Lab(lab::Arguments),
    Serve(serve::Arguments),
    Ctl(ctl::Arguments),
    HashPassword(hash_password::Arguments),
    List(list::Arguments),
    Run(run::Arguments),
    Explore(explore::Arguments),
    Replay(replay::Arguments),
    Bench(bench::Arguments),
    Advise(advise::Arguments),
    Report(report::Arguments),
    #[command(name = "bench-relay", hide = true)]
    Relay(relay::Arguments),
}

impl Default for Command {
    fn default() -> Self {
        Command::Lab(lab::Arguments::parse_from(["lab"]))
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return outcome::bad_arguments(&error),
    };
    let command = arguments.command.unwrap_or_default();
    // A service learns from its settings how to log.
    if !matches!(command, Command::Serve(_)) {
        logging::start();
    }
    let outcome = match command {
        Command::Lab(arguments) => lab::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Ctl(arguments) => ctl::run(&arguments),
        Command::HashPassword(arguments) => hash_password::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Explore(arguments) => explore::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Advise(arguments) => advise::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Relay(arguments) => relay::run(&arguments),
    };
    outcome::exit_code(outcome)
}
