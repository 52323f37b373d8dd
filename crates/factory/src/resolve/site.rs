use gigatwin_catalog::{Entry, Kind};
use gigatwin_facility::Climate;
use gigatwin_quantity::{
    Dim, EnergyPrice, Irradiance, Length, Quantity, Share, Speed, Temperature, TemperatureDifference,
};

use super::builder::Builder;
use crate::check::TableNode;
use crate::inputs::Plain;
use crate::language::site as language;
use crate::outcome::slug;
use crate::resolved::{
    Contract, Cooling, CoolingKind, Delivery, EnergyPlan, Flexibility, Heat, NetworkCharge, Phase, Site,
    Sizing, Technology,
};

pub(super) fn phases(b: &mut Builder<'_>, root: &TableNode) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for node in root.tables("phase") {
        let Some((name, span)) = node.text("name") else { continue };
        let slug = slug(name);
        if phases.iter().any(|p| p.slug == slug) {
            b.error(
                "G303",
                span,
                format!("there are two phases \"{name}\""),
                "give each phase a name of its own",
            );
            continue;
        }
        let path = format!("phase.{slug}");
        let opens = b.given::<Plain>(node, "opens", &path);
        if let Some(funded) = b.quantity::<Share>(&language::PHASE, node, "funded_with", &path) {
            phases.push(Phase { name: name.to_owned(), slug, opens, funded });
        }
    }
    if phases.is_empty()
        && let Some(funded) =
            b.default("factory", "phase_funded_with", Dim::Share, "phase.one.funded_with", root.span)
    {
        phases.push(Phase { name: "one".to_owned(), slug: "one".to_owned(), opens: None, funded });
    }
    phases
}

pub(super) fn resolve(
    b: &mut Builder<'_>,
    root: &TableNode,
    country: Option<&Entry>,
) -> Option<(Site, String)> {
    let empty = TableNode::default();
    let node = root.table("site")?;
    let place = match node.text("place") {
        Some((id, span)) => b.entry(Kind::Places, &id.to_lowercase(), span),
        None => None,
    };
    if let (Some(place), Some(country)) = (&place, country) {
        b.choice("site", "place", &place.id);
        if let Some(lies_in) = place.text("country")
            && lies_in != country.id
        {
            let message = format!(
                "{} lies in {}, but the factory's country is {}",
                place.name,
                lies_in.to_uppercase(),
                country.id.to_uppercase()
            );
            b.error("G403", node.span_of("place"), message, "name the country of the place");
        }
    }
    let grid = node.table("grid").unwrap_or(&empty);
    let firm = b.given(grid, "firm", "site.grid");
    let flexible = b.given(grid, "flexible", "site.grid");
    let curtailed = b.given(grid, "curtailed", "site.grid");
    let export = b.given(grid, "export", "site.grid");
    let energised = b.given(grid, "energised", "site.grid");
    let lead = place
        .as_ref()
        .and_then(|p| b.figure(p, "grid_lead_time", Dim::Time))
        .or_else(|| country.and_then(|c| b.figure(c, "grid_lead_time", Dim::Time)))
        .or_else(|| b.default("grid", "lead_time_default", Dim::Time, "site.grid.lead_time", grid.span));
    let permit = match node.table("permit") {
        Some(p) => {
            let filed = b.given(p, "filed", "site.permit");
            let duration = b.quantity(&language::PERMIT, p, "duration", "site.permit");
            filed.zip(duration)
        }
        None => None,
    };
    let signature = b.given(node, "signature", "site");
    let heat = node.table("heat").and_then(|h| {
        let buyer = h.text("buyer").map(|t| t.0.to_owned()).unwrap_or_default();
        b.choice("site.heat", "buyer", &buyer);
        let supply = b.given(h, "supply", "site.heat");
        let up_to = b.given(h, "up_to", "site.heat");
        let price = b.quantity(&language::HEAT, h, "price", "site.heat");
        let base = b.quantity(&language::HEAT, h, "base", "site.heat");
        Some(Heat { buyer, supply: supply?, up_to: up_to?, price: price?, base: base? })
    });
    let power = root.table("power").unwrap_or(&empty);
    let redundancy = b.word(&language::POWER, power, "redundancy", "power");
    let backup = b.quantity(&language::POWER, power, "backup", "power");
    let backed_share = b.quantity(&language::POWER, power, "backed_share", "power");
    let cooling = cooling(b, root.table("cooling").unwrap_or(&empty));
    let place = place?;
    let climate = climate(b, &place, node.span_of("place"))?;
    // Coordinates are data of a place, like its climate.
    let degrees = |key| place.figure(key, Dim::Angle).ok().flatten().map_or(0.0, |v| v.distribution.base());
    let position = (degrees("latitude"), degrees("longitude"));
    let name = place.name.clone();
    let site = Site {
        firm: firm?,
        flexible,
        curtailed,
        export,
        energised,
        grid_lead_time: lead?,
        permit,
        signature,
        heat,
        climate,
        position,
        redundancy,
        backup: backup?,
        backed_share: backed_share?,
        cooling: cooling?,
    };
    Some((site, name))
}

fn cooling(b: &mut Builder<'_>, node: &TableNode) -> Option<Cooling> {
    let kind = match b.word(&language::COOLING, node, "kind", "cooling").as_str() {
        "chilled water" => CoolingKind::ChilledWater,
        "air" => CoolingKind::Air,
        _ => CoolingKind::WarmWater,
    };
    let supply = match (b.given(node, "supply", "cooling"), kind) {
        (Some(given), _) => Some(given),
        (None, CoolingKind::WarmWater) => {
            b.default("facility", "warm_water_supply", Dim::Temperature, "cooling.supply", node.span)
        }
        (None, CoolingKind::ChilledWater) => {
            b.default("facility", "cold_water_supply", Dim::Temperature, "cooling.supply", node.span)
        }
        (None, CoolingKind::Air) => {
            b.default("facility", "air_supply", Dim::Temperature, "cooling.supply", node.span)
        }
    };
    let adiabatic = b.flag(&language::COOLING, node, "adiabatic", "cooling");
    let tower = b.word(&language::COOLING, node, "rejection", "cooling") == "tower";
    Some(Cooling { kind, supply: supply?, adiabatic, tower })
}

/// Monthly statistics go into the factory as they are: they are data of a place, not inputs to be varied.
fn climate(b: &mut Builder<'_>, place: &Entry, span: crate::diagnostic::Span) -> Option<Climate> {
    let mut read = |key: &str, dim: Dim| match place.monthly(key, dim) {
        Ok(found) => found.map(|m| m.values),
        Err(e) => {
            b.error("G305", span, e.to_string(), "gigatwin catalog check lists all faults");
            None
        }
    };
    let temperature = read("temperature", Dim::Temperature);
    let humidity = read("humidity", Dim::Share);
    let range = read("diurnal_range", Dim::TemperatureDifference);
    let wind = read("wind", Dim::Speed);
    let irradiance = read("irradiance", Dim::Irradiance);
    let altitude = b.need::<Length>(place, "altitude", Dim::Length, span)?;
    let base = b.inputs.base();
    let altitude = crate::inputs::Values::new(&b.inputs, &base).get(altitude);
    let (Some(temperature), Some(range)) = (temperature, range) else {
        let message = format!("the catalog's place \"{}\" lacks monthly temperatures", place.id);
        b.error("G304", span, message, "add temperature and diurnal_range in a catalog of your own");
        return None;
    };
    Some(Climate {
        temperature: temperature.map(Temperature::from_base),
        humidity: humidity.map(|h| h.map(Share::from_base)),
        diurnal_range: range.map(TemperatureDifference::from_base),
        wind: wind.map(|w| w.map(Speed::from_base)),
        irradiance: irradiance.map(|i| i.map(Irradiance::from_base)),
        altitude,
        country_mean: place.text("weather_basis") == Some("country-mean"),
    })
}

pub(super) fn energy(b: &mut Builder<'_>, node: &TableNode, country: Option<&Entry>) -> Option<EnergyPlan> {
    let mut contracts = Vec::new();
    for (i, c) in node.tables("contracts").iter().enumerate() {
        let path = format!("energy.contracts.{}", i + 1);
        if let Some(contract) = contract(b, c, &path) {
            contracts.push(contract);
        }
    }
    let battery = node.table("battery").and_then(|n| {
        let power = b.given(n, "power", "energy.battery");
        let energy = b.given(n, "energy", "energy.battery");
        let price = b.quantity(&language::BATTERY, n, "price", "energy.battery");
        if let Some(round_trip) = n.quantity("efficiency")
            && round_trip.distribution.quantile(0.0) <= 0.0
        {
            b.error(
                "G550",
                n.span_of("efficiency"),
                "a battery with an efficiency of zero gives nothing back",
                "state the round trip: large lithium systems reach 80 to 92 %",
            );
        }
        Some((power?, energy?, price?))
    });
    let battery_efficiency =
        node.table("battery").and_then(|n| b.given::<Share>(n, "efficiency", "energy.battery"));
    let flexibility = node.table("flexibility").map_or_else(Flexibility::default, |n| {
        let at = "energy.flexibility";
        Flexibility {
            cap: b.given(n, "cap", at),
            hour_value: b.given(n, "hour_value", at),
            deferrable: b.given(n, "deferrable", at),
            within: b.given(n, "within", at),
            catch_up: b.given(n, "catch_up", at),
            deferral_cost: b.given(n, "deferral_cost", at),
        }
    });
    let sizing = node.table("sizing").map_or_else(Sizing::default, |n| {
        let at = "energy.sizing";
        Sizing {
            solar: b.given(n, "solar", at),
            wind: b.given(n, "wind", at),
            battery_power: b.given(n, "battery_power", at),
            battery_energy: b.given(n, "battery_energy", at),
        }
    });
    let spot = b.given::<EnergyPrice>(node, "spot", "energy").or_else(|| {
        let country = country?;
        ["wholesale_2025", "wholesale_2024"].iter().find_map(|key| b.figure(country, key, Dim::EnergyPrice))
    });
    if spot.is_none() && country.is_some() {
        b.error(
            "G304",
            node.span,
            "the catalog knows no day-ahead price for this country",
            "give energy.spot",
        );
    }
    let network = match b.given(node, "network_and_levies", "energy") {
        Some(given) => Some(NetworkCharge::Given(given)),
        None => {
            let mut figure = |key| country.and_then(|c| b.figure(c, key, Dim::EnergyPrice));
            let (fees, tax) = (figure("grid_fees"), figure("electricity_tax"));
            let mut fallback = |room, key, path| b.default(room, key, Dim::EnergyPrice, path, node.span);
            let fees =
                fees.or_else(|| fallback("factory", "network_and_levies", "energy.network_and_levies"));
            let tax = tax.or_else(|| fallback("energy", "taxes", "energy.taxes"));
            fees.zip(tax).map(|(fees, tax)| NetworkCharge::Country { fees, tax })
        }
    };
    let margin = b.quantity(&language::ENERGY, node, "margin", "energy");
    let growth = b.quantity(&language::ENERGY, node, "growth", "energy");
    let carbon = b
        .given(node, "carbon_intensity", "energy")
        .or_else(|| country.and_then(|c| b.need(c, "carbon_intensity", Dim::CarbonIntensity, node.span)));
    Some(EnergyPlan {
        contracts,
        battery,
        battery_efficiency,
        flexibility,
        sizing,
        spot: spot?,
        zone: country.and_then(|c| c.text("wholesale_zone")).map(str::to_owned),
        seasons: country.and_then(|c| c.monthly("wholesale_monthly", Dim::EnergyPrice).ok().flatten()).map(
            |m| {
                let mean = m.values.iter().sum::<f64>() / 12.0;
                m.values.map(|p| p / mean)
            },
        ),
        network_and_levies: network?,
        margin: margin?,
        growth: growth?,
        carbon_intensity: carbon?,
    })
}

fn contract(b: &mut Builder<'_>, node: &TableNode, path: &str) -> Option<Contract> {
    let (kind, span) = node.text("kind")?;
    let kind = kind.to_owned();
    b.choice(path, "kind", &kind);
    let capacity = b.given(node, "capacity", path);
    let price = b.given(node, "price", path);
    let technology = node.text("technology").map(|t| t.0.to_owned());
    if let Some(technology) = &technology {
        b.choice(path, "technology", technology);
    }
    match kind.as_str() {
        "ppa" => {
            let (Some(technology), Some(capacity), Some(price)) = (technology, capacity, price) else {
                b.error(
                    "G403",
                    span,
                    "a power-purchase agreement needs technology, capacity and price",
                    "add what is missing",
                );
                return None;
            };
            let technology = match technology.as_str() {
                "offshore wind" => Technology::OffshoreWind,
                "solar" => Technology::Solar,
                "hydro" => Technology::Hydro,
                "nuclear" => Technology::Nuclear,
                _ => Technology::Wind,
            };
            let river = matches!(technology, Technology::Hydro | Technology::Nuclear);
            let delivery = match (node.text("delivery").map(|d| (d.0.to_owned(), d.1)), river) {
                (Some((word, span)), true) if word != "baseload" => {
                    b.error(
                        "G403",
                        span,
                        "hydro and nuclear deliver a band",
                        "leave delivery out, or say \"baseload\"",
                    );
                    return None;
                }
                (Some((word, _)), _) => {
                    b.choice(path, "delivery", &word);
                    match word.as_str() {
                        "baseload" => Delivery::Baseload,
                        "on site" => Delivery::OnSite,
                        _ => Delivery::AsProduced,
                    }
                }
                (None, true) => Delivery::Baseload,
                (None, false) => Delivery::AsProduced,
            };
            Some(Contract::Ppa { technology, delivery, capacity, price })
        }
        "fixed" => {
            let Some(price) = price else {
                b.error("G403", span, "a fixed-price contract needs a price", "add price = \"EUR …/MWh\"");
                return None;
            };
            Some(Contract::Fixed { capacity, price })
        }
        _ => {
            if price.is_some() || capacity.is_some() {
                let hint = "set energy.spot for the mean day-ahead price";
                b.error("G403", span, "a spot contract has neither price nor capacity of its own", hint);
            }
            Some(Contract::Spot)
        }
    }
}

/// Dates that must not fall.
pub(super) fn dates(b: &mut Builder<'_>, root: &TableNode, phases: &[Phase]) {
    let base = b.inputs.base();
    let at = |b: &Builder<'_>, path: &str| b.inputs.find(path).map(|i| base[i]);
    let mut last: Option<f64> = None;
    for (phase, node) in phases.iter().zip(root.tables("phase")) {
        let Some(opens) = at(b, &format!("phase.{}.opens", phase.slug)) else { continue };
        if last.is_some_and(|l| opens < l) {
            let message = format!("phase \"{}\" opens before the one in front of it", phase.name);
            b.error("G402", node.span_of("opens"), message, "order phases by their opening");
        }
        last = Some(opens);
    }
    let Some(first) = phases.first().and_then(|p| at(b, &format!("phase.{}.opens", p.slug))) else { return };
    let Some(site) = root.table("site") else { return };
    if let (Some(permit), Some(filed)) = (site.table("permit"), at(b, "site.permit.filed"))
        && filed > first
    {
        let hint = "file the permit before the first phase opens";
        b.error("G402", permit.span_of("filed"), "the permit is filed after the first phase opens", hint);
    }
    if let Some(signature) = at(b, "site.signature")
        && signature > first
    {
        let hint = "sign before the first phase opens";
        b.error(
            "G402",
            site.span_of("signature"),
            "the agreement is signed after the first phase opens",
            hint,
        );
    }
    if let (Some(grid), Some(energised)) = (site.table("grid"), at(b, "site.grid.energised"))
        && energised > first
    {
        let message = "the grid connection carries power only after the first phase is asked to open";
        b.warning("G402", grid.span_of("energised"), message, "the schedule will open the phase later");
    }
}
