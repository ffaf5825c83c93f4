//! What can be measured, by name.

use std::str::FromStr;

use handoff_bench::suite;
use handoff_bench::system::SystemName;
use handoff_scenarios::Architecture;

/// An architecture, which does jobs, or a system, which carries messages.
#[derive(Clone, Debug)]
pub enum Target {
    Architecture(Architecture),
    System(SystemName),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(architecture) = text.parse() {
            return Ok(Target::Architecture(architecture));
        }
        let named = suite::system_named(text);
        let system = named.or_else(|| text.contains("://").then(|| text.parse::<SystemName>()));
        let system = system.ok_or_else(|| {
            let names: Vec<String> = suite::candidates().into_iter().map(|candidate| candidate.name).collect();
            let names = names.join(", ");
            format!("expected sync, queue, log, {names} or a URL such as amqp://127.0.0.1:5672")
        })?;
        system.map(Target::System).map_err(|error| error.to_string())
    }
}

/// Architectures and systems, each in the order in which they were named; all architectures if none of either was.
pub fn split(targets: &[Target]) -> (Vec<Architecture>, Vec<SystemName>) {
    if targets.is_empty() {
        return (Architecture::ALL.to_vec(), Vec::new());
    }
    let (mut architectures, mut systems) = (Vec::new(), Vec::new());
    for target in targets {
        match target {
            Target::Architecture(architecture) => architectures.push(*architecture),
            Target::System(system) => systems.push(system.clone()),
        }
    }
    (architectures, systems)
}
