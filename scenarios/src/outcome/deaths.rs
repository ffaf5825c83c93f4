//! What the deaths of workers cost: jobs that were in hand, the time until somebody had them again, work in vain.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use handoff_broker::Timestamp;

use crate::journal::{Entry, Event, Incident, Journal};
use crate::subscribers::Subscribers;

/// What the deaths of a run's workers cost.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    pub(super) abandoned: u64,
    pub(super) takeover: Option<Duration>,
    pub(super) wasted: Duration,
}

/// How things stand while the journal is read.
#[derive(Default)]
struct Reading {
    /// What each worker is at, and since when.
    at_work: BTreeMap<u32, (u64, Timestamp)>,
    /// Jobs that fell from a dying worker's hands and were not begun again for its subscriber, and when.
    fallen: BTreeMap<(u64, u32), Timestamp>,
    /// Which jobs were done for which subscriber.
    done: BTreeSet<(u64, u32)>,
    subscribers: Subscribers,
    deaths: Deaths,
}

impl Deaths {
    pub(super) fn of(journal: &Journal) -> Deaths {
        let mut reading = Reading { subscribers: journal.subscribers, ..Reading::default() };
        let mut incidents = journal.incidents.iter().peekable();
        for entry in &journal.entries {
            while let Some(incident) = incidents.next_if(|incident| incident.at < entry.at) {
                reading.incident(incident);
            }
            reading.entry(entry);
        }
        incidents.for_each(|incident| reading.incident(incident));
        reading.deaths.abandoned = reading.fallen.len() as u64;
        reading.deaths
    }
}

impl Reading {
    fn entry(&mut self, entry: &Entry) {
        match entry.event {
            Event::Started { worker, .. } => {
                self.at_work.insert(worker, (entry.job, entry.at));
                if let Some(fell_at) = self.fallen.remove(&(entry.job, self.subscribers.of_worker(worker))) {
                    self.deaths.takeover = self.deaths.takeover.max(Some(entry.at.since(fell_at)));
                }
            }
            Event::Failed { worker } => drop(self.at_work.remove(&worker)),
            Event::Completed { worker } => {
                let begun = self.at_work.remove(&worker);
                if !self.done.insert((entry.job, self.subscribers.of_worker(worker))) {
                    self.deaths.wasted += begun.map_or(Duration::ZERO, |(_, begun_at)| entry.at.since(begun_at));
                }
            }
            Event::Arrived | Event::Admitted | Event::Released | Event::Answered(_) | Event::DeadLettered => {}
        }
    }

    fn incident(&mut self, incident: &Incident) {
        if let Some((job, begun_at)) = self.at_work.remove(&incident.worker) {
            self.deaths.wasted += incident.at.since(begun_at);
            let read = (job, self.subscribers.of_worker(incident.worker));
            if !self.done.contains(&read) {
                self.fallen.insert(read, incident.at);
            }
        }
    }
}
