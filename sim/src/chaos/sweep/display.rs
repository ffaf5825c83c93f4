//! A sweep in words.

use std::fmt;

use super::found::Found;
use super::summary::{FaultTally, Sweep};

impl fmt::Display for Sweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_size(formatter)?;
        self.fmt_faults(formatter)?;
        writeln!(formatter, "sometimes:")?;
        for (sometimes, count) in &self.sometimes {
            writeln!(formatter, "  {}: {count}", sometimes.as_str())?;
        }
        for sometimes in &self.missing {
            writeln!(formatter, "never happened: {}", sometimes.as_str())?;
        }
        for found in &self.found {
            let Found { failure, seeds, messages, faults, .. } = found;
            let (count, first) = (seeds.len(), seeds[0]);
            writeln!(
                formatter,
                "{failure}: {count} seeds, the first {first}, shrunk to {messages} messages and {faults} faults"
            )?;
            formatter.write_str(&found.story)?;
        }
        Ok(())
    }
}

impl Sweep {
    fn fmt_size(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sweep { seeds, messages, simulated_s, real_s, .. } = self;
        writeln!(formatter, "{seeds} seeds, {messages} messages, {simulated_s:.0} simulated seconds in {real_s:.1} s")?;
        let Sweep { seeds_per_s, seeds_per_s_and_core, network_messages_per_s, .. } = self;
        writeln!(
            formatter,
            "{seeds_per_s:.0} seeds/s, {seeds_per_s_and_core:.0} on each core; \
             {network_messages_per_s:.0} network messages/s"
        )
    }

    fn fmt_faults(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FaultTally { planned, inert, .. } = self.all_faults();
        let Sweep { well_faulted, seeds, profile, .. } = self;
        let enough = profile.enough_faults();
        writeln!(
            formatter,
            "faults: {planned} injected, of which {inert} changed nothing; in {well_faulted} of {seeds} \
             seeds at least {enough} changed something"
        )?;
        for (kind, FaultTally { planned, inert, .. }) in &self.faults {
            writeln!(formatter, "  {kind}: {planned}, of which {inert} changed nothing")?;
        }
        Ok(())
    }
}
