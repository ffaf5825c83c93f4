//! What stdout can show: colour and block characters on a terminal, plain text anywhere else.
//!
//! `NO_COLOR` (any value) and `TERM=dumb` are respected; a pipe gets no colour. Whether output is plain changes its
//! looks only, never what it says.

use console::{Style, StyledObject};

/// Shades from nothing to all.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same for terminals that have letters only.
const LETTERS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Something that holds.
pub fn good(text: &str) -> StyledObject<&str> {
    Style::new().green().apply_to(text)
}

/// Something that does not.
pub fn bad(text: &str) -> StyledObject<&str> {
    Style::new().red().bold().apply_to(text)
}

/// Something that neither does nor does not.
pub fn plain(text: &str) -> StyledObject<&str> {
    Style::new().apply_to(text)
}

/// Whether the terminal can do nothing but print letters.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// `values` over time in at most `width` characters, each the largest of its stretch; `full` is the highest character.
/// Empty if there is nothing to show.
pub fn sparkline(values: &[u64], full: u64, width: usize) -> String {
    let shades = if is_dumb() { LETTERS } else { BLOCKS };
    stretches(values, width).map(|value| shades[shade(value, full)]).collect()
}

fn stretches(values: &[u64], width: usize) -> impl Iterator<Item = u64> {
    let length = values.len().div_ceil(width.max(1)).max(1);
    values.chunks(length).map(|stretch| stretch.iter().copied().max().unwrap_or(0))
}

/// Nothing is the lowest shade, and anything at all is more than that.
fn shade(value: u64, full: u64) -> usize {
    let steps = BLOCKS.len() as u64 - 1;
    match (value, full) {
        (0, _) | (_, 0) => 0,
        _ => (value.min(full) * steps).div_ceil(full) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_shows_its_largest_value() {
        assert_eq!(stretches(&[1, 9, 2, 3, 4], 3).collect::<Vec<_>>(), [9, 3, 4]);
        assert_eq!(stretches(&[1, 2], 10).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(stretches(&[], 10).count(), 0);
    }

    #[test]
    fn anything_at_all_is_more_than_nothing_and_all_is_full() {
        assert_eq!([0, 1, 500, 1_000, 2_000].map(|value| shade(value, 1_000)), [0, 1, 4, 7, 7]);
        assert_eq!(shade(0, 0), 0);
    }
}
