//! The report as Markdown that reads well in a pull request. Its charts are SVG files in `charts/` beside it.

use std::fmt::Write;

use crate::chart::Chart;
use crate::table::Table;
use crate::view::{BenchmarkSection, Card, Chapter, Panel, Report, SystemsSection};

/// The report.
pub(crate) fn markdown(report: &Report<'_>) -> String {
    let mut page = Page::default();
    page.heading(1, "Call, queue or log?");
    page.paragraph(&format!("Seed {}; {}.", report.results.seed, report.claims_in_words()));
    page.heading(2, "The answer");
    report.cards.iter().for_each(|one| card(&mut page, one));
    report.chapters.iter().for_each(|one| chapter(&mut page, one));
    page.heading(2, "Benchmarks");
    page.paragraph("Measured on the real clock, and not comparable with the simulated figures above.");
    if report.benchmarks.is_empty() {
        page.paragraph("No benchmark was part of this run.");
    }
    report.benchmarks.iter().for_each(|one| benchmark(&mut page, one));
    report.systems.iter().for_each(|one| systems(&mut page, one));
    proof(&mut page, report);
    colophon(&mut page, report);
    page.text
}

fn card(page: &mut Page, card: &Card<'_>) {
    page.heading(3, &format!("{}: {}", card.advice.title, card.advice.headline));
    page.raw(&format!("**Choose it when** {}", escape(card.advice.choose)));
    page.raw(&format!("**Not when** {}", escape(card.advice.avoid)));
    let mut list = String::new();
    for evidence in &card.evidence {
        let title = escape(evidence.title);
        if evidence.anchor.is_none() {
            let _ = writeln!(list, "- {title}: no figure, not in this run");
        }
        for (label, cell) in &evidence.figures {
            let _ = writeln!(list, "- {title}: {label} **{}**", escape(&cell.plain()));
        }
    }
    page.raw(list.trim_end());
}

fn chapter(page: &mut Page, chapter: &Chapter<'_>) {
    let scenario = chapter.scenario;
    page.heading(2, &format!("{}. {}", chapter.number, scenario.title));
    page.raw(&format!("**{}**", escape(&scenario.question)));
    let settings = scenario.settings.iter().map(|setting| format!("{}: {}", setting.label, setting.value));
    let [jobs, seeds] = &chapter.size;
    let size = [format!("jobs: {}", jobs.text), format!("seeds: {}", seeds.text)];
    page.list(size.into_iter().chain(settings));
    page.fold("Guess first: which of the three does best?", |page| {
        chapter.idea().iter().for_each(|paragraph| page.paragraph(paragraph));
        page.list(chapter.outcomes.iter().map(|outcome| format!("{}: {}", outcome.who, outcome.says)));
    });
    chapter.panels.iter().for_each(|one| panel(page, one));
    if let Some(variants) = &chapter.variants {
        page.heading(3, "With other settings");
        page.table(variants);
    }
    if !chapter.claims.is_empty() {
        page.heading(3, "Claims");
        let claims = chapter.claims.iter().map(|judged| {
            let verdict = format!("{} {}", judged.verdict().sign(), judged.word());
            let sides = judged.sides.iter().map(|(side, value)| format!(" {side} {};", value.text)).collect::<String>();
            let detail = judged.claim.detail.as_deref().unwrap_or_default();
            let because = &judged.claim.because;
            format!("- {verdict}: {} – {}", code(&judged.claim.claim), escape(&format!("{because};{sides} {detail}")))
        });
        page.raw(&claims.collect::<Vec<_>>().join("\n"));
    }
    page.heading(3, "Why");
    chapter.why().iter().for_each(|paragraph| page.paragraph(paragraph));
    page.paragraph("This chapter again:");
    page.block(&scenario.command);
}

fn panel(page: &mut Page, panel: &Panel) {
    page.heading(3, &format!("Figures, {}", panel.clock.label()));
    page.table(&panel.durations);
    page.table(&panel.jobs);
    page.charts(&panel.strip);
    page.charts(&panel.charts);
    page.table(&panel.verdicts.table);
    for finding in &panel.verdicts.findings {
        page.fold(&finding.title(), |page| {
            finding.guarantee.reason.iter().for_each(|reason| page.paragraph(reason));
            finding.guarantee.witness.iter().for_each(|events| page.block(events));
            finding.guarantee.replay.iter().for_each(|command| page.block(command));
        });
    }
}

fn benchmark(page: &mut Page, section: &BenchmarkSection<'_>) {
    page.heading(3, &section.benchmark.name);
    page.paragraph(&format!("{} Offered: {} jobs a second.", section.benchmark.workload, section.rate.text));
    page.table(&section.figures);
    page.charts(&section.charts);
    page.table(&section.targets);
}

fn systems(page: &mut Page, section: &SystemsSection<'_>) {
    page.heading(3, "Brokers side by side");
    page.paragraph(&format!("Measured by handoff {} on {}.", section.systems.version, section.machine()));
    section.goals.iter().for_each(|goals| page.table(goals));
    page.charts(&section.charts);
    for (workload, table) in &section.workloads {
        page.paragraph(&format!("{}; {} repetitions.", workload.workload, workload.repetitions));
        page.table(table);
    }
    if section.has_limited() {
        page.paragraph("* The generator was at its limit: the system may be faster than this.");
    }
    page.list(section.systems.failures.iter().map(|failure| format!("failed: {failure}")));
    page.list(section.systems.left_out.iter().map(|one| format!("not measured: {}: {}", one.label, one.value)));
    page.table(&section.targets);
    page.block(&section.systems.command);
}

fn proof(page: &mut Page, report: &Report<'_>) {
    page.heading(2, "Proof");
    page.table(&report.proof.invariants);
    match &report.proof.exploration {
        Some(sweep) => {
            page.table(&sweep.figures);
            page.table(&sweep.sometimes);
        }
        None => page.paragraph("No sweep was part of this run."),
    }
    match &report.proof.defects {
        Some(table) => page.table(table),
        None => page.paragraph("No broken broker was part of this run."),
    }
    match &report.proof.theory {
        Some(table) => page.table(table),
        None => page.paragraph("Theory was not compared in this run."),
    }
}

fn colophon(page: &mut Page, report: &Report<'_>) {
    page.heading(2, "Colophon");
    page.paragraph("This report was made by:");
    page.block(&report.results.generated_by.command);
    page.list(report.colophon.iter().map(|(label, value)| format!("{label}: {value}")));
}

/// Markdown being written: blocks with an empty line between them.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn raw(&mut self, block: &str) {
        if !block.is_empty() {
            let _ = writeln!(self.text, "{}{block}", if self.text.is_empty() { "" } else { "\n" });
        }
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.raw(&format!("{} {}", "#".repeat(level), escape(text)));
    }

    fn paragraph(&mut self, text: &str) {
        self.raw(&escape(text));
    }

    fn list(&mut self, items: impl Iterator<Item = String>) {
        let lines: Vec<String> = items.map(|item| format!("- {}", escape(&item))).collect();
        self.raw(&lines.join("\n"));
    }

    /// Text as it is, in a fence longer than any run of backticks in it.
    fn block(&mut self, text: &str) {
        let fence = "`".repeat(longest_run_of_backticks(text).max(2) + 1);
        self.raw(&format!("{fence}text\n{text}\n{fence}"));
    }

    /// Something to unfold. The summary is words of ours: Markdown does not look inside this line, so that nothing in
    /// it could be escaped.
    fn fold(&mut self, summary: &str, content: impl FnOnce(&mut Page)) {
        self.raw(&format!("<details><summary>{summary}</summary>"));
        content(self);
        self.raw("</details>");
    }

    fn charts(&mut self, charts: &[Chart]) {
        for chart in charts {
            let alternative = escape(&format!("{}. {}", chart.title, chart.description));
            self.raw(&format!("![{alternative}](charts/{}.svg)", chart.name));
        }
    }

    fn table(&mut self, table: &Table) {
        self.raw(&format!("*{}*", escape(&table.caption)));
        let mut text = row(std::iter::once(table.corner.clone()).chain(table.columns.iter().cloned()));
        text.push_str(&row(std::iter::once(":--".into()).chain(table.columns.iter().map(|_| "--:".into()))));
        for group in &table.groups {
            if !group.label.is_empty() {
                let rest = table.columns.iter().map(|_| String::new());
                text.push_str(&row(std::iter::once(format!("**{}**", escape(&group.label))).chain(rest)));
            }
            for one in &group.rows {
                let cells = one.cells.iter().map(|cell| escape(&cell.plain()));
                text.push_str(&row(std::iter::once(escape(&one.label)).chain(cells)));
            }
        }
        self.raw(text.trim_end());
    }
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Text that Markdown shows as it is, in one line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => escaped.extend(['\\', character]),
            '&' => escaped.push_str("&amp;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Text as code in a line of text.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run_of_backticks(text) + 1);
    let gap = if text.contains('`') { " " } else { "" };
    format!("{fence}{gap}{}{gap}{fence}", text.replace(['\n', '\r'], " "))
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}
