//! Whether the traces of a results document can be read to their end: the page's script has no way to say that one is
//! damaged.

use crate::model::{Lane, Results, Trace};

/// What is wrong with the first damaged trace, in words; `None` if all can be read.
pub(crate) fn damage(results: &Results) -> Option<String> {
    results.scenarios.iter().find_map(|scenario| {
        let what = scenario.trace.as_ref()?.damage()?;
        Some(format!("the trace of scenario '{}' is damaged: {what}", scenario.name))
    })
}

/// A column of numbers, being read. Each read gives `None` where there is no whole number of 64 bits.
struct Column<'a>(std::str::Bytes<'a>);

impl Column<'_> {
    fn next(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(5) {
            let digit = digit(self.0.next()?)?;
            value |= u64::from(digit & 31) << shift;
            if digit < 32 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, numbers: u64) -> Option<()> {
        (0..numbers).try_for_each(|_| self.next().map(drop))
    }

    fn is_ended(&self) -> bool {
        self.0.len() == 0
    }

    /// One path of a lane, as `model::trace` writes it.
    fn path(&mut self) -> Option<()> {
        match self.next()? {
            first @ 0..6 => {
                self.skip(if first == 0 { 2 } else { 3 })?;
                for _ in 0..self.next()? {
                    self.skip(2)?;
                    match self.next()? {
                        0 => {}
                        1..=3 => self.skip(1)?,
                        _ => return None,
                    }
                }
                self.skip(1)
            }
            6..12 => self.skip(5),
            _ => None,
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

impl Trace {
    fn damage(&self) -> Option<String> {
        let mut jobs = 0;
        let mut column = Column(self.jobs.bytes());
        while !column.is_ended() {
            if column.skip(2).is_none() {
                return Some(format!("its list of jobs breaks off after {jobs}"));
            }
            jobs += 1;
        }
        if self.tick_us == 0 || self.workers == 0 || self.subscribers == 0 {
            return Some("ticks, workers and subscribers have to be at least 1".into());
        }
        self.lanes.iter().find_map(|lane| lane.damage(jobs))
    }
}

impl Lane {
    fn damage(&self, jobs: u64) -> Option<String> {
        let mut column = Column(self.paths.bytes());
        let read = (0..jobs).take_while(|_| column.path().is_some()).count() as u64;
        let name = self.architecture.name();
        match (read == jobs, column.is_ended()) {
            (true, true) => None,
            (true, false) => Some(format!("lane {name} has more paths than the {jobs} jobs")),
            (false, _) => Some(format!("lane {name} breaks off after {read} of {jobs} paths")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, Architecture, Attempt, End, JobPath, write_jobs, write_paths};

    fn paths() -> Vec<(u64, JobPath)> {
        let attempt = |started, end| Attempt { worker: 40, started, ended: started + 900, end };
        let plain = JobPath {
            admitted: Some(5),
            answer: Answer::Done,
            answered: 5_000,
            released: Some(4_999),
            attempts: vec![attempt(100, End::Completed)],
            dead_lettered: None,
        };
        let retried = JobPath {
            attempts: vec![attempt(100, End::CutOff), attempt(3_000, End::Failed), attempt(70_000, End::Open)],
            dead_lettered: Some(90_000),
            ..plain.clone()
        };
        vec![(0, plain), (1, retried), (2, JobPath::default())]
    }

    fn trace(paths: &str) -> Trace {
        Trace {
            seed: 1,
            tick_us: 100,
            one_in: 1,
            workers: 40,
            subscribers: 1,
            threads: 16,
            jobs: write_jobs(&[(0, 0), (1, 1), (2, 2)]),
            bystanders: String::new(),
            lanes: vec![Lane {
                architecture: Architecture::Queue,
                own_lines: false,
                ended: 100_000,
                holds_at_end: false,
                incidents: Vec::new(),
                paths: paths.into(),
            }],
        }
    }

    #[test]
    fn what_is_written_can_be_read_to_its_end() {
        let paths = paths();
        let written = write_paths(paths.iter().map(|(arrived, path)| (*arrived, path)));
        assert_eq!(trace(&written).damage(), None);
        let longer = format!("{written}A");
        assert!(trace(&longer).damage().expect("too long").contains("more paths"));
        for end in 0..written.len() {
            assert!(trace(&written[..end]).damage().is_some(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_digit_or_no_answer_is_damage() {
        for damaged in ["!", "é", "MAAAAA", "gggggggggggggggg"] {
            assert!(trace(damaged).damage().is_some(), "{damaged}");
        }
    }
}
