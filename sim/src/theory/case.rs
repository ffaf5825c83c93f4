//! The systems that are compared, and what theory says of each.

use std::time::Duration;

use handoff_scenarios::distribution::Shape;
use handoff_scenarios::theory::{Bounded, MultiServer, SingleServer, drain_s, jobs_in_system, squared_variation};
use handoff_scenarios::{Architecture, Job, Jobs, Scenario, arrivals};

use super::measure::Measured;

/// One unit of work is a second, beside which the microseconds of the simulated machinery vanish.
const BASE: &str = r#"
    name = "theory"
    title = "Theory"
    question = "Does the simulation say what theory says?"
    idea = "Where a closed form exists, it is the check."
    why = "A simulator that disagrees with theory is wrong, or simulates something else."
    drain_limit_s = 10000
    [load]
    rate_per_s = 1
    duration_s = 400
    timeout_ms = 80000000
    [work]
    distribution = "exponential"
    mean_ms = 1000
    workers = 1
    [front]
    threads = 10000
    timeout_ms = 80000000
    [network]
    distribution = "constant"
    mean_us = 0
    [log]
    poll_wait_ms = 60000
"#;
/// How many jobs arrive in a run, about, beside a backlog that is there from the start.
const JOBS: f64 = 120.0;
/// The share of a run that is left out, since it begins with nobody in the system.
const WARM_UP: f64 = 0.2;

/// A system, built from an architecture.
pub(super) struct Case {
    pub name: String,
    pub architecture: Architecture,
    pub scenario: Scenario,
    /// Jobs that arrive all at once, at the start.
    pub backlog: u64,
    pub warm_up: Duration,
    pub expected: Vec<Expectation>,
}

/// What theory says of a figure: a value, or another figure of the same run.
pub(super) enum Expectation {
    Value(Figure, f64),
    /// Little's law: jobs in the system are arrivals times response.
    Little,
}

#[derive(Clone, Copy)]
pub(super) enum Figure {
    MeanWaiting,
    WaitingP90,
    WaitingShare,
    MeanResponse,
    Utilisation,
    Loss,
    InSystem,
    Drain,
}

impl Expectation {
    pub(super) fn figure(&self) -> &'static str {
        match self {
            Expectation::Value(figure, _) => figure.name(),
            Expectation::Little => "jobs in the system (Little's law)",
        }
    }

    pub(super) fn theory(&self, run: &Measured) -> f64 {
        match self {
            Expectation::Value(_, value) => *value,
            Expectation::Little => jobs_in_system(run.arrivals_per_s, run.mean_response_s),
        }
    }

    pub(super) fn simulated(&self, run: &Measured) -> f64 {
        match self {
            Expectation::Value(figure, _) => figure.read(run),
            Expectation::Little => run.in_system,
        }
    }
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Figure::MeanWaiting => "mean waiting time (s)",
            Figure::WaitingP90 => "90th percentile of waiting (s)",
            Figure::WaitingShare => "share that waits",
            Figure::MeanResponse => "mean time in the system (s)",
            Figure::Utilisation => "utilisation",
            Figure::Loss => "share turned away",
            Figure::InSystem => "jobs in the system",
            Figure::Drain => "time until the backlog is gone (s)",
        }
    }

    fn read(self, run: &Measured) -> f64 {
        match self {
            Figure::MeanWaiting => run.mean_waiting_s,
            Figure::WaitingP90 => run.waiting_p90_s,
            Figure::WaitingShare => run.waiting_share,
            Figure::MeanResponse => run.mean_response_s,
            Figure::Utilisation => run.utilisation,
            Figure::Loss => run.loss,
            Figure::InSystem => run.in_system,
            Figure::Drain => run.empty_after_s,
        }
    }
}

impl Case {
    /// `servers` workers under a load of `erlangs`, each unit of which keeps one of them busy.
    fn new(name: &str, architecture: Architecture, erlangs: f64, servers: u32) -> Case {
        let mut scenario = Scenario::parse("theory", BASE).expect("the text above is a scenario");
        scenario.work.workers = servers;
        scenario.load.rate_per_s = erlangs;
        scenario.load.duration_s = JOBS / erlangs;
        let warm_up = scenario.load.duration().mul_f64(WARM_UP);
        Case {
            name: format!("{name}, {erlangs} erlang"),
            architecture,
            scenario,
            backlog: 0,
            warm_up,
            expected: Vec::new(),
        }
    }

    pub(super) fn workers(&self) -> u32 {
        self.scenario.work.workers
    }

    /// The jobs of a run: the backlog, if there is one, and then what the load brings.
    pub(super) fn jobs(&self, seed: u64) -> Jobs {
        let drawn = arrivals::draw(&self.scenario, seed);
        // Jobs of the backlog need work of their own: that of another seed's jobs.
        let backlog = arrivals::draw(&self.scenario, !seed);
        let backlog = backlog.iter().cycle().take(self.backlog as usize);
        let backlog = backlog.map(|job| Job { arrives_at: Duration::ZERO, ..job.clone() });
        Jobs::new(backlog.chain(drawn.iter().cloned()).zip(0..).map(|(job, id)| Job { id, ..job }).collect())
    }

    fn expect(mut self, expected: impl IntoIterator<Item = (Figure, f64)>) -> Case {
        self.expected.extend(expected.into_iter().map(|(figure, value)| Expectation::Value(figure, value)));
        self
    }
}

/// Every case that is compared.
pub(super) fn all() -> Vec<Case> {
    let mut cases: Vec<Case> = Architecture::ALL.map(one_server).into();
    cases.push(four_servers());
    cases.push(constant_work());
    cases.push(log_normal_work());
    cases.extend([bounded_queue(), bounded_front_end(), no_waiting_room(), backlog()]);
    cases
}

/// With one worker and one partition all three architectures are the same system.
pub(super) fn one_server(architecture: Architecture) -> Case {
    let theory = MultiServer { arrivals_per_s: 0.5, service_s: 1.0, servers: 1 };
    let mut case = Case::new("M/M/1", architecture, 0.5, 1).expect([
        (Figure::MeanWaiting, theory.mean_waiting_s()),
        (Figure::MeanResponse, theory.mean_response_s()),
        (Figure::Utilisation, theory.utilisation()),
    ]);
    case.expected.push(Expectation::Little);
    case
}

/// Competing consumers of one queue, one message each.
pub(super) fn four_servers() -> Case {
    let theory = MultiServer { arrivals_per_s: 2.8, service_s: 1.0, servers: 4 };
    let mut case = Case::new("M/M/4", Architecture::Queue, 2.8, 4).expect([
        (Figure::WaitingShare, theory.waiting_probability()),
        (Figure::MeanWaiting, theory.mean_waiting_s()),
        (Figure::WaitingP90, theory.waiting_percentile_s(0.9)),
        (Figure::Utilisation, theory.utilisation()),
    ]);
    case.expected.push(Expectation::Little);
    case
}

fn constant_work() -> Case {
    let mut case = Case::new("M/D/1", Architecture::Queue, 0.6, 1);
    case.scenario.work.distribution = Shape::Constant;
    expect_single_server(case)
}

pub(super) fn log_normal_work() -> Case {
    let mut case = Case::new("M/G/1, log-normal work", Architecture::Queue, 0.4, 1);
    case.scenario.work.distribution = Shape::LogNormal;
    case.scenario.work.p99_ms = Some(4_000.0);
    expect_single_server(case)
}

fn expect_single_server(case: Case) -> Case {
    let squared_variation = squared_variation(&case.scenario.work.time_ms());
    let theory = SingleServer { arrivals_per_s: case.scenario.load.rate_per_s, service_s: 1.0, squared_variation };
    case.expect([
        (Figure::MeanWaiting, theory.mean_waiting_s()),
        (Figure::MeanResponse, theory.mean_response_s()),
        (Figure::Utilisation, theory.utilisation()),
    ])
}

/// A queue of limited length that refuses what is beyond it. Messages at workers do not count as ready.
fn bounded_queue() -> Case {
    let mut case = Case::new("M/M/3/7", Architecture::Queue, 3.0, 3);
    case.scenario.queue.max_length = Some(4);
    expect_bounded(case, 7)
}

/// A front end whose threads all wait for workers, and whose accept queue is short.
fn bounded_front_end() -> Case {
    let mut case = Case::new("M/M/3/7", Architecture::Sync, 3.0, 3);
    case.scenario.front.threads = 3;
    case.scenario.front.accept_queue = 4;
    expect_bounded(case, 7)
}

/// Erlang's telephone exchange: a thread for each worker, and nobody waits.
fn no_waiting_room() -> Case {
    let mut case = Case::new("M/M/4/4 (Erlang B)", Architecture::Sync, 3.0, 4);
    case.scenario.front.threads = 4;
    case.scenario.front.accept_queue = 0;
    expect_bounded(case, 4)
}

fn expect_bounded(case: Case, places: u32) -> Case {
    let (arrivals_per_s, servers) = (case.scenario.load.rate_per_s, case.scenario.work.workers);
    let theory = Bounded { arrivals_per_s, service_s: 1.0, servers, places };
    case.expect([
        (Figure::Loss, theory.loss_probability()),
        (Figure::MeanResponse, theory.mean_response_s()),
        (Figure::InSystem, theory.mean_in_system()),
        (Figure::Utilisation, theory.utilisation()),
    ])
}

/// What a burst leaves behind, while others go on arriving.
fn backlog() -> Case {
    let backlog = 40;
    let case = Case::new("M/M/1 with 40 jobs waiting", Architecture::Queue, 0.3, 1);
    Case { backlog, ..case.expect([(Figure::Drain, drain_s(backlog as f64, 0.3, 1.0))]) }
}

/// A case with a prediction that is wrong.
#[cfg(test)]
pub(super) fn wrong() -> Case {
    let wrong = MultiServer { arrivals_per_s: 0.6, service_s: 1.0, servers: 1 };
    let case = Case { expected: Vec::new(), ..constant_work() };
    case.expect([(Figure::MeanWaiting, wrong.mean_waiting_s())])
}
