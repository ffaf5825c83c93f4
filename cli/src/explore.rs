//! `handoff explore`: chaos, every history checked.

mod defects;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use anyhow::Context as _;
use handoff_sim::chaos::{self, Shard, Sweep, SweepOptions};
use handoff_sim::defect::Defect;
use handoff_sim::fault::{Plan, Profile};

use crate::outcome::{BadInput, Outcome};
use crate::{output, progress};

/// Chaos: random workloads and faults in simulation, every history checked
///
/// A failure is shrunk to the few messages and faults that show it, saved, and its replay line printed. What is found
/// depends on the seeds alone. With --defects the brokers are broken on purpose, to see that nothing escapes.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many seeds, over all shards; with --defects, the most for each broken broker
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// How many seeds are played at once; all cores if left out
    #[arg(long, value_name = "J")]
    jobs: Option<NonZeroUsize>,
    /// Play only this shard of the seeds, of so many; for several machines
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// How large the plans are: default or small
    #[arg(long, value_name = "NAME", default_value_t = Profile::Default)]
    profile: Profile,
    /// Play against a broker that is broken in this way, to see it caught
    #[arg(long, value_name = "NAME")]
    defect: Option<Defect>,
    /// Play against every broken broker there is: the matrix of what is caught by what, and how soon
    #[arg(long, conflicts_with_all = ["defect", "shard", "jobs"])]
    defects: bool,
    /// Where plans of failures are saved
    #[arg(long, value_name = "FOLDER", default_value = "failures")]
    save: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Sweeps, saves what failed, and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { from, seeds, .. } = *arguments;
    if from.checked_add(seeds - 1).is_none_or(|last| last > Plan::MAX_SEED) {
        return Err(BadInput(format!("--from {from} --seeds {seeds}: expected seeds up to {}", Plan::MAX_SEED)).into());
    }
    if arguments.defects {
        return defects::run(arguments);
    }
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = SweepOptions {
        from,
        seeds,
        jobs: arguments.jobs.unwrap_or(cores),
        shard: arguments.shard,
        profile: arguments.profile,
        defect: arguments.defect,
    };
    let bar = progress::bar(0, "seeds");
    let sweep = chaos::sweep(&options, |progress| {
        bar.set_length(progress.seeds);
        bar.set_position(progress.done);
        bar.set_message(format!("{:.0} seeds/s, {} failed", progress.seeds_per_s, progress.failed));
    });
    bar.finish_and_clear();
    if arguments.json {
        output::json(&sweep)?;
    } else {
        output::line(sweep.to_string().trim_end())?;
    }
    save(&sweep, arguments)?;
    Ok(if sweep.holds() { Outcome::Holds } else { Outcome::Violated })
}

/// Saves the shrunk plan of each kind of failure. The replay lines go to stderr, so that stdout stays one document.
fn save(sweep: &Sweep, arguments: &Arguments) -> anyhow::Result<()> {
    if sweep.found.is_empty() {
        return Ok(());
    }
    let folder = &arguments.save;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for found in &sweep.found {
        let path = found.save(folder)?;
        eprintln!("{}: replay it with: handoff replay {}", found.failure, path.display());
    }
    Ok(())
}
