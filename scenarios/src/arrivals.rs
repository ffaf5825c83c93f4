//! From a scenario and a seed to the trace of jobs, the same for every architecture.
//!
//! Times, work and keys are drawn from separate streams of one generator, so that a change to one section of a
//! scenario leaves the draws of the others as they were.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::distribution::{Distribution, Shape};
use crate::job::{Job, Jobs};
use crate::scenario::{Arrival, Load, Phase, Scenario};

/// The jobs of `scenario` for `seed`, in order of arrival.
pub fn draw(scenario: &Scenario, seed: u64) -> Jobs {
    let stream = |number| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        random
    };
    let (mut work_random, mut key_random) = (stream(1), stream(2));
    let work_ms = scenario.work.time_ms();
    let times = times(&scenario.load, stream(0));
    let jobs = times.zip(0..).map(|(arrives_at, id)| Job {
        id,
        arrives_at,
        work: Duration::from_secs_f64(work_ms.sample(&mut work_random) / 1_000.0),
        poison: scenario.faults.iter().any(|fault| fault.poisons(id)),
        key: scenario.load.keys.map(|keys| key_random.random_range(0..keys)),
        bystander: scenario.load.bystander_every.is_some_and(|every| (id + 1).is_multiple_of(every)),
        urgent: scenario.load.urgent_every.is_some_and(|every| (id + 1).is_multiple_of(every)),
        payload_bytes: scenario.load.payload_bytes,
    });
    Jobs::new(jobs.collect())
}

/// When jobs arrive: from the start until the load ends. Equal gaps begin at the start, random ones with a gap.
///
/// Gaps are drawn for the rate as it usually is, and then packed closer or wider where a phase says so. So a Poisson
/// process stays one, with a rate that varies.
fn times(load: &Load, mut random: ChaCha8Rng) -> impl Iterator<Item = Duration> {
    let mean_s = 1.0 / load.rate_per_s;
    let (duration_s, phases) = (load.duration_s, load.phases.clone());
    let gap = Distribution { shape: Shape::Exponential, mean: mean_s, p99: None };
    let arrival = load.arrival;
    let mut elapsed_s = 0.0;
    (0u32..)
        .map(move |number| match arrival {
            Arrival::Constant => f64::from(number) * mean_s,
            Arrival::Poisson => {
                elapsed_s += gap.sample(&mut random);
                elapsed_s
            }
        })
        .map(move |steady_s| packed(steady_s, &phases))
        .take_while(move |at_s| *at_s < duration_s)
        .map(Duration::from_secs_f64)
}

/// When the arrival comes that would come at `steady_s` if there were no phases. Each second of a phase takes up as
/// many seconds of the steady load as its factor says.
fn packed(steady_s: f64, phases: &[Phase]) -> f64 {
    let mut at_s = steady_s;
    for phase in phases {
        let into_s = at_s - phase.at_s;
        let taken_s = phase.duration_s * phase.factor;
        if into_s < 0.0 {
            break;
        }
        if into_s < taken_s {
            return phase.at_s + into_s / phase.factor;
        }
        at_s += phase.duration_s - taken_s;
    }
    at_s
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        name = "test"
        title = "t"
        question = "q"
        idea = "i"
        why = "w"
        [load]
        rate_per_s = 1000
        duration_s = 50
        [work]
        distribution = "exponential"
        mean_ms = 20
        workers = 2
    "#;

    fn scenario(change: impl FnOnce(&mut Scenario)) -> Scenario {
        let mut scenario = Scenario::parse("test.toml", TEXT).expect("a right scenario");
        change(&mut scenario);
        scenario
    }

    #[test]
    fn the_same_seed_draws_the_same_jobs_and_another_seed_others() {
        let scenario = scenario(|_| {});
        assert_eq!(draw(&scenario, 7), draw(&scenario, 7));
        assert_ne!(draw(&scenario, 7), draw(&scenario, 8));
    }

    #[test]
    fn poisson_arrivals_have_their_rate_and_gaps_as_spread_as_their_mean() {
        let jobs = draw(&scenario(|_| {}), 1);
        let count = jobs.len() as f64;
        assert!((count - 50_000.0).abs() < 4.0 * 50_000f64.sqrt(), "{count} jobs");
        let gaps: Vec<f64> =
            jobs.windows(2).map(|pair| (pair[1].arrives_at - pair[0].arrives_at).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "coefficient of variation {}", variance.sqrt() / mean);
    }

    #[test]
    fn constant_arrivals_are_equally_spaced_and_end_with_the_load() {
        let jobs = draw(&scenario(|scenario| scenario.load.arrival = Arrival::Constant), 1);
        assert_eq!(jobs.len(), 50_000);
        assert_eq!(jobs[0].arrives_at, Duration::ZERO);
        assert_eq!(jobs[1_000].arrives_at, Duration::from_secs(1));
    }

    #[test]
    fn a_phase_has_its_own_rate_and_what_comes_before_it_stays() {
        let plain = scenario(|scenario| scenario.load.rate_per_s = 100.0);
        let phases = [(10.0, 5.0, 10.0), (20.0, 10.0, 0.0), (40.0, 10.0, 0.5)]
            .map(|(at_s, duration_s, factor)| Phase { at_s, duration_s, factor });
        let changed = scenario(|scenario| {
            scenario.load.rate_per_s = 100.0;
            scenario.load.phases = phases.to_vec();
        });
        let (steady, phased) = (draw(&plain, 1), draw(&changed, 1));
        let count = |from_s: u64, until_s: u64| {
            let within = Duration::from_secs(from_s)..Duration::from_secs(until_s);
            phased.iter().filter(|job| within.contains(&job.arrives_at)).count() as f64
        };
        for (from_s, until_s, expected) in [(0, 10, 1_000.0), (10, 15, 5_000.0), (15, 20, 500.0), (40, 50, 500.0)] {
            let found: f64 = count(from_s, until_s);
            assert!((found - expected).abs() < 4.0 * expected.sqrt(), "{found} from {from_s} s to {until_s} s");
        }
        assert_eq!(count(20, 30), 0.0);
        let before = steady.iter().take_while(|job| job.arrives_at < Duration::from_secs(10)).count();
        assert_eq!(steady[..before], phased[..before]);
    }

    #[test]
    fn another_arrival_process_leaves_work_as_it_was() {
        let poisson = draw(&scenario(|_| {}), 3);
        let constant = draw(&scenario(|scenario| scenario.load.arrival = Arrival::Constant), 3);
        assert!(poisson.iter().zip(constant.iter()).all(|(left, right)| left.work == right.work));
    }

    #[test]
    fn poison_hits_the_jobs_that_were_named() {
        let toml =
            format!("{TEXT}\n[[fault]]\nkind = \"poison\"\nevery = 1000\n[[fault]]\nkind = \"poison\"\njob = 5\n");
        let jobs = draw(&Scenario::parse("test.toml", &toml).expect("a right scenario"), 1);
        let poisoned: Vec<u64> = jobs.iter().filter(|job| job.poison).map(|job| job.id).take(3).collect();
        assert_eq!(poisoned, [5, 999, 1_999]);
    }

    #[test]
    fn jobs_have_keys_if_a_number_of_keys_is_given() {
        let keyless = draw(&scenario(|_| {}), 1);
        assert!(keyless.iter().all(|job| job.key.is_none()));
        let shared = draw(&scenario(|scenario| scenario.load.keys = Some(10)), 1);
        for key in 0..10 {
            let jobs = shared.iter().filter(|job| job.key == Some(key)).count();
            assert!((4_700..5_300).contains(&jobs), "{jobs} jobs of key {key}");
        }
    }
}
