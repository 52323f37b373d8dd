//! One site's year: weather and prices laid on one axis of hours, the plant, the bill.

use gigatwin_energy::hours::{
    HourlyBill, HourlySupply, HourlyTariff, WeatherSigns, bill_hours, synthetic_prices,
};
use gigatwin_facility::{FacilityHours, FacilityYear, WeatherPoint, evaluate_hours, observed, pressure_at};
use gigatwin_factory::SiteHours;
use gigatwin_quantity::{EnergyPrice, Irradiance, Money, Power, Share, Speed, Time};
use gigatwin_series::{Clock, PriceYear, WeatherYear, first_hour_of, hour_of_common_year};

/// The common year that synthetic hours are written in: it begins on a Monday, as synthetic prices do.
const NOMINAL: i16 = 2001;

/// What was brought.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub weather: Option<WeatherYear>,
    pub prices: Option<PriceYear>,
}

/// The year of one site.
#[derive(Debug)]
pub(crate) struct Year {
    /// First hour, in hours of UTC since 1970.
    pub first: i64,
    pub weather: Vec<WeatherPoint>,
    pub prices: Vec<EnergyPrice>,
    pub supplies: Vec<HourlySupply>,
    pub signs: WeatherSigns,
    /// What the site draws: the data centre and its heat pump.
    pub load: Vec<Power>,
    pub hours: FacilityHours,
    pub facility: FacilityYear,
    pub bill: HourlyBill,
    pub heat_revenue: Option<Money>,
    pub synthetic_weather: bool,
    pub synthetic_prices: bool,
    /// Distance of the rows of the price file, minutes.
    pub price_minutes: Option<i64>,
    pub notes: Vec<String>,
}

/// Hours that a country's clock is ahead of UTC in winter.
fn hours_ahead(country: &str) -> i32 {
    match Clock::of_country(&country.to_lowercase()) {
        Clock::Western => 0,
        Clock::Eastern => 2,
        _ => 1,
    }
}

impl Year {
    pub(crate) fn new(site: &SiteHours, brought: &Brought, seed: u64) -> Result<Year, String> {
        let mut notes = Vec::new();
        let nominal = first_hour_of(NOMINAL).unwrap_or(0);
        let (first, n) = match (&brought.prices, &brought.weather) {
            (Some(p), _) => (p.first, p.hours.len()),
            (None, Some(WeatherYear { first: Some(first), hours, .. })) => (*first, hours.len()),
            _ => (nominal, 8760),
        };
        if let (Some(p), Some(WeatherYear { first: Some(w), .. })) = (&brought.prices, &brought.weather)
            && (p.first - w).abs() > 48
        {
            notes.push(
                "weather and prices are of different years: they are joined by month, day and hour"
                    .to_owned(),
            );
        }
        let slots: Vec<usize> =
            (0..n).map(|h| hour_of_common_year(first + h as i64).unwrap_or(h % 8760)).collect();
        let ahead = hours_ahead(&site.country);
        let weather = match &brought.weather {
            Some(w) => real_weather(w, first, n, site)?,
            None => {
                let year = site.climate.synthesise(&site.synoptic, seed).map_err(|e| e.to_string())?;
                // The synthetic year counts local hours.
                let turn = usize::try_from(ahead).unwrap_or(0);
                slots.iter().map(|s| year.hours[(s + turn) % year.hours.len()]).collect()
            }
        };
        let (wind, sun) = measured(brought.weather.as_ref(), first, n);
        let (latitude, longitude) =
            brought.weather.as_ref().and_then(|w| w.position).unwrap_or(site.position);
        let start = slots.first().copied().unwrap_or(0);
        let signs = WeatherSigns::new(n, start, latitude, longitude, wind.as_deref(), sun.as_deref(), seed);
        let prices = match &brought.prices {
            Some(p) => p.hours.clone(),
            None => {
                let common = if first == nominal && n == 8760 {
                    None
                } else {
                    Some(WeatherSigns::new(8760, 0, latitude, longitude, None, None, seed))
                };
                let made = synthetic_prices(
                    &site.monthly_price,
                    &site.price_shape,
                    common.as_ref().unwrap_or(&signs),
                    ahead,
                    seed,
                );
                slots.iter().map(|s| made[s % made.len()]).collect()
            }
        };
        if brought.prices.is_some()
            && !(signs.measured.0 && signs.measured.1)
            && !site.technologies().is_empty()
        {
            notes.push(
                "the weather holds no wind or sun: the output of plants is invented and knows nothing of the real prices"
                    .to_owned(),
            );
        }
        let supplies = site.supplies(&signs).map_err(|e| e.to_string())?;
        let it: Vec<Power> = (0..n)
            .map(|h| site.it_day[(first + h as i64 + i64::from(ahead)).rem_euclid(24) as usize])
            .collect();
        let hours = evaluate_hours(&weather, &it, site.it_peak, &site.facility).map_err(|e| e.to_string())?;
        let facility = hours.year();
        let load: Vec<Power> = hours.total.iter().zip(&hours.heat_pump).map(|(a, b)| *a + *b).collect();
        let tariff = HourlyTariff {
            spot: &prices,
            market: site.market,
            fixed: site.fixed,
            carbon: site.carbon,
            peak: hours.peak,
            export_limit: site.export_limit,
            export_discount: site.export_discount,
        };
        let bill = bill_hours(&load, &supplies, &tariff).map_err(|e| e.to_string())?;
        let heat_revenue = site.heat_price.map(|price| facility.heat_sold * price);
        Ok(Year {
            first,
            weather,
            prices,
            supplies,
            signs,
            load,
            hours,
            facility,
            bill,
            heat_revenue,
            synthetic_weather: brought.weather.is_none(),
            synthetic_prices: brought.prices.is_none(),
            price_minutes: brought.prices.as_ref().map(|p| p.spacing_minutes),
            notes,
        })
    }

    /// Number of hours.
    pub(crate) fn len(&self) -> usize {
        self.load.len()
    }

    /// Years that the hours make.
    pub(crate) fn years(&self) -> f64 {
        if (8760..=8784).contains(&self.len()) { 1.0 } else { self.len() as f64 / 8760.0 }
    }

    /// REF = E_RES ÷ E_DC, Annex III of Delegated Regulation (EU) 2024/1364: renewable energy of contracts and of plants on the
    /// site over the energy of the data centre, heat pumps for sold heat left out of it as for PUE; at most one.
    pub(crate) fn renewable(&self) -> Share {
        Share::from_fraction((self.bill.renewable_produced / self.facility.energy_total).min(1.0))
    }

    /// Day-ahead price weighted by nothing: the market's mean.
    pub(crate) fn mean_price(&self) -> EnergyPrice {
        let n = self.prices.len().max(1) as f64;
        EnergyPrice::from_eur_per_mwh(self.prices.iter().map(|p| p.eur_per_mwh()).sum::<f64>() / n)
    }

    /// Position of an hour in the heat maps: day of the file's first hour on, hour of day in UTC.
    pub(crate) fn day_and_hour(&self, h: usize) -> (usize, usize) {
        let offset = self.first.rem_euclid(24) as usize;
        ((h + offset) / 24, (h + offset) % 24)
    }

    /// Hours of each calendar month (UTC), January first.
    pub(crate) fn by_month(&self) -> [Vec<usize>; 12] {
        let mut months: [Vec<usize>; 12] = Default::default();
        for h in 0..self.len() {
            if let Some((month, _, _)) = gigatwin_series::month_day_hour(self.first + h as i64)
                && let Some(list) = months.get_mut(usize::try_from(month - 1).unwrap_or(12))
            {
                list.push(h);
            }
        }
        months
    }
}

fn real_weather(
    w: &WeatherYear,
    first: i64,
    n: usize,
    site: &SiteHours,
) -> Result<Vec<WeatherPoint>, String> {
    let usual = pressure_at(w.altitude.unwrap_or(site.climate.altitude));
    (0..n)
        .map(|h| {
            let at = w.at(first + h as i64).ok_or("the weather does not cover the hours of the prices")?;
            let pressure = at.pressure_pa.map_or(usual, gigatwin_facility::AirPressure::from_pa);
            Ok(observed(at.dry_bulb, at.humidity, pressure))
        })
        .collect::<Result<_, &str>>()
        .map_err(str::to_owned)
}

/// Wind and irradiance of the file on the axis, where it has them.
fn measured(w: Option<&WeatherYear>, first: i64, n: usize) -> (Option<Vec<Speed>>, Option<Vec<Irradiance>>) {
    let Some(w) = w else { return (None, None) };
    let at = |h: usize| w.at(first + h as i64);
    (
        (0..n).map(|h| at(h).and_then(|x| x.wind)).collect(),
        (0..n).map(|h| at(h).and_then(|x| x.irradiance)).collect(),
    )
}

/// Sum over some hours.
pub(crate) fn energy_of(column: &[Power], hours: &[usize]) -> gigatwin_quantity::Energy {
    hours.iter().filter_map(|h| column.get(*h)).copied().sum::<Power>() * Time::from_hours(1.0)
}
