//! Progress on stderr: a bar with the time left on a terminal, silence otherwise.

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// A bar of `length` steps, which are called `unit`. Hidden where stderr is no terminal, or one that only prints.
pub fn bar(length: usize, unit: &str) -> ProgressBar {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left  {{wide_msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = if terminal::is_dumb() { ProgressBar::hidden() } else { ProgressBar::no_length() };
    bar.set_length(length as u64);
    bar.with_style(style)
}
