//! `handoff replay`: one run of chaos again, exactly.

use std::path::Path;

use handoff_sim::chaos::{self, Injected, PlayOptions, Run};
use handoff_sim::check::Report;
use handoff_sim::fault::{Plan, Profile, plan_for};
use serde::Serialize;

use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Plays one plan again, exactly: of a seed, or from a file that was saved
#[derive(clap::Args)]
pub struct Arguments {
    /// A seed of `explore`, or the path of a plan
    #[arg(value_name = "SEED|FILE")]
    plan: String,
    /// The profile that the seed was explored with
    #[arg(long, value_name = "NAME", default_value_t = Profile::Default)]
    profile: Profile,
    /// Print every event on the network
    #[arg(long)]
    trace: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    seed: u64,
    hash: String,
    events: u64,
    simulated_s: f64,
    failure: Option<&'static str>,
    report: &'a Report,
    faults: &'a [Injected],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    trace: &'a [String],
}

/// Plays and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let plan = load(&arguments.plan, arguments.profile)?;
    let run = chaos::play(&plan, PlayOptions { keep_trace: arguments.trace });
    let hash = format!("{:016x}", run.trace_hash);
    let failure = run.failure().map(|failure| failure.as_str());
    if arguments.json {
        let Run { report, injected, trace, trace_events, elapsed, .. } = &run;
        output::json(&Document {
            seed: plan.seed,
            hash,
            events: *trace_events,
            simulated_s: elapsed.as_secs_f64(),
            failure,
            report,
            faults: injected,
            trace,
        })?;
    } else {
        run.trace.iter().try_for_each(|line| output::line(line))?;
        print(&plan, &run)?;
        output::line(&format!("{}  seed {}, trace hash {hash}", failure.unwrap_or("holds"), plan.seed))?;
    }
    Ok(if failure.is_none() { Outcome::Holds } else { Outcome::Violated })
}

fn load(seed_or_file: &str, profile: Profile) -> anyhow::Result<Plan> {
    if let Some(seed) = seed_or_file.parse().ok().filter(|seed| *seed <= Plan::MAX_SEED) {
        return Ok(plan_for(seed, profile));
    }
    if !Path::new(seed_or_file).exists() {
        let expected = format!("expected a seed up to {}, or the path of a plan", Plan::MAX_SEED);
        return Err(BadInput(format!("{seed_or_file}: {expected}")).into());
    }
    Plan::read(Path::new(seed_or_file)).map_err(|error| BadInput(error.to_string()).into())
}

fn print(plan: &Plan, run: &Run) -> anyhow::Result<()> {
    let inert = run.injected.iter().filter(|injected| injected.is_inert()).count();
    let (messages, faults) = (plan.messages(), run.injected.len());
    output::line(&format!("{messages} messages, {faults} faults, of which {inert} changed nothing"))?;
    if let Some(error) = &run.world_error {
        output::line(&format!("the run broke: {error}"))?;
    }
    output::line(run.report.to_string().trim_end())
}
