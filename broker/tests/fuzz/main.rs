//! The fuzz targets, run on their corpus: what fuzzing has found stays found.
//!
//! New inputs come from `cargo fuzz` (fuzz/README.md).

mod entries;
mod seeds;

use std::path::{Path, PathBuf};

/// The inputs kept for a target.
fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

fn run(target: &str, entry: fn(&[u8])) {
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(corpus(target))
        .expect("the corpus is in the repository")
        .map(|input| input.expect("a readable folder").path())
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 20, "only {} inputs for {target}", inputs.len());
    for input in inputs {
        let bytes = std::fs::read(&input).expect("a readable input");
        // A panic tells which check failed; this tells with what.
        let outcome = std::panic::catch_unwind(|| entry(&bytes));
        assert!(outcome.is_ok(), "{target} fails with {}", input.display());
    }
}

#[test]
fn frames_hold_on_their_corpus() {
    run("frames", entries::frames);
}

#[test]
fn tables_hold_on_their_corpus() {
    run("table", entries::table);
}

#[test]
fn connections_hold_on_their_corpus() {
    run("connection", entries::connection);
}

/// Every target takes whatever the seeds are, cut anywhere.
#[test]
fn seeds_hold_at_every_length() {
    for (_, seed) in seeds::frames().into_iter().chain(seeds::tables()) {
        for length in 0..=seed.len() {
            entries::frames(&seed[..length]);
            entries::table(&seed[..length]);
        }
    }
    for (_, seed) in seeds::connections() {
        for length in 0..=seed.len() {
            entries::connection(&seed[..length]);
        }
    }
}

/// Writes the seeds into the corpus: `cargo test -p handoff-broker --test fuzz -- --ignored`.
#[test]
#[ignore = "it writes into the repository"]
fn write_seeds() {
    for (target, seeds) in
        [("frames", seeds::frames()), ("table", seeds::tables()), ("connection", seeds::connections())]
    {
        std::fs::create_dir_all(corpus(target)).expect("a writable repository");
        for (name, bytes) in seeds {
            std::fs::write(corpus(target).join(format!("seed-{name}")), bytes).expect("a writable repository");
        }
    }
}
