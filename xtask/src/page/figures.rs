//! The page on the figures of the outcome.

use std::fmt::Write as _;

use gigatwin_factory::metric::{METRICS, MetricDef};

use super::{MARK, cell};

const INTRODUCTION: &str = "\
# Figures of the answer

Every figure that `gigatwin run` can give, with its id. The same ids stand in `run --json` and are what `gigatwin explain FILE ID`
takes; `{name}` stands for a partition, fabric, run, service, tenant or phase of the file, in lower case with hyphens, and for
the code of a Member State.

Formulas are arithmetic over other figures **in base units** (watts, joules, seconds, euros), whatever unit the
figure is shown in; `sum(a.*.b)` adds up all names. Figures without a formula come from the model that is named. A figure that
cannot be said is n/a, never zero.

\"Band from\" names the domain of `gigatwin validate` against whose measurements the model is scored. Where none is named, the band
holds the spread of the inputs alone.

";

/// Title of each room, by the first part of the id.
const ROOMS: &[(&str, &str)] = &[
    ("partition", "Partitions"),
    ("site", "Site"),
    ("fabric", "Network"),
    ("storage", "Storage"),
    ("energy", "Energy"),
    ("training", "Training"),
    ("serving", "Serving"),
    ("cost", "Costs"),
    ("hours", "Hours"),
    ("funding", "Funding"),
    ("finance", "Finance"),
    ("use", "Uses of the hours"),
    ("tune", "Fine-tuning"),
    ("develop", "Development"),
    ("tenant", "Tenants"),
    ("state", "Member States"),
    ("schedule", "Schedule"),
];

/// The page.
pub fn figures() -> String {
    let mut out = format!("{MARK}{INTRODUCTION}");
    let mut room = "";
    for def in METRICS {
        let own = def.id.split('.').next().unwrap_or(def.id);
        if own != room {
            room = own;
            let title = ROOMS.iter().find(|r| r.0 == own).map_or(own, |r| r.1);
            let _ = write!(
                out,
                "## {title}\n\n| id | what | unit | how | band from |\n| --- | --- | --- | --- | --- |\n"
            );
        }
        row(&mut out, def);
        let last = METRICS.iter().rfind(|d| d.id.split('.').next() == Some(own));
        if last.is_some_and(|d| std::ptr::eq(d, def)) {
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn row(out: &mut String, def: &MetricDef) {
    let how = match def.formula {
        Some(formula) => format!("`{}`", cell(formula)),
        None => cell(def.model),
    };
    let unit = if def.unit.is_empty() { "–" } else { def.unit };
    let domain = def.validated_by.map_or_else(|| "–".to_owned(), |d| format!("`{d}`"));
    let _ = writeln!(out, "| `{}` | {} | {unit} | {how} | {domain} |", def.id, cell(def.label));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_one_row_in_a_titled_room() {
        let page = figures();
        for def in METRICS {
            let own = def.id.split('.').next().unwrap_or("");
            assert!(ROOMS.iter().any(|r| r.0 == own), "{own} has no title");
            assert_eq!(page.matches(&format!("\n| `{}` |", def.id)).count(), 1, "{}", def.id);
        }
        for (_, title) in ROOMS {
            assert_eq!(
                page.matches(&format!("## {title}\n")).count(),
                1,
                "{title}: rooms are not contiguous"
            );
        }
    }
}
