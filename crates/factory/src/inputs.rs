//! Every number that a run depends on, in one flat table: its path, its distribution and where it comes from. Engines are fed
//! from a vector of values beside this table, so that a draw, a sweep and an explanation all mean the same numbers.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use gigatwin_catalog::{Kind, Provenance};
use gigatwin_quantity::{Currency, Dim, Distribution, Quantity};
use rustc_hash::FxHashMap;

use crate::diagnostic::Span;

/// Where an input's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// Written in the file.
    File {
        /// As written.
        text: String,
        /// Where.
        span: Span,
    },
    /// A default of the catalog: an assumption.
    Default(Provenance),
    /// A figure of a catalog entry that the file refers to.
    Catalog {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: String,
        /// Its key.
        key: String,
        /// Its source.
        provenance: Provenance,
    },
}

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Dotted path, such as `site.grid.firm` or `catalog.accelerators.gb300.tdp`.
    pub path: String,
    /// Dimension of the value.
    pub dim: Dim,
    /// What is known of it.
    pub distribution: Distribution,
    /// Whether the value is in dollars (converted when read).
    pub dollars: bool,
    /// For money: the year of its prices.
    pub price_year: Option<u16>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Position of an input whose values have type `Q`.
#[derive(Debug)]
pub struct In<Q> {
    id: u32,
    dollars: bool,
    /// Years from the price year of the figure to that of the file.
    index_years: i16,
    kind: PhantomData<fn() -> Q>,
}

impl<Q> Clone for In<Q> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Q> Copy for In<Q> {}

impl<Q> In<Q> {
    /// Position in the table.
    pub(crate) fn id(self) -> u32 {
        self.id
    }
}

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    list: Vec<Input>,
    index: FxHashMap<String, u32>,
    /// Inputs that all money depends on.
    pub(crate) usd_per_eur: u32,
    pub(crate) inflation: u32,
    pub(crate) price_year: i16,
}

/// A plain number without a type of its own: counts, ratios, dates.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Plain(pub f64);

impl Quantity for Plain {
    const DIM: Dim = Dim::Ratio;
    fn from_base(value: f64) -> Self {
        Plain(value)
    }
    fn base(self) -> f64 {
        self.0
    }
}

impl Inputs {
    /// Adds an input, or finds the one of the same path (catalog figures are shared).
    pub(crate) fn add<Q: Quantity>(&mut self, input: Input) -> In<Q> {
        let id = match self.index.get(&input.path) {
            Some(id) => *id as usize,
            None => {
                self.index.insert(input.path.clone(), self.list.len() as u32);
                self.list.push(input);
                self.list.len() - 1
            }
        };
        let input = &self.list[id];
        let index_years =
            input.price_year.map_or(0, |y| if self.price_year == 0 { 0 } else { self.price_year - y as i16 });
        In { id: id as u32, dollars: input.dollars, index_years, kind: PhantomData }
    }

    /// All inputs, in the order in which the file was resolved.
    pub fn iter(&self) -> impl Iterator<Item = &Input> {
        self.list.iter()
    }

    /// The declaration behind a handle.
    pub(crate) fn of<Q>(&self, input: In<Q>) -> &Input {
        &self.list[input.id as usize]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One input.
    pub fn get(&self, id: usize) -> Option<&Input> {
        self.list.get(id)
    }

    /// Position of a path.
    pub fn find(&self, path: &str) -> Option<usize> {
        self.index.get(path).map(|i| *i as usize)
    }

    /// The base case: every range at its mode.
    pub fn base(&self) -> Vec<f64> {
        self.list.iter().map(|i| i.distribution.base()).collect()
    }

    /// How many inputs are still at their default.
    pub fn at_default(&self) -> usize {
        self.list.iter().filter(|i| matches!(i.origin, Origin::Default(_))).count()
    }
}

impl Input {
    pub(crate) fn currency(dim: Dim, currency: Option<Currency>) -> bool {
        dim.is_money() && currency == Some(Currency::Usd)
    }
}

/// The values of one draw, read through typed positions. Reading can be traced.
#[derive(Debug)]
pub struct Values<'a> {
    values: &'a [f64],
    usd_per_eur: u32,
    inflation: u32,
    trace: Option<&'a RefCell<BTreeSet<u32>>>,
}

impl<'a> Values<'a> {
    /// Values in the order of the table.
    pub fn new(inputs: &Inputs, values: &'a [f64]) -> Self {
        Values { values, usd_per_eur: inputs.usd_per_eur, inflation: inputs.inflation, trace: None }
    }

    /// The same, noting which inputs are read.
    pub fn traced(inputs: &Inputs, values: &'a [f64], trace: &'a RefCell<BTreeSet<u32>>) -> Self {
        Values { trace: Some(trace), ..Values::new(inputs, values) }
    }

    fn at(&self, id: u32) -> f64 {
        if let Some(trace) = self.trace {
            trace.borrow_mut().insert(id);
        }
        self.values.get(id as usize).copied().unwrap_or(f64::NAN)
    }

    /// Reads an input; money comes out in euros of the file's price year.
    pub fn get<Q: Quantity>(&self, input: In<Q>) -> Q {
        let mut value = self.at(input.id);
        if input.dollars {
            value /= self.at(self.usd_per_eur);
        }
        if input.index_years != 0 {
            value *= (1.0 + self.at(self.inflation)).powi(i32::from(input.index_years));
        }
        Q::from_base(value)
    }

    /// Reads a number without a type of its own.
    pub fn number(&self, input: In<Plain>) -> f64 {
        self.get(input).0
    }
}
