//! The months: one row for each time point from the first outlay to the last sale.

mod debt;
mod operation;
mod tax;

use gigatwin_finance::plan::Plan;
use gigatwin_quantity::Date;

use crate::columns::Columns;
use crate::inputs::Inputs;

/// First row of months, from zero: above it stand titles and units.
pub(crate) const TOP: u32 = 3;

/// Where months lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub first_point: u32,
    pub last_point: u32,
    pub opening: u32,
    /// First year of the paths and how many there are.
    pub first_year: i32,
    pub years: i32,
    /// First day of the first month as a day number of spreadsheets.
    pub start_serial: f64,
}

/// Day number of spreadsheets on 1970-01-01.
const EPOCH: f64 = 25_569.0;

impl Frame {
    pub fn new(plan: &Plan, first_point: u32, last_point: u32) -> Frame {
        let opening = plan.phases.iter().map(|p| p.opens).min().unwrap_or(0);
        let year = |point: u32| (i64::from(point) - i64::from(plan.price_month)).div_euclid(12) as i32;
        let first_year = year(opening).min(0);
        let of_operation = (last_point - opening).div_ceil(12) as i32;
        let years = (year(last_point) - first_year + 1).max(of_operation + 1);
        let text = plan.start.to_string();
        let number = |a: usize, b: usize| text.get(a..b).and_then(|t| t.parse::<i16>().ok()).unwrap_or(1);
        let first_day = Date::from_ymd(number(0, 4), number(5, 7) as i8, 1).unwrap_or(plan.start);
        Frame {
            first_point,
            last_point,
            opening,
            first_year,
            years,
            start_serial: first_day.days().floor() + EPOCH,
        }
    }

    pub fn rows(&self) -> usize {
        (self.last_point - self.first_point + 1) as usize
    }

    pub fn point(&self, row: usize) -> f64 {
        f64::from(self.first_point) + row as f64
    }

    /// Months of repayment inside operation.
    pub fn periods(&self, tenor: u32) -> f64 {
        f64::from(tenor.min(self.last_point - self.opening))
    }
}

/// A factor of a path for a year.
pub(crate) fn factor(inputs: &Inputs, name: &str, place: f64) -> f64 {
    let path = inputs.paths.iter().find(|p| p.name == name);
    path.and_then(|p| p.at(place.max(0.0) as usize)).unwrap_or(1.0)
}

/// All columns with their values.
pub(crate) fn columns(plan: &Plan, frame: &Frame, inputs: &Inputs) -> Columns {
    let mut c = Columns::new(frame.rows());
    time(&mut c, frame, plan);
    operation::add(&mut c, plan, frame, inputs);
    debt::add(&mut c, plan, frame);
    tax::add(&mut c, plan, frame);
    c
}

fn time(c: &mut Columns, frame: &Frame, plan: &Plan) {
    let f = *frame;
    c.add(
        "point",
        "point: months since the start",
        "month",
        "IF(ROW()=4,first_point,{point<}+1)",
        |_, i, _| f.point(i),
    );
    let start = f.start_serial;
    c.add("date", "date", "date", "IF({point}=0,start_date,EOMONTH(start_date,{point}-1))", |_, i, _| {
        if f.point(i) == 0.0 { start } else { month_end(start, f.point(i)) }
    });
    let opening = f64::from(f.opening);
    c.add("op", "1: in operation", "flag", "IF({point}>first_opening,1,0)", |c, i, _| {
        f64::from(u8::from(c.at("point", i) > opening))
    });
    let price = f64::from(plan.price_month);
    c.add(
        "year",
        "place in the paths of prices",
        "count",
        "IF({op}=1,INT(({point}-1-price_month)/12)-path_first_year,0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 {
                ((c.at("point", i) - 1.0 - price) / 12.0).floor() - f64::from(f.first_year)
            } else {
                0.0
            }
        },
    );
    c.add(
        "block",
        "year of operation, from 0",
        "count",
        "IF({op}=1,INT(({point}-1-first_opening)/12),0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 { ((c.at("point", i) - 1.0 - opening) / 12.0).floor() } else { 0.0 }
        },
    );
}

/// Serial number of the last day of the m-th month after a first of a month.
fn month_end(start: f64, months: f64) -> f64 {
    let first = Date::from_days(start - EPOCH).to_string();
    let number = |a: usize, b: usize| first.get(a..b).and_then(|t| t.parse::<i64>().ok()).unwrap_or(1);
    let total = number(0, 4) * 12 + number(5, 7) - 1 + months as i64;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    Date::from_ymd(year as i16, month as i8, 1).map_or(start, |d| d.days() + EPOCH - 1.0)
}
