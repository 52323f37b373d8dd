//! A report in the terminal.

use gigatwin_output::{Block, Chart, Report};

use crate::console::{bold, faint};
use crate::layout::{PAGE, Side, table, width, wrap};

pub(in crate::command::finance) fn text(report: &Report, colour: bool) -> String {
    let mut out = format!("{}\n", bold(&report.title, colour));
    for line in wrap(&report.subtitle, PAGE) {
        out.push_str(&format!("{line}\n"));
    }
    for (i, page) in report.pages.iter().enumerate() {
        out.push_str(&format!("\n{}\n", bold(&format!("{}. {}", i + 1, page.title), colour)));
        for block in &page.blocks {
            one(block, colour, &mut out);
        }
    }
    out.push_str(&format!("\n{}\n", faint(&report.stamp, colour)));
    out
}

fn one(block: &Block, colour: bool, out: &mut String) {
    match block {
        Block::Heading(text) => out.push_str(&format!("\n{}\n", bold(text, colour))),
        Block::Text(text) => {
            for line in wrap(text, PAGE - 2) {
                out.push_str(&format!("  {line}\n"));
            }
        }
        Block::Points(points) => {
            for p in points {
                for (i, line) in wrap(p, PAGE - 4).iter().enumerate() {
                    out.push_str(&format!("  {} {line}\n", if i == 0 { "·" } else { " " }));
                }
            }
        }
        Block::Table { head, rows, left } => out.push_str(&rows_of(head, rows, *left)),
        Block::Chart(chart) => drawn(chart, out),
    }
}

/// A table where it fits the page; else each row as a paragraph under its first cell.
fn rows_of(head: &[String], rows: &[Vec<String>], left: usize) -> String {
    let mut all = vec![head.to_vec()];
    all.extend(rows.iter().cloned());
    let sides: Vec<Side> = (0..head.len()).map(|c| if c < left { Side::Left } else { Side::Right }).collect();
    let flat = table(&sides, &all);
    if flat.lines().all(|l| width(l) <= PAGE) {
        return flat;
    }
    let mut out = String::new();
    for row in rows {
        let first = row.first().map_or("", String::as_str);
        let rest: Vec<String> = head
            .iter()
            .zip(row)
            .skip(1)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(title, cell)| if title.is_empty() { cell.clone() } else { format!("{title} {cell}") })
            .collect();
        out.push_str(&format!("  {first}\n"));
        for line in crate::layout::flow(&rest, PAGE - 6) {
            out.push_str(&format!("      {line}\n"));
        }
    }
    out
}

const WIDEST: f64 = 40.0;

fn drawn(chart: &Chart, out: &mut String) {
    let (title, labels, values) = match chart {
        Chart::Bars { title, labels, parts, .. } => {
            let sums: Vec<f64> =
                (0..labels.len()).map(|i| parts.iter().filter_map(|p| p.1.get(i)).sum()).collect();
            (title, labels, sums)
        }
        Chart::Band { title, labels, base, .. } => (title, labels, base.clone()),
    };
    let most = values.iter().fold(0.0_f64, |m, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    out.push('\n');
    for line in wrap(title, PAGE - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    for (label, v) in labels.iter().zip(&values) {
        let bar = "█".repeat((v.abs() / most * WIDEST).round() as usize);
        let decimals = usize::from(most < 100.0) * 2;
        out.push_str(format!("  {label:>6} {v:>9.decimals$} {bar}").trim_end());
        out.push('\n');
    }
}
