//! Rules of the house that no lint knows: each failure names the file, the line and the reason.
#![allow(clippy::disallowed_methods, reason = "reads the source tree")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file of the given rooms, with its text.
fn sources(rooms: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = rooms.iter().map(|room| root.join(room)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8 source");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{rooms:?} have sources");
    found
}

/// The lines for which `is_wrong` holds, given the line and the one after it.
fn assert_no_line(rooms: &[&str], reason: &str, is_wrong: impl Fn(&Path, &str, &str) -> bool) {
    let mut wrong = Vec::new();
    for (path, text) in sources(rooms) {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let next = lines.get(index + 1).copied().unwrap_or_default();
            if is_wrong(&path, line, next) {
                wrong.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{reason}:\n{}", wrong.join("\n"));
}

#[test]
fn select_is_biased() {
    let reason = "select! without `biased` picks at random, differently in each run";
    assert_no_line(&["broker", "scenarios", "sim"], reason, |_, line, next| {
        line.contains("select! {") && !line.trim_start().starts_with("//") && next.trim() != "biased;"
    });
}

#[test]
fn the_broker_knows_nothing_of_simulation() {
    let reason = "one build holds both worlds: broker and scenarios are the same code in each";
    assert_no_line(&["broker/src", "scenarios/src"], reason, |_, line, _| {
        line.contains("cfg(madsim)") || line.contains("madsim::")
    });
}

#[test]
fn only_the_world_names_madsim() {
    let reason = "whoever needs time, tasks or sockets asks the Runtime";
    assert_no_line(&["sim/src"], reason, |path, line, _| {
        line.contains("madsim::") && !path.components().any(|part| part.as_os_str() == "world")
    });
}

#[test]
fn every_module_says_what_it_is_for() {
    let rooms = ["broker/src", "scenarios/src", "sim/src", "bench/src", "reports/src", "serve/src", "cli/src"];
    for (path, text) in sources(&rooms) {
        // Tests say by their names what they are for.
        if path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        assert!(text.starts_with("//!"), "{} begins without saying what it is for", path.display());
    }
}

#[test]
fn the_image_is_made_of_what_is_there_and_of_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a file of the workspace");
    let dockerfile = read("deploy/Dockerfile");
    let copies =
        dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.contains("--from"));
    let mut copied: Vec<&str> = copies.flat_map(str::split_whitespace).collect();
    copied.retain(|name| !name.starts_with('/') && *name != "./");
    for name in &copied {
        assert!(root.join(name).exists(), "deploy/Dockerfile copies {name}, which is not there");
    }
    let manifest = read("Cargo.toml");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members, on a line");
    let rooms = members.split('"').skip(1).step_by(2);
    for needed in rooms.chain(["Cargo.lock", ".cargo"]) {
        assert!(copied.contains(&needed), "deploy/Dockerfile does not copy {needed}");
    }
}
