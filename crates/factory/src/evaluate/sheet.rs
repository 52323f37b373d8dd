use rustc_hash::FxHashMap;

/// Figures of one evaluation by id, in base units, in the order in which they were put in. Absent is n/a.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sheet {
    ids: Vec<String>,
    values: Vec<f64>,
    index: FxHashMap<String, usize>,
}

impl Sheet {
    /// Puts a figure in; NaN is n/a.
    pub fn put(&mut self, id: &str, value: f64) {
        match self.index.get(id) {
            Some(i) => self.values[*i] = value,
            None => {
                self.index.insert(id.to_owned(), self.values.len());
                self.ids.push(id.to_owned());
                self.values.push(value);
            }
        }
    }

    /// Puts a figure in that may be n/a.
    pub fn put_some(&mut self, id: &str, value: Option<f64>) {
        self.put(id, value.unwrap_or(f64::NAN));
    }

    /// A figure; NaN where it is n/a or not there.
    pub fn at(&self, id: &str) -> f64 {
        self.index.get(id).map_or(f64::NAN, |i| self.values[*i])
    }

    /// A figure, where it is known.
    pub fn get(&self, id: &str) -> Option<f64> {
        Some(self.at(id)).filter(|v| v.is_finite())
    }

    /// All figures in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.ids.iter().map(String::as_str).zip(self.values.iter().copied())
    }
}
