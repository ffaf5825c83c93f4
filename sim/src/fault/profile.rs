//! How large the plans are that are drawn.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A size of plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// 200 messages, 4 producers and 4 consumers in the mean, at least 20 faults.
    #[default]
    Default,
    /// 40 messages, 2 producers and 2 consumers in the mean, at least 3 faults.
    Small,
}

/// What a profile means.
pub(super) struct Size {
    /// In the mean.
    pub messages: usize,
    /// The most producers, and the most consumers. The mean is half of one more.
    pub clients: usize,
    /// The most queues, without those for dead letters.
    pub queues: usize,
    pub faults: RangeInclusive<usize>,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 2] = [Profile::Default, Profile::Small];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Small => "small",
        }
    }

    /// How many faults of a run have to change something, so that the run is worth its name.
    pub fn enough_faults(self) -> usize {
        match self {
            Profile::Default => 5,
            Profile::Small => 1,
        }
    }

    pub(super) fn size(self) -> Size {
        match self {
            Profile::Default => Size { messages: 200, clients: 7, queues: 4, faults: 20..=30 },
            Profile::Small => Size { messages: 40, clients: 3, queues: 2, faults: 3..=6 },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| {
            let names: Vec<_> = Profile::ALL.iter().map(|profile| profile.name()).collect();
            format!("no profile '{name}': expected {}", names.join(" or "))
        })
    }
}
