use gigatwin_catalog::{Entry, Kind};
use gigatwin_quantity::{Dim, Growth, Money, PowerPrice, Share};

use super::builder::Builder;
use crate::check::{Node, TableNode};
use crate::inputs::{In, Input, Plain, Values};
use crate::language::{Need, money as language, site};
use crate::outcome::slug;
use crate::resolved::{
    Costs, Debt, Finance, HoursRule, PricePath, StateShare, Tenant, TenantKind, TenantReservation,
};

/// Exchange rate, inflation and price year: read first, as all money is read through them.
pub(super) fn rates(b: &mut Builder<'_>, head: &TableNode, finance: &TableNode) {
    if let Some(year) = b.quantity::<Plain>(&site::FACTORY, head, "price_year", "factory") {
        let base = b.inputs.base();
        let value = Values::new(&b.inputs, &base).number(year);
        if (1990.0..=2100.0).contains(&value) && value.fract() == 0.0 {
            b.inputs.price_year = value as i16;
        } else if !value.is_nan() {
            b.error(
                "G210",
                head.span_of("price_year"),
                format!("{value} is not a price year"),
                "write a year such as 2026",
            );
        }
    }
    let usd = b.quantity::<Plain>(&language::FINANCE, finance, "usd_per_eur", "finance");
    if let Some(usd) = usd {
        let base = b.inputs.base();
        if Values::new(&b.inputs, &base).number(usd) <= 0.0 {
            b.error(
                "G210",
                finance.span_of("usd_per_eur"),
                "an exchange rate is above zero",
                "write, for example, 1.15",
            );
        }
        b.inputs.usd_per_eur = usd.id();
    }
    if let Some(inflation) = b.quantity::<Growth>(&language::FINANCE, finance, "inflation", "finance") {
        b.inputs.inflation = inflation.id();
    }
}

const CLASSES: [&str; 5] = ["sme", "industry", "research", "public", "reserve"];

pub(super) fn tenants(b: &mut Builder<'_>, root: &TableNode) -> Vec<Tenant> {
    let mut tenants: Vec<Tenant> = Vec::new();
    for node in root.tables("tenant") {
        let Some((name, span)) = node.text("name") else { continue };
        let slug = slug(name);
        if tenants.iter().any(|t| t.slug == slug) {
            b.error(
                "G303",
                span,
                format!("there are two tenants \"{name}\""),
                "give each tenant a name of its own",
            );
            continue;
        }
        let path = format!("tenant.{slug}");
        let word = node.text("kind").map_or_else(|| slug.clone(), |k| k.0.to_owned());
        b.choice(&path, "kind", &word);
        let kind = match word.as_str() {
            "union" | "eu" => TenantKind::Union,
            "states" | "state" | "member-states" => TenantKind::States,
            _ => TenantKind::Other,
        };
        let hours = match node.fields.get("hours") {
            Some(Node::Text(rule, at)) => {
                b.choice(&path, "hours", rule);
                if rule == "remainder" {
                    if tenants.iter().any(|t| matches!(t.hours, HoursRule::Remainder)) {
                        b.error("G403", *at, "two tenants take the remainder of the hours", "only one can");
                    }
                    Some(HoursRule::Remainder)
                } else {
                    if kind == TenantKind::Other {
                        let hint = "give a share, or kind = \"union\" or \"states\"";
                        b.error("G403", *at, "only the Union and the States get hours by contribution", hint);
                    }
                    Some(HoursRule::ByContribution)
                }
            }
            _ => b.given::<Share>(node, "hours", &path).map(HoursRule::Share),
        };
        let mut classes = Vec::new();
        if let Some(table) = node.table("class") {
            for class in CLASSES {
                if let Some(share) = b.given::<Share>(table, class, &format!("{path}.class")) {
                    classes.push((class, share));
                }
            }
            let sum = super::base_sum(b, classes.iter().map(|c| c.1));
            if sum > 1.0 + 1e-9 {
                let message = format!("the classes of tenant \"{name}\" add up to {:.1} %", 100.0 * sum);
                b.error("G401", table.span, message, "together at most 100 %; what is left is unassigned");
            }
        }
        let price = b.given(node, "price", &path);
        let reservation = node.table("reservation").and_then(|r| {
            let path = format!("{path}.reservation");
            let accelerators = b.given(r, "accelerators", &path);
            let span = super::work::recurring(b, r, &path);
            Some(TenantReservation { accelerators: accelerators?, span: span? })
        });
        if let Some(hours) = hours {
            tenants.push(Tenant {
                name: name.to_owned(),
                slug,
                kind,
                word,
                hours,
                classes,
                price,
                reservation,
            });
        }
    }
    let shares = tenants.iter().filter_map(|t| match t.hours {
        HoursRule::Share(s) => Some(s),
        _ => None,
    });
    let sum = super::base_sum(b, shares);
    if sum > 1.0 + 1e-9 {
        let span = root.tables("tenant").last().map_or(root.span, |n| n.span_of("hours"));
        b.error(
            "G401",
            span,
            format!("the tenants' shares add up to {:.1} %", 100.0 * sum),
            "together at most 100 %",
        );
    }
    tenants
}

pub(super) fn states(b: &mut Builder<'_>, root: &TableNode, host: Option<&Entry>) -> Vec<StateShare> {
    let mut states: Vec<StateShare> = Vec::new();
    let nodes = root.tables("state");
    for node in nodes {
        let Some((id, span)) = node.text("country") else { continue };
        let Some(entry) = b.entry(Kind::Countries, &id.to_lowercase(), span) else { continue };
        if states.iter().any(|s| s.code == entry.id) {
            b.error("G303", span, format!("{} pays in twice", entry.name), "keep one of the two");
            continue;
        }
        let path = format!("state.{}", entry.id);
        let commitment = commitment(b, node, &path);
        if let Some(share) = b.given::<Share>(node, "share", &path) {
            states.push(StateShare { code: entry.id, share, commitment });
        }
    }
    if nodes.is_empty() {
        if let Some(host) = host
            && let Some(share) = b.default(
                "factory",
                "host_state_share",
                Dim::Share,
                &format!("state.{}.share", host.id),
                root.span,
            )
        {
            states.push(StateShare { code: host.id.clone(), share, commitment: None });
        }
    } else {
        let sum = super::base_sum(b, states.iter().map(|s| s.share));
        if (sum - 1.0).abs() > 1e-3 && states.len() == nodes.len() {
            let span = nodes.last().map_or(root.span, |n| n.span_of("share"));
            b.error(
                "G401",
                span,
                format!("the States' shares add up to {:.1} %", 100.0 * sum),
                "together they are the whole of the States' part: 100 %",
            );
        }
    }
    states
}

pub(super) fn finance(b: &mut Builder<'_>, node: &TableNode, country: Option<&Entry>) -> Option<Finance> {
    let public_money = b.word(&language::FINANCE, node, "public_money", "finance");
    let debt = node.table("debt").and_then(|d| {
        let share = b.quantity(&language::DEBT, d, "share", "finance.debt");
        let rate = b.quantity(&language::DEBT, d, "rate", "finance.debt");
        let tenor = b.quantity(&language::DEBT, d, "tenor", "finance.debt");
        let dscr = b.quantity::<Plain>(&language::DEBT, d, "dscr", "finance.debt");
        let level = b.word(&language::DEBT, d, "profile", "finance.debt") == "level";
        Some(Debt { share: share?, rate: rate?, tenor: tenor?, dscr: dscr?, level })
    });
    let life = b.quantity(&language::FINANCE, node, "life", "finance");
    let residual = b.quantity(&language::FINANCE, node, "residual", "finance");
    let discount_rate = b.quantity(&language::FINANCE, node, "discount_rate", "finance");
    let inflation = b.quantity(&language::FINANCE, node, "inflation", "finance");
    let price = b.quantity(&language::FINANCE, node, "price", "finance");
    let price_path = price_path(b, node);
    let horizon = b.given(node, "horizon", "finance");
    let refresh_cost = b.quantity(&language::FINANCE, node, "refresh_cost", "finance");
    let tax = b
        .given(node, "tax", "finance")
        .or_else(|| country.and_then(|c| b.figure(c, "corporate_tax", Dim::Share)))
        .or_else(|| b.default("finance", "corporate_tax", Dim::Share, "finance.tax", node.span));
    let earlier_support = b.given(node, "earlier_support", "finance");
    Some(Finance {
        public_money,
        debt,
        life: life?,
        residual: residual?,
        discount_rate: discount_rate?,
        inflation: inflation?,
        price: price?,
        price_path: price_path?,
        horizon,
        refresh_cost: refresh_cost?,
        tax: tax?,
        earlier_support,
    })
}

/// The change of each year: of the file's path, else the file's one change, else the default of the year.
fn price_path(b: &mut Builder<'_>, node: &TableNode) -> Option<PricePath> {
    let after = b.given(node, "price_change", "finance");
    let path = node.table("price_path");
    let years = language::PRICE_PATH.fields.iter().map(|field| {
        let file = path.and_then(|p| b.given(p, field.key, "finance.price_path")).or(after);
        let Need::Default(room, name) = field.need else { return file };
        let at = format!("finance.price_path.{}", field.key);
        file.or_else(|| b.default(room, name, Dim::Growth, &at, node.span))
    });
    let years = years.collect::<Option<Vec<_>>>()?;
    Some(PricePath { years, after })
}

/// A State's promise must be in the money that everything else is counted in.
fn commitment(b: &mut Builder<'_>, node: &TableNode, path: &str) -> Option<In<Money>> {
    let q = node.quantity("commitment")?;
    let year = u16::try_from(b.inputs.price_year).unwrap_or(0);
    let (span, text) = (q.span, q.text.clone());
    if Input::currency(q.dim, q.currency) {
        b.error("G604", span, format!("{text} is a commitment in another currency"), "convert it to euros");
        return None;
    }
    if let Some(stated) = q.price_year.filter(|y| *y != year) {
        let message = format!("{text} is a commitment in euros of {stated}; the file counts euros of {year}");
        b.error(
            "G605",
            span,
            message,
            format!("leave the year out for money of {year}, or convert the amount"),
        );
        return None;
    }
    b.given(node, "commitment", path)
}

pub(super) fn costs(b: &mut Builder<'_>, node: &TableNode, country: Option<&Entry>) -> Option<Costs> {
    let shell = b
        .given::<PowerPrice>(node, "shell_and_plant", "costs")
        .or_else(|| country.and_then(|c| b.figure(c, "shell_cost", Dim::PowerPrice)))
        .or_else(|| {
            b.default(
                "building",
                "shell_and_plant_europe_default",
                Dim::PowerPrice,
                "costs.shell_and_plant",
                node.span,
            )
        });
    let grid_connection = b.quantity(&language::COSTS, node, "grid_connection", "costs");
    let land = b.quantity(&language::COSTS, node, "land", "costs");
    let installation = b.quantity(&language::COSTS, node, "installation", "costs");
    let contingency = b.quantity(&language::COSTS, node, "contingency", "costs");
    let maintenance = b.quantity(&language::COSTS, node, "maintenance", "costs");
    let plant_maintenance = b.quantity(&language::COSTS, node, "plant_maintenance", "costs");
    let posts = b.quantity(&language::COSTS, node, "posts", "costs");
    let cost_per_post = b.quantity(&language::COSTS, node, "cost_per_post", "costs");
    let insurance = b.quantity(&language::COSTS, node, "insurance", "costs");
    Some(Costs {
        shell_and_plant: shell?,
        grid_connection: grid_connection?,
        land: land?,
        installation: installation?,
        contingency: contingency?,
        maintenance: maintenance?,
        plant_maintenance: plant_maintenance?,
        posts: posts?,
        cost_per_post: cost_per_post?,
        insurance: insurance?,
    })
}
