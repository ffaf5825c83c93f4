//! A channel as its client knows it: what was answered on it, and from when on the broker may have given it up.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;

use super::Settle;

/// One life of a channel.
#[derive(Debug, Default)]
pub struct Channel {
    /// Where it was opened.
    pub opened: usize,
    /// Where it was closed, found lost, or crashed with its client.
    pub ended: Option<usize>,
    /// From where on the broker may have given it up, silence aside.
    pub doubtful: Option<usize>,
    /// Where it may have fallen silent, and when the broker may give it up for that.
    silence: Option<(usize, Timestamp)>,
    /// Where an operation was invoked, and where it was answered; in the order of the first, and the second is the
    /// first answer to this operation or a later one.
    answers: Vec<(usize, usize)>,
    /// Deliveries by tag that nothing was said of yet.
    pub unsettled: BTreeMap<u64, usize>,
    /// The settlements with `multiple`, by the tag up to which they go: they count for deliveries that another task of
    /// the client records only later.
    pub settled_up_to: BTreeMap<u64, Settle>,
    /// Its latest get: where it was asked for, and whether it is acknowledged by sending.
    pub latest_get: Option<(usize, bool)>,
}

impl Channel {
    pub fn open(place: usize) -> Self {
        Channel { opened: place, ..Channel::default() }
    }

    /// From here on the broker may have given it up.
    pub fn doubt(&mut self, place: usize) {
        self.doubtful = Some(self.doubtful.map_or(place, |doubtful| doubtful.min(place)));
    }

    /// From here on it may be silent, and from `until` on given up for that.
    pub fn fall_silent(&mut self, place: usize, until: Timestamp) {
        self.silence.get_or_insert((place, until));
    }

    /// It is over.
    pub fn end(&mut self, place: usize) {
        self.ended.get_or_insert(place);
    }

    /// An operation was answered. Operations may be answered in any order.
    pub fn answer(&mut self, invoked: usize, answered: usize) {
        self.answers.push((invoked, answered));
    }

    /// Everything was read.
    ///
    /// A channel that was lost for no recorded reason was ended by the broker, at a time that the client cannot know,
    /// but after it took the last operation that it answered.
    pub fn finish(&mut self, lost: Option<(usize, Timestamp)>) {
        self.answers.sort_unstable();
        if let Some((lost, at)) = lost {
            let given_up = self.silence.is_some_and(|(_, until)| until <= at);
            if !given_up && self.doubtful.is_none_or(|doubtful| doubtful > lost) {
                let alive = self.answers.iter().rev().find(|(_, answered)| *answered < lost);
                self.doubt(alive.map_or(self.opened, |(invoked, _)| *invoked));
            }
        }
        let mut first = usize::MAX;
        for (_, answered) in self.answers.iter_mut().rev() {
            first = first.min(*answered);
            *answered = first;
        }
    }

    /// Where it became certain that the broker had taken what was sent here at `place`: the first answer to that or to
    /// anything later. Then the channel was alive all that time.
    pub fn taken_by(&self, place: usize) -> Option<usize> {
        let later = self.answers.partition_point(|(invoked, _)| *invoked < place);
        self.answers.get(later).map(|(_, answered)| *answered)
    }

    /// Whether the broker may have given it up before `place`, where the clock said `at`.
    pub fn may_be_given_up(&self, place: usize, at: Timestamp) -> bool {
        self.ended.into_iter().chain(self.doubtful).any(|doubt| doubt < place)
            || self.silence.is_some_and(|(silent, until)| silent < place && until <= at)
    }

    /// The first sign that the broker may give it up, now or later.
    pub fn first_doubt(&self) -> Option<usize> {
        self.ended.into_iter().chain(self.doubtful).chain(self.silence.map(|(place, _)| place)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_later_answer_proves_what_was_sent_before() {
        let mut channel = Channel::open(0);
        channel.answer(10, 40);
        channel.answer(20, 30);
        channel.finish(None);
        assert_eq!(channel.taken_by(5), Some(30));
        assert_eq!(channel.taken_by(20), Some(30));
        assert_eq!(channel.taken_by(21), None);
    }

    #[test]
    fn an_unexplained_loss_is_in_doubt_since_the_last_sign_of_life() {
        let mut channel = Channel::open(0);
        channel.answer(10, 20);
        channel.end(50);
        channel.finish(Some((50, Timestamp::EPOCH)));
        assert!(!channel.may_be_given_up(10, Timestamp::EPOCH));
        assert!(channel.may_be_given_up(11, Timestamp::EPOCH));
    }

    #[test]
    fn silence_has_to_last() {
        let mut channel = Channel::open(0);
        channel.fall_silent(5, Timestamp::from_nanoseconds(100));
        channel.finish(None);
        assert!(!channel.may_be_given_up(9, Timestamp::from_nanoseconds(99)));
        assert!(channel.may_be_given_up(9, Timestamp::from_nanoseconds(100)));
    }
}
