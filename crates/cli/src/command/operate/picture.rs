//! Who held which nodes when, as a picture: bands of nodes against time, coloured by class of job or by tenant.

use gigatwin_operations::{JobClass, Layout, Seconds, Size};
use gigatwin_output::occupancy::{Kind, Line, Look, Occupancy};

use super::Answer;
use crate::args::operate::ColourBy;

/// Rows at most: of single nodes, and of more than one.
const NODES: u32 = 128;
const BANDS: u32 = 64;
/// Columns at most.
const COLUMNS: i64 = 288;
/// Tenants with a colour of their own.
const TENANTS: usize = 6;

/// How nodes fall into bands: a node each where they are few, else whole leaves, else whole blocks, else several of these.
struct Bands {
    nodes_per_band: u32,
    layout: Layout,
}

impl Bands {
    fn new(layout: Layout) -> Self {
        let block = layout.nodes_per_leaf.saturating_mul(layout.leaves_per_block);
        let fits = |unit: u32| layout.nodes.div_ceil(unit.max(1)) <= if unit == 1 { NODES } else { BANDS };
        let nodes_per_band = [1, layout.nodes_per_leaf, block]
            .into_iter()
            .find(|u| fits(*u))
            .unwrap_or_else(|| layout.nodes.div_ceil(BANDS).next_multiple_of(block.max(1)));
        Self { nodes_per_band: nodes_per_band.max(1), layout }
    }

    fn count(&self) -> usize {
        self.layout.nodes.div_ceil(self.nodes_per_band) as usize
    }

    fn of(&self, node: u32) -> usize {
        (node / self.nodes_per_band) as usize
    }

    fn nodes(&self, band: usize) -> f64 {
        let first = band as u32 * self.nodes_per_band;
        f64::from(self.nodes_per_band.min(self.layout.nodes - first))
    }

    fn name(&self, band: usize) -> String {
        let first = band as u32 * self.nodes_per_band;
        let last = (first + self.nodes_per_band).min(self.layout.nodes) - 1;
        if first == last { format!("node {first}") } else { format!("{first}–{last}") }
    }

    fn words(&self) -> String {
        let l = &self.layout;
        let block = l.nodes_per_leaf.saturating_mul(l.leaves_per_block);
        match self.nodes_per_band {
            1 => "one row a node".to_owned(),
            n if n == l.nodes_per_leaf => format!("one row a leaf of {n} nodes"),
            n if n == block => format!("one row a block of {n} nodes"),
            n => format!("one row for {n} nodes ({} blocks)", n / block.max(1)),
        }
    }
}

/// Adds the time that `nodes` of each band spend in a kind, spread over the columns.
struct Grid {
    from: Seconds,
    to: Seconds,
    columns: usize,
    kinds: usize,
    cells: Vec<f32>,
}

impl Grid {
    fn add(&mut self, band: usize, kind: usize, weight: f64, from: Seconds, to: Seconds) {
        let whole = (self.to - self.from).max(1) as f64 / self.columns as f64;
        let at = |t: Seconds| (t.clamp(self.from, self.to) - self.from) as f64 / whole;
        let (a, b) = (at(from), at(to));
        let mut c = a.floor() as usize;
        while (c as f64) < b && c < self.columns {
            let covered = b.min(c as f64 + 1.0) - a.max(c as f64);
            let cell = (band * self.columns + c) * self.kinds + kind;
            self.cells[cell] += (covered * weight) as f32;
            c += 1;
        }
    }
}

/// The picture of a run that kept its holdings.
pub(super) fn occupancy(a: &Answer, by: ColourBy) -> Occupancy {
    let (s, o) = (&a.setting, &a.outcome);
    let bands = Bands::new(s.site.layout);
    let (mut kinds, of_job) = kinds(a, by);
    let (down, kept) = (kinds.len(), kinds.len() + 1);
    kinds.push(Kind { name: "out of service".to_owned(), look: Look::Down });
    kinds.push(Kind { name: "reserved".to_owned(), look: Look::Reserved });
    let columns = (o.end - o.start).clamp(1, COLUMNS) as usize;
    let mut grid = Grid {
        from: o.start,
        to: o.end.max(o.start + 1),
        columns,
        kinds: kinds.len(),
        cells: vec![0.0; bands.count() * columns * kinds.len()],
    };
    for h in &o.holdings {
        let job = &s.jobs[h.job as usize];
        // A job on a part of a node holds that part of it.
        let part = match job.size {
            Size::Gpus(g) if g < s.site.layout.gpus_per_node => {
                f64::from(g) / f64::from(s.site.layout.gpus_per_node)
            }
            _ => 1.0,
        };
        let mut nodes = h.nodes.iter().copied().peekable();
        while let Some(node) = nodes.next() {
            let band = bands.of(node);
            let mut count = 1.0;
            while nodes.peek().is_some_and(|n| bands.of(*n) == band) {
                nodes.next();
                count += 1.0;
            }
            grid.add(band, of_job[h.job as usize], part * count / bands.nodes(band), h.from, h.to);
        }
    }
    let noticed = s.site.failures.as_ref().map_or(0, |f| f.detection);
    for i in &o.incidents {
        let back = if i.back >= 0 { i.back } else { o.end };
        let band = bands.of(i.node);
        grid.add(band, down, 1.0 / bands.nodes(band), (i.at + noticed).min(back), back);
    }
    for r in &s.site.reservations {
        for n in r.first_node..(r.first_node + r.nodes).min(s.site.layout.nodes) {
            let band = bands.of(n);
            grid.add(band, kept, 1.0 / bands.nodes(band), r.start, r.end);
        }
    }
    // A reserved node may be at work until the reservation begins to bite, or broken.
    for cell in grid.cells.chunks_mut(kinds.len()) {
        let used: f32 = cell[..kept].iter().sum();
        cell[kept] = cell[kept].min((1.0 - used).max(0.0));
    }
    let by = match by {
        ColourBy::Class => "class of job",
        ColourBy::Tenant => "tenant",
    };
    Occupancy {
        title: format!("Who held the nodes, {}", s.name),
        note: format!("{} · colours by {by} · heights are shares of a row's nodes", bands.words()),
        foot: a.stamp.line(),
        bands: (0..bands.count()).map(|b| bands.name(b)).collect(),
        weights: (0..bands.count()).map(|b| bands.nodes(b)).collect(),
        columns,
        kinds,
        parts: grid.cells,
        ticks: time(o.start, o.end, columns),
        lines: lines(a, columns),
    }
}

/// The kinds of work, and that of each job.
fn kinds(a: &Answer, by: ColourBy) -> (Vec<Kind>, Vec<usize>) {
    let s = &a.setting;
    let colour = |i: usize, name: String| Kind { name, look: Look::Colour(i) };
    match by {
        ColourBy::Class => {
            let list = JobClass::ALL.iter().enumerate().map(|(i, c)| colour(i, c.name().to_owned()));
            (list.collect(), s.jobs.iter().map(|j| j.class as usize).collect())
        }
        ColourBy::Tenant => {
            let accounts = s.site.shares.accounts();
            let top = |mut t: usize| {
                while let Some(p) = accounts.get(t).and_then(|x| x.parent) {
                    t = p as usize;
                }
                t
            };
            let mut held = vec![0_i64; accounts.len()];
            for (j, r) in s.jobs.iter().zip(&a.outcome.jobs) {
                held[top(j.tenant as usize)] += r.held;
            }
            let mut first: Vec<usize> = (0..accounts.len()).filter(|t| held[*t] > 0).collect();
            first.sort_by_key(|t| (std::cmp::Reverse(held[*t]), *t));
            let more = first.len() > TENANTS;
            first.truncate(TENANTS);
            let mut list: Vec<Kind> =
                first.iter().enumerate().map(|(i, t)| colour(i, accounts[*t].name.clone())).collect();
            if more {
                list.push(colour(TENANTS, "others".to_owned()));
            }
            let place = |t: usize| first.iter().position(|f| *f == t).unwrap_or(list.len().saturating_sub(1));
            let of_job = s.jobs.iter().map(|j| place(top(j.tenant as usize))).collect();
            (list, of_job)
        }
    }
}

/// Ticks at round times.
fn time(from: Seconds, to: Seconds, columns: usize) -> Vec<(f64, String)> {
    let span = (to - from).max(1);
    let steps =
        [60, 300, 900, 3_600, 10_800, 21_600, 86_400, 2 * 86_400, 7 * 86_400, 28 * 86_400, 91 * 86_400];
    let step = steps.into_iter().find(|s| span / s <= 10).unwrap_or(365 * 86_400);
    let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) > 0);
    (first..)
        .map(|k| k * step)
        .take_while(|t| *t < to)
        .map(|t| {
            let name = match step {
                s if s >= 86_400 => format!("day {}", t / 86_400),
                s if s >= 3_600 => format!("{} h", t / 3_600),
                _ => format!("{} min", t / 60),
            };
            ((t - from) as f64 / span as f64 * columns as f64, name)
        })
        .collect()
}

fn lines(a: &Answer, columns: usize) -> Vec<Line> {
    let (o, n) = (&a.outcome, a.outcome.series.len());
    let span = (o.end - o.start).max(1);
    // Columns take the mean of the samples that end in them, or the next one's value.
    let line = |name: &str, f: &dyn Fn(usize) -> f64| {
        let at = |c: usize| {
            let edge = |c: usize| o.start + span * c as i64 / columns as i64;
            let from = o.series.partition_point(|p| p.at <= edge(c));
            let to = o.series.partition_point(|p| p.at <= edge(c + 1)).max((from + 1).min(n));
            (from < to).then(|| (from..to).map(f).sum::<f64>() / (to - from) as f64)
        };
        Line { name: name.to_owned(), values: (0..columns).map(at).collect() }
    };
    let mut out = vec![line("waiting, accelerators asked for", &|p| o.series[p].queued_gpus as f64)];
    if let Some(e) = &a.energy {
        out.push(line("power at the meter, MW", &|p| e.facility[p]));
        out.push(line("day-ahead price, EUR/MWh", &|p| e.price[p]));
    }
    out
}
