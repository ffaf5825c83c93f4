//! How true the simulated network is: the same little programs on the simulated runtime and on Tokio's over loopback,
//! and one table of what they see. Where the two differ, the table says why. docs/fidelity.md is that table:
//! `cargo test -p handoff-sim --test fidelity -- --ignored` writes it.
#![allow(clippy::disallowed_methods, reason = "reads and writes a page of the documentation")]

mod ground;
mod programs;
mod table;

use std::path::PathBuf;

use ground::{Loopback, Simulated};
use handoff_sim::world::{WorldOptions, run};
use table::{Row, TABLE, render};

/// What a program sees in the simulated world.
fn simulated(program: &'static str) -> String {
    let outcome = run(WorldOptions::default(), move |stage| programs::run(program, Simulated(stage)));
    outcome.value.unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// What it sees on this machine's TCP.
fn loopback(program: &'static str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(programs::run(program, Loopback::new()))
}

fn page() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "docs", "fidelity.md"].iter().collect()
}

#[test]
fn the_simulated_network_does_what_the_table_says() {
    for Row { program, simulated: expected, .. } in TABLE {
        assert_eq!(simulated(program), *expected, "{program}");
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the table has Linux's loopback")]
fn loopback_does_what_the_table_says() {
    for Row { program, loopback: expected, .. } in TABLE {
        assert_eq!(loopback(program), *expected, "{program}");
    }
}

#[test]
fn every_difference_has_its_reason_and_nothing_else_has_one() {
    for Row { program, simulated, loopback, reason, .. } in TABLE {
        assert_eq!(simulated == loopback, reason.is_empty(), "{program}");
    }
}

#[test]
fn the_page_is_the_table() {
    let written = std::fs::read_to_string(page()).unwrap_or_default();
    assert!(written == render(), "docs/fidelity.md is not up to date: run this test with `-- --ignored` to write it");
}

#[test]
#[ignore = "writes docs/fidelity.md"]
fn write_the_page() {
    std::fs::write(page(), render()).expect("docs can be written to");
}
