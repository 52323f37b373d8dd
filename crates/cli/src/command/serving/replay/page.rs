//! What a replay gives, for people, for machines, and as tables.

use std::path::Path;

use gigatwin_output::{Stamp, Table};
use gigatwin_quantity::Time;
use gigatwin_serving::Band;
use gigatwin_serving::event::{Quantiles, Replay as Done};
use serde_json::{Map, Value, json};

use super::load::Requests;
use super::target::Target;
use crate::args::replay::Replay;
use crate::console::{bold, faint};
use crate::context::Context;
use crate::exit::Fault;
use crate::files;
use crate::layout::{Side, table};

/// Columns of the chart.
const CHART: usize = 72;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// All that is shown.
pub(super) struct View<'a> {
    pub context: &'a Context,
    pub target: &'a Target,
    pub requests: &'a Requests,
    pub done: &'a Done,
    pub args: &'a Replay,
    pub sha256: &'a str,
}

/// A figure of the whole replay.
struct Figure {
    id: String,
    unit: &'static str,
    value: Option<f64>,
    band: Option<Band>,
}

impl View<'_> {
    fn objectives(&self) -> (Option<Time>, Option<Time>) {
        let planned = self.target.demand.map(|(_, _, ttft, tpot)| (ttft, tpot));
        let given = |option: Option<f64>, planned: Option<Time>| option.map(Time::from_ms).or(planned);
        (given(self.args.ttft, planned.map(|p| p.0)), given(self.args.tpot, planned.map(|p| p.1)))
    }

    fn latencies(&self) -> [(&'static str, Option<Quantiles>, Option<Band>); 3] {
        let (s, c) = (&self.done.summary, &self.target.calibration);
        [("ttft", s.ttft, Some(c.ttft_band)), ("tpot", s.tpot, Some(c.tpot_band)), ("e2e", s.e2e, None)]
    }

    fn figures(&self) -> Vec<Figure> {
        let s = &self.done.summary;
        let mut out = Vec::new();
        for (name, quantiles, band) in self.latencies() {
            let of = |f: fn(&Quantiles) -> Time| quantiles.as_ref().map(|q| f(q).ms());
            let list: [(&str, Option<f64>); 6] = [
                ("mean", of(|q| q.mean)),
                ("p50", of(|q| q.p50)),
                ("p90", of(|q| q.p90)),
                ("p95", of(|q| q.p95)),
                ("p99", of(|q| q.p99)),
                ("max", of(|q| q.max)),
            ];
            for (quantile, value) in list {
                out.push(Figure { id: format!("{name}_{quantile}_ms"), unit: "ms", value, band });
            }
        }
        let mut plain = |id: &str, unit: &'static str, value: f64| {
            out.push(Figure { id: id.to_owned(), unit, value: Some(value), band: None });
        };
        plain("requests", "1", s.requests as f64);
        plain("completed", "1", s.completed as f64);
        plain("refused", "1", s.refused as f64);
        plain("makespan_s", "s", s.makespan.s());
        plain("output_tokens", "tokens", s.output_tokens as f64);
        plain("output_tokens_per_s", "tokens/s", s.output_per_s);
        plain("output_tokens_per_s_chip", "tokens/s", s.output_per_s / s.chips.max(1) as f64);
        plain("prompt_tokens", "tokens", s.prompt_tokens as f64);
        plain("cached_tokens", "tokens", s.cached_tokens as f64);
        let all = (s.prompt_tokens + s.cached_tokens).max(1) as f64;
        plain("cache_hit_share", "1", s.cached_tokens as f64 / all);
        plain("preemptions", "1", s.preemptions as f64);
        plain("mean_batch", "requests", s.mean_batch);
        plain("kv_occupancy", "1", s.kv_occupancy.fraction());
        plain("kv_peak", "1", s.kv_peak.fraction());
        plain("decode_share", "1", s.decode_share.fraction());
        plain("prompt_share", "1", s.prompt_share.fraction());
        plain("idle_share", "1", s.idle_share.fraction());
        plain("chips", "1", s.chips as f64);
        if let (ttft, tpot) = self.objectives()
            && (ttft.is_some() || tpot.is_some())
        {
            let never = Time::from_s(f64::MAX);
            let good = self.done.goodput(ttft.unwrap_or(never), tpot.unwrap_or(never));
            plain("goodput_share", "1", good.share.fraction());
            plain("goodput_requests_per_s", "1/s", good.requests_per_s);
        }
        out
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let metrics: Map<String, Value> = self
            .figures()
            .into_iter()
            .map(|f| {
                let side = |k: fn(Band) -> f64| f.value.zip(f.band).map(|(v, b)| v * k(b));
                let status = if f.value.is_some() { "ok" } else { "n/a" };
                let cell = json!({
                    "value": f.value, "unit": f.unit, "low": side(|b| b.low), "high": side(|b| b.high),
                    "status": status, "note": "",
                });
                (f.id, cell)
            })
            .collect();
        json!({
            "gigatwin": {
                "version": env!("CARGO_PKG_VERSION"), "seed": self.context.seed, "inputs_sha256": self.sha256,
            },
            "status": if self.done.summary.completed == 0 { "infeasible" } else { "ok" },
            "model": self.target.model_id,
            "chip": self.target.chip_id,
            "layout": self.target.layout(),
            "replicas": self.target.replicas,
            "prefill_replicas": self.args.plant.prefill_replicas,
            "requests": self.requests.origin,
            "metrics": metrics,
        })
    }

    /// For people.
    pub fn page(&self) -> String {
        let (f, s, t) = (self.context.figures(), &self.done.summary, self.target);
        let split =
            self.args.plant.prefill_replicas.map_or_else(String::new, |n| format!(", {n} more for prompts"));
        let title = format!(
            "{}: {} × {} ({} {}){split}",
            t.title,
            t.replicas,
            t.layout(),
            f.plain(s.chips as f64),
            t.chip_id
        );
        let colour = self.context.console.out_colour;
        let mut out = format!("{}\n{}\n\n", bold(&title, colour), self.requests.origin);
        let head = ["ms", "mean", "P50", "P90", "P95", "P99", "max", "model error"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for (name, quantiles, band) in self.latencies() {
            let label = match name {
                "ttft" => "first token",
                "tpot" => "per token",
                _ => "whole answer",
            };
            let mut row = vec![label.to_owned()];
            match &quantiles {
                Some(q) => {
                    row.extend([q.mean, q.p50, q.p90, q.p95, q.p99, q.max].iter().map(|t| f.plain(t.ms())))
                }
                None => row.extend(std::iter::repeat_n(f.missing().to_owned(), 6)),
            }
            row.push(band.map_or_else(String::new, |b| format!("×{:.2}–{:.2}", b.low, b.high)));
            rows.push(row);
        }
        let mut sides = vec![Side::Left];
        sides.extend([Side::Right; 7]);
        out.push_str(&table(&sides, &rows));
        out.push('\n');
        let percent = |share: f64| format!("{} %", f.decimal(100.0 * share, 1));
        let mut lines = vec![
            format!(
                "{} requests, {} completed, {} refused, in {}",
                f.plain(s.requests as f64),
                f.plain(s.completed as f64),
                f.plain(s.refused as f64),
                s.makespan
            ),
            format!(
                "{} output tokens/s, {} per chip; {} requests in a batch on average",
                f.plain(s.output_per_s),
                f.plain(s.output_per_s / s.chips.max(1) as f64),
                f.plain(s.mean_batch)
            ),
            format!(
                "key-value memory {} full on average, {} at most; {} preemptions",
                percent(s.kv_occupancy.fraction()),
                percent(s.kv_peak.fraction()),
                f.plain(s.preemptions as f64)
            ),
            format!(
                "time: {} decoding, {} with prompts, {} without work",
                percent(s.decode_share.fraction()),
                percent(s.prompt_share.fraction()),
                percent(s.idle_share.fraction())
            ),
        ];
        if s.cached_tokens > 0 {
            let all = (s.prompt_tokens + s.cached_tokens) as f64;
            lines.push(format!(
                "{} of prompt tokens were known already",
                percent(s.cached_tokens as f64 / all)
            ));
        }
        let (ttft, tpot) = self.objectives();
        if ttft.is_some() || tpot.is_some() {
            let never = Time::from_s(f64::MAX);
            let good = self.done.goodput(ttft.unwrap_or(never), tpot.unwrap_or(never));
            let word = |t: Option<Time>| t.map_or_else(|| "any".to_owned(), |t| t.to_string());
            lines.push(format!(
                "goodput: {} of requests ({} per second) within {} to the first token and {} per token",
                percent(good.share.fraction()),
                f.plain(good.requests_per_s),
                word(ttft),
                word(tpot)
            ));
        }
        for line in lines {
            out.push_str(&format!("  {line}\n"));
        }
        out.push('\n');
        out.push_str(&self.chart(colour));
        out
    }

    /// Requests in flight and the slowest first token over time.
    fn chart(&self, colour: bool) -> String {
        let f = self.context.figures();
        let start = self.done.requests.iter().map(|r| r.sent.s()).fold(f64::INFINITY, f64::min);
        let width = (self.done.summary.makespan.s() / CHART as f64).max(f64::MIN_POSITIVE);
        let bin = |at: f64| (((at - start) / width) as usize).min(CHART - 1);
        let mut flight = vec![0.0_f64; CHART];
        let mut first = vec![0.0_f64; CHART];
        for r in &self.done.requests {
            let (Some(e2e), Some(ttft)) = (r.e2e, r.ttft) else { continue };
            let (from, to) = (r.sent.s() - start, r.sent.s() - start + e2e.s());
            let (a, b) = (bin(from + start), bin(to + start));
            for (i, cell) in flight.iter_mut().enumerate().take(b + 1).skip(a) {
                let (low, high) = (i as f64 * width, (i + 1) as f64 * width);
                *cell += (to.min(high) - from.max(low)).max(0.0) / width;
            }
            first[a] = first[a].max(ttft.ms());
        }
        let row = |label: &str, values: &[f64], unit: &str| {
            let top = values.iter().copied().fold(0.0, f64::max);
            let bars: String = values
                .iter()
                .map(|v| BLOCKS[if top > 0.0 { (v / top * 8.0).ceil() as usize } else { 0 }.min(8)])
                .collect();
            format!("  {label}\n  {}  {} {unit}\n", bars, f.plain(top))
        };
        let mut out = row("requests in flight over time, most on the right", &flight, "");
        out.push_str(&row("slowest first token by time of sending", &first, "ms"));
        faint(&out, colour)
    }

    /// Tables and summary into a folder.
    pub fn write(&self, folder: &Path, stamp: &Stamp) -> Result<(), Fault> {
        std::fs::create_dir_all(folder)
            .map_err(|e| files::cannot_write(&self.context.messages, folder, &e))?;
        let failed = |e: &dyn std::fmt::Display| Fault::Environment(e.to_string());
        let list = &self.done.requests;
        let table = Table::new()
            .number("sent", "s", list.iter().map(|r| r.sent.s()))
            .integer("prompt", "tokens", list.iter().map(|r| i64::from(r.prompt)))
            .integer("answer", "tokens", list.iter().map(|r| i64::from(r.answer)))
            .integer("replica", "", list.iter().map(|r| i64::from(r.replica)))
            .number("ttft", "ms", list.iter().map(|r| r.ttft.map(|t| t.ms())))
            .number("tpot", "ms", list.iter().map(|r| r.tpot.map(|t| t.ms())))
            .number("e2e", "ms", list.iter().map(|r| r.e2e.map(|t| t.ms())))
            .integer("cached", "tokens", list.iter().map(|r| i64::from(r.cached)))
            .integer("preempted", "", list.iter().map(|r| i64::from(r.preempted)));
        let parquet = table.parquet(stamp).map_err(|e| failed(&e))?;
        let csv = table.csv().map_err(|e| failed(&e))?;
        let mut json = serde_json::to_vec_pretty(&self.json()).map_err(|e| failed(&e))?;
        json.push(b'\n');
        let files: [(&str, &[u8]); 3] =
            [("requests.parquet", &parquet), ("requests.csv", &csv), ("summary.json", &json)];
        for (name, bytes) in files {
            super::put(self.context, folder, name, bytes)?;
        }
        Ok(())
    }
}
