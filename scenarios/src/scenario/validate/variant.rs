//! Variants must be scenarios themselves, and claims must speak of what is played.

use std::collections::BTreeSet;

use super::{Checked, ensure, not_blank, quoted};
use crate::scenario::{Invalid, Scenario};

pub(super) fn variants(scenario: &Scenario) -> Checked {
    let mut names = BTreeSet::new();
    for (index, variant) in scenario.variants.iter().enumerate() {
        let key = |name: &str| format!("variant[{index}].{name}");
        let allowed =
            |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
        let is_name = !variant.name.is_empty() && variant.name.chars().all(allowed);
        ensure(is_name, key("name"), "lower-case letters, digits and hyphens", quoted(&variant.name))?;
        ensure(names.insert(&variant.name), key("name"), "a name of its own", quoted(&variant.name))?;
        not_blank(key("what"), &variant.what)?;
        ensure(!variant.changes.is_empty(), format_args!("variant[{index}]"), "settings that differ", "none")?;
        let changed = variant.apply(scenario).map_err(|invalid| within_variant(index, invalid))?;
        changed.validate().map_err(|invalid| within_variant(index, invalid))?;
    }
    Ok(())
}

fn within_variant(index: usize, invalid: Invalid) -> Invalid {
    Invalid { key: format!("variant[{index}].{}", invalid.key), ..invalid }
}

pub(super) fn unplayable(scenario: &Scenario) -> Checked {
    let mut reasons = scenario.unplayable.iter();
    reasons.try_for_each(|(architecture, why)| not_blank(format_args!("unplayable.{architecture}"), why))
}

pub(super) fn claims(scenario: &Scenario) -> Checked {
    let played: BTreeSet<_> = scenario.subjects(&crate::Architecture::ALL).into_iter().collect();
    for (index, claim) in scenario.claims.iter().enumerate() {
        not_blank(format_args!("claim[{index}].because"), &claim.because)?;
        for subject in claim.expression.subjects() {
            let expected = "an architecture, or a variant of one, that is played";
            ensure(played.contains(subject), format_args!("claim[{index}].claim"), expected, subject)?;
        }
    }
    Ok(())
}
