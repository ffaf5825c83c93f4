//! All defects, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::alteration::Alteration;
use super::{content, copies, count, credit, death, lost, memory, order};
use crate::check::Anomaly;

macro_rules! defects {
    ($($(#[$doc:meta])+ $name:ident, $text:literal, $anomaly:ident, $alteration:expr;)+) => {
        /// One way to break a broker.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Defect {
            $($(#[$doc])+ $name,)+
        }

        impl Defect {
            /// All of them, in the order of the anomalies that they show.
            pub const ALL: &[Defect] = &[$(Defect::$name),+];

            /// Its name, as plans and the command line have it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Defect::$name => $text,)+
                }
            }

            /// The anomaly that it has to be caught by.
            pub fn breaks(self) -> Anomaly {
                match self {
                    $(Defect::$name => Anomaly::$anomaly,)+
                }
            }

            /// A broker's alteration by it.
            pub(super) fn alteration(self) -> Box<dyn Alteration> {
                match self {
                    $(Defect::$name => Box::new($alteration),)+
                }
            }
        }
    };
}

defects! {
    /// What a consumer held when its connection ended is gone instead of requeued.
    LosesOnCrash, "loses-on-crash", Lost, lost::LosesOnCrash::default();
    /// Every fifth publish is confirmed and dropped.
    DropsConfirmed, "drops-confirmed", Lost, lost::DropsConfirmed::default();
    /// Every seventh delivery is of a message that nobody published.
    InventsMessages, "invents-messages", Invented, content::InventsMessages::default();
    /// Every seventh delivery has a byte more in its body.
    CorruptsBodies, "corrupts-bodies", Corrupted, content::CorruptsBodies::default();
    /// A message that comes back has lost its properties.
    LosesProperties, "loses-properties", Corrupted, content::LosesProperties;
    /// Every fifth acknowledgement requeues.
    RequeuesAcknowledged, "requeues-acknowledged", Resurrected, copies::RequeuesAcknowledged::default();
    /// Of two deliveries in a row to one consumer, each carries the other's message.
    SwapsDeliveries, "swaps-deliveries", Reordered, order::SwapsDeliveries::default();
    /// What is requeued goes to the end of its queue.
    RequeuesAtTheEnd, "requeues-at-the-end", Reordered, order::RequeuesAtTheEnd::default();
    /// Messages are delivered in the order of their taking, whatever their priorities.
    IgnoresPriority, "ignores-priority", Reordered, order::IgnoresPriority;
    /// Every fifth delivery is made twice, if somebody has credit for a second one.
    DeliversTwice, "delivers-twice", DoubleHeld, copies::DeliversTwice::default();
    /// Redeliveries say that they are none.
    ForgetsTheCount, "forgets-the-count", Miscounted, count::ForgetsTheCount;
    /// Dead letters do not say how they died.
    ForgetsDeaths, "forgets-deaths", Miscounted, count::ForgetsDeaths;
    /// The delivery limit is one less than it was declared.
    DiesEarly, "dies-early", DeadLetteredEarly, death::WrongLimit::early();
    /// Messages live half as long as was declared.
    ExpiresEarly, "expires-early", DeadLetteredEarly, death::WrongTimeToLive::short();
    /// The delivery limit is one more than it was declared.
    DiesLate, "dies-late", DeadLetteredLate, death::WrongLimit::late();
    /// Messages live for ever, whatever was declared.
    NeverExpires, "never-expires", DeadLetteredLate, death::WrongTimeToLive::none();
    /// Every dead letter is published twice.
    DiesTwice, "dies-twice", DeadLetteredTwice, death::DiesTwice::default();
    /// What is rejected is destroyed, and no dead letter.
    DestroysRejected, "destroys-rejected", DeadLetteredNever, death::DestroysRejected;
    /// Prefetch is one more than was asked for.
    ExceedsPrefetch, "exceeds-prefetch", Overfetched, credit::WrongPrefetch::more();
    /// All consumers are served, where only one should be.
    ServesStandbys, "serves-standbys", Overfetched, credit::ServesStandbys;
    /// Prefetch is one less than was asked for, unless that is one.
    UnderusesPrefetch, "underuses-prefetch", Starved, credit::WrongPrefetch::less();
    /// What a consumer held when its connection ended is held for ever.
    KeepsAfterCrash, "keeps-after-crash", Leaked, memory::KeepsAfterCrash;
    /// Queues have no length limit, whatever they were declared with.
    IgnoresLength, "ignores-length", Unbounded, memory::IgnoresLength;
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Defect {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Defect::ALL.iter().copied().find(|defect| defect.name() == name).ok_or_else(|| {
            let names: Vec<_> = Defect::ALL.iter().map(|defect| defect.name()).collect();
            format!("no defect '{name}': expected one of {}", names.join(", "))
        })
    }
}
