//! Every interleaving of a small world, depth first.
//!
//! There is no going back in a broker, so each branch is played again from the beginning, which is a dozen commands.
//!
//! Branches that have come to the same state are followed once. This is sound because a state is compared whole: the
//! broker with all its private parts, the clients and the oracle, as their debug texts show them. The broker decides by
//! these alone (it has no clock, no randomness and no input but commands), so what follows from equal states is equal.
//! Its debug text leaves out what a message contains, but not how long it is, and no two messages here have one length.
//! That the merging loses nothing is tested: without it, the same number of interleavings is found.

use std::collections::BTreeMap;

use handoff_sim::defect::{Defect, Defective};
use xxhash_rust::xxh3::xxh3_128;

use super::clients::{Play, Step, World};

/// What was visited.
#[derive(Debug, Default, PartialEq)]
pub struct Visited {
    /// Sequences of steps from the beginning to an end, no two alike.
    pub interleavings: u128,
    /// States, counted as often as they were followed.
    pub states: u64,
    /// Steps that were taken and judged.
    pub steps: u64,
    /// The longest sequence.
    pub longest: usize,
}

/// A sequence of steps after which something is wrong.
#[derive(Debug, PartialEq)]
pub struct Wrong {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What is wrong after the last.
    pub what: String,
}

/// A search under way.
pub struct Search {
    world: World,
    defect: Option<Defect>,
    /// How many interleavings follow from a state; `None` if states are not merged.
    known: Option<BTreeMap<u128, u128>>,
    path: Vec<Step>,
    visited: Visited,
    most_steps: u64,
}

impl Search {
    /// Of all of a world, with the broker as it is.
    pub fn new(world: World) -> Self {
        let known = Some(BTreeMap::new());
        Search { world, defect: None, known, path: Vec::new(), visited: Visited::default(), most_steps: u64::MAX }
    }

    /// Without merging states.
    pub fn unmerged(self) -> Self {
        Search { known: None, ..self }
    }

    /// With a broken broker. States are not merged, since a defect's own state cannot be seen; hence the limit.
    pub fn with_defect(self, defect: Defect, most_steps: u64) -> Self {
        Search { defect: Some(defect), known: None, most_steps, ..self }
    }

    /// Visits everything, or what there is until something is wrong; then, as few steps as show it.
    pub fn run(mut self) -> Result<Visited, Wrong> {
        match self.follow() {
            Ok(interleavings) => Ok(Visited { interleavings, ..self.visited }),
            Err(wrong) => Err(self.shrink(wrong)),
        }
    }

    /// Leaves out one step after the other, as long as the rest can be taken and something is wrong after it.
    fn shrink(&self, mut wrong: Wrong) -> Wrong {
        let mut index = 0;
        while index < wrong.steps.len() {
            let mut fewer = wrong.steps.clone();
            fewer.remove(index);
            match self.retrace(&fewer) {
                Some(smaller) => (wrong, index) = (smaller, 0),
                None => index += 1,
            }
        }
        wrong
    }

    /// What is wrong after some of these steps, if something is and all up to there can be taken.
    fn retrace(&self, steps: &[Step]) -> Option<Wrong> {
        let mut play = Play::new(self.world, Defective::new(self.defect)).ok()?;
        for (index, step) in steps.iter().enumerate() {
            if !play.steps().contains(step) {
                return None;
            }
            if let Err(what) = play.take(*step).and_then(|()| play.judge()) {
                return Some(Wrong { steps: steps[..=index].to_vec(), what });
            }
        }
        let what = if play.steps().is_empty() { play.judge_end().err() } else { None };
        what.map(|what| Wrong { steps: steps.to_vec(), what })
    }

    /// Follows all that can come after the path. The number of interleavings.
    fn follow(&mut self) -> Result<u128, Wrong> {
        if self.visited.steps > self.most_steps {
            return Ok(0);
        }
        let play = self.play();
        let mut play = play.map_err(|what| self.wrong(what))?;
        let steps = play.steps();
        let key = self.known.is_some().then(|| key(&play));
        if let (Some(known), Some(key)) = (&self.known, key)
            && let Some(interleavings) = known.get(&key)
        {
            return Ok(*interleavings);
        }
        self.visited.states += 1;
        self.visited.longest = self.visited.longest.max(self.path.len());
        let mut interleavings = u128::from(steps.is_empty());
        if steps.is_empty() {
            play.judge_end().map_err(|what| self.wrong(what))?;
        }
        for step in steps {
            self.path.push(step);
            interleavings += self.follow()?;
            self.path.pop();
        }
        if let (Some(known), Some(key)) = (&mut self.known, key) {
            known.insert(key, interleavings);
        }
        Ok(interleavings)
    }

    /// Plays the path from the beginning. All but its last step were judged before.
    fn play(&mut self) -> Result<Play, String> {
        self.visited.steps += 1;
        let mut play = Play::new(self.world, Defective::new(self.defect))?;
        self.path.iter().try_for_each(|step| play.take(*step))?;
        play.judge()?;
        Ok(play)
    }

    fn wrong(&self, what: String) -> Wrong {
        Wrong { steps: self.path.clone(), what }
    }
}

/// A state by a hash of 128 bits: two different ones of a million have the same with a chance of 1 in 10^26.
fn key(play: &Play) -> u128 {
    xxh3_128(play.describe().as_bytes())
}
