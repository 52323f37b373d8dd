//! The classes of access of the catalog.

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind};
use gigatwin_programme::access::{AccessClass, ClassDemand, Work};
use gigatwin_quantity::{Dim, Distribution, Share, Time};

/// All classes of access, in the order that the catalog gives them.
///
/// # Errors
/// Where an entry is broken, lacks what each class must have, or names a class that does not exist.
pub fn access_classes(catalog: &Catalog) -> Result<Vec<AccessClass>, CatalogError> {
    let mut list = Vec::new();
    for id in catalog.ids(Kind::AccessClasses) {
        let entry = catalog.entry(Kind::AccessClasses, id)?;
        let order = entry.table().get("order").and_then(toml::Value::as_integer).unwrap_or(i64::MAX);
        list.push((order, class(&entry)?));
    }
    list.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id)));
    let classes: Vec<AccessClass> = list.into_iter().map(|(_, c)| c).collect();
    for c in &classes {
        for other in &c.preempts {
            let what = match classes.iter().find(|o| o.id == *other) {
                None => format!("preempts names `{other}`, which is no class of access"),
                Some(o) if !o.requeues => {
                    format!("preempts names `{other}`, whose jobs may not be pushed out")
                }
                Some(o) if o.priority.fraction() >= c.priority.fraction() => {
                    format!("preempts names `{other}`, which does not rank below it")
                }
                Some(_) => continue,
            };
            return Err(CatalogError::Malformed { kind: Kind::AccessClasses, id: c.id.clone(), what });
        }
    }
    Ok(classes)
}

fn class(entry: &Entry) -> Result<AccessClass, CatalogError> {
    let of = |key: &str, dim: Dim| -> Result<Option<Distribution>, CatalogError> {
        Ok(entry.figure(key, dim)?.map(|v| v.distribution))
    };
    let base =
        |key: &str, dim: Dim| -> Result<Option<f64>, CatalogError> { Ok(of(key, dim)?.map(|d| d.base())) };
    let needed = |key: &str, dim: Dim| -> Result<f64, CatalogError> {
        base(key, dim)?.ok_or_else(|| CatalogError::Malformed {
            kind: entry.kind,
            id: entry.id.clone(),
            what: format!("{key} is missing"),
        })
    };
    let words = |key: &str| -> Vec<String> {
        let list = entry.table().get(key).and_then(toml::Value::as_array);
        list.map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
    };
    let text = |key: &str| entry.text(key).unwrap_or_default().to_owned();
    let share = |key: &str| Ok(base(key, Dim::Share)?.map(Share::from_fraction));
    let demand = match (
        base("demand", Dim::Share)?,
        base("drawn_share_max", Dim::Share)?,
        base("run_mean", Dim::Time)?,
        base("run_median", Dim::Time)?,
    ) {
        (Some(weight), Some(largest), Some(mean), Some(median)) if weight > 0.0 => Some(ClassDemand {
            weight,
            work: match entry.text("work") {
                Some("interactive") => Work::Interactive,
                Some("development") => Work::Development,
                _ => Work::Batch,
            },
            largest: Share::from_fraction(largest),
            run_mean: Time::from_s(mean),
            run_median: Time::from_s(median),
        }),
        _ => None,
    };
    Ok(AccessClass {
        id: entry.id.clone(),
        purpose: text("purpose"),
        route: text("route"),
        users: words("users"),
        assigned: entry.flag("assigned"),
        leaves: entry.flag("leaves"),
        called: entry.flag("called"),
        preempts: words("preempts"),
        requeues: entry.flag("requeues"),
        priority: Share::from_fraction(needed("priority", Dim::Share)?),
        time_limit: Time::from_s(needed("time_limit", Dim::Time)?),
        user_share: share("user_share_max")?,
        project_hours: base("project_hours_max", Dim::Count)?,
        project_share_min: share("project_share_min")?,
        call_share: share("call_share")?,
        lead: of("lead", Dim::Time)?,
        demand,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_has_the_classes_of_ai_factories_and_eurohpc() {
        let classes = access_classes(&Catalog::embedded()).unwrap();
        let ids: Vec<&str> = classes.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "reserve",
                "playground",
                "fastlane",
                "largescale",
                "benchmark",
                "development",
                "regular",
                "extreme",
                "scavenger"
            ]
        );
        // What is asked for by users of one kind adds up.
        for user in ["sme", "industry", "research", "public"] {
            let open = classes.iter().filter(|c| c.is_open_to(user));
            let sum: f64 = open.filter_map(|c| c.demand).map(|d| d.weight).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{user}: {sum}");
        }
        let reserve = &classes[0];
        assert!(reserve.called && !reserve.leaves && reserve.call_share.is_some());
        assert_eq!(classes[2].project_hours, Some(50_000.0));
    }

    #[test]
    fn a_class_that_pushes_out_what_may_not_be_is_a_fault() {
        let mut catalog = Catalog::embedded();
        let text = catalog.text(Kind::AccessClasses, "regular").unwrap().replace("scavenger", "extreme");
        catalog.overlay(Kind::AccessClasses, "regular", text);
        let fault = access_classes(&catalog).unwrap_err().to_string();
        assert!(fault.contains("extreme") && fault.contains("may not be pushed out"), "{fault}");
    }
}
