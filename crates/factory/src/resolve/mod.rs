//! From the checked document to a factory: catalog references, names, defaults and the rules between keys.

mod adapt;
mod builder;
pub(crate) mod defaults;
pub(crate) mod engines;
mod hash;
mod machine;
mod money;
mod rules;
mod site;
mod work;

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_quantity::{Dim, Share};

use crate::check::{TableNode, check};
use crate::diagnostic::{Diagnostic, Severity, Sources, Span};
use crate::document::{Loader, read};
use crate::inputs::Plain;
use crate::language::FACTORY_FILE;
use crate::resolved::{Factory, H100eBasis};
use builder::Builder;
pub use rules::rule_faults;

/// What became of a file.
#[derive(Debug)]
pub struct Loaded {
    /// The texts read, for showing findings in their place.
    pub sources: Sources,
    /// All findings, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The factory, where no finding is an error.
    pub factory: Option<Factory>,
}

/// Findings beyond these help nobody.
const MOST_FINDINGS: usize = 200;

/// Reads, checks and resolves a factory file: the first 200 findings, by place. Never fails otherwise than by diagnostics.
pub fn load(name: &str, bytes: Vec<u8>, loader: Loader<'_>, catalog: &Catalog) -> Loaded {
    let document = read(name, bytes, loader);
    let (sources, mut diagnostics) = (document.sources, document.diagnostics);
    // A document that could not be read at all has nothing more to say about keys that seem to be missing.
    if document.table.is_empty() && !diagnostics.is_empty() {
        return Loaded { sources, diagnostics, factory: None };
    }
    let broken_syntax = !diagnostics.is_empty();
    let mut found = Vec::new();
    let node = check(&document.table, Span::default(), &FACTORY_FILE, &mut found);
    if let Some(format) = node.whole("format")
        && format != 1
    {
        found.push(Diagnostic::error(
            "G007",
            node.span_of("format"),
            format!("format {format} is not known to this version"),
            "this version reads format = 1",
        ));
    }
    for d in &mut found {
        // The format key has a code of its own: without it nothing else in the file can be trusted.
        if d.code == "G102" && d.message.starts_with("format ") {
            d.code = "G007";
        }
    }
    if broken_syntax {
        // Half-read tables make whole ones look incomplete.
        found.retain(|d| d.code != "G102" && d.code != "G007");
    }
    diagnostics.extend(found);
    let mut builder = Builder::new(catalog);
    let factory = resolve(&mut builder, &node, &sources);
    diagnostics.append(&mut builder.diagnostics);
    if broken_syntax {
        diagnostics.retain(|d| !matches!(d.code, "G302" | "G404" | "G105"));
    }
    diagnostics.sort_by_key(|d| (d.span.file, d.span.start, d.code));
    diagnostics.dedup();
    diagnostics.truncate(MOST_FINDINGS);
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let mut factory = factory.filter(|_| !failed);
    if let Some(f) = &mut factory {
        f.warnings = diagnostics.clone();
    }
    Loaded { sources, diagnostics, factory }
}

fn resolve(b: &mut Builder<'_>, root: &TableNode, sources: &Sources) -> Option<Factory> {
    let empty = TableNode::default();
    let head = root.table("factory").unwrap_or(&empty);
    // Rates that all money is read through come first.
    let finance_node = root.table("finance").unwrap_or(&empty);
    money::rates(b, head, finance_node);
    let name = head.text("name").map(|t| t.0.to_owned()).unwrap_or_default();
    b.choice("factory", "name", &name);
    let country = match head.text("country") {
        Some((id, span)) => b.entry(Kind::Countries, &id.to_lowercase(), span),
        None => None,
    };
    if let Some(country) = &country {
        b.choice("factory", "country", &country.id);
    }
    let basis = match b.word(&crate::language::site::FACTORY, head, "h100e", "factory").as_str() {
        "fp8" => H100eBasis::Fp8,
        "bandwidth" => H100eBasis::Bandwidth,
        _ => H100eBasis::Bf16,
    };
    let rules = rules::resolve(b, head);
    let phases = site::phases(b, root);
    let (fabrics, partitions) = machine::resolve(b, root, &phases);
    let storage = machine::storage(b, root.table("storage").unwrap_or(&empty));
    let site = site::resolve(b, root, country.as_ref());
    let energy = site::energy(b, root.table("energy").unwrap_or(&empty), country.as_ref());
    let runs = work::runs(b, root, &partitions);
    let services = work::services(b, root, &partitions);
    let tunes = adapt::tunes(b, root, &partitions);
    let developments = adapt::developments(b, root, &partitions);
    let operations = work::operations(b, root.table("operations").unwrap_or(&empty));
    let federation = root.table("federation").and_then(|node| work::federation(b, node));
    let access = crate::access_classes(b.catalog).unwrap_or_else(|e| {
        b.catalog_error(&e, root.span);
        Vec::new()
    });
    let tenants = money::tenants(b, root);
    let states = money::states(b, root, country.as_ref());
    let finance = money::finance(b, finance_node, country.as_ref());
    let costs = money::costs(b, root.table("costs").unwrap_or(&empty), country.as_ref());
    site::dates(b, root, &phases);
    // The largest AI Factory with a published count is what "four times" is measured against.
    let reference = b.catalog.entry(Kind::AiFactories, "jaif").ok();
    let reference_accelerators =
        reference.and_then(|entry| b.figure::<Plain>(&entry, "accelerators", Dim::Count));
    let defaults = defaults::Defaults::read(b, root.span);
    let mut chips: Vec<String> = partitions.iter().map(|p| p.chip_id.clone()).collect();
    chips.dedup();
    let training = engines::training(b, &chips, root.span);
    let serving = engines::serving(b, root.span);
    let bands = engines::Bands::read(b, root.span);
    let country = country?;
    let (site, place) = site?;
    let storage = storage?;
    let energy = energy?;
    let operations = operations?;
    let finance = finance?;
    let costs = costs?;
    let defaults = defaults?;
    let hourly = engines::HourlyDefaults::read(b, &defaults.synoptic, root.span)?;
    let weather = engines::weather(b, &site.climate, &defaults.synoptic, root.span)?;
    let (training, serving, bands) = (training?, serving?, bands?);
    Some(Factory {
        name,
        country: country.id.clone(),
        place,
        choices: std::mem::take(&mut b.choices),
        choices_at_default: b.choices_at_default,
        warnings: Vec::new(),
        sha256: hash::inputs(sources, b.catalog, &b.entries),
        inputs: std::mem::take(&mut b.inputs),
        country_is_eu: country.flag("eu"),
        h100e: basis,
        site,
        phases,
        partitions,
        fabrics,
        storage,
        energy,
        runs,
        services,
        tunes,
        developments,
        operations,
        federation,
        access,
        tenants,
        states,
        finance,
        costs,
        rules,
        reference_accelerators,
        defaults,
        bands,
        training,
        serving,
        hourly,
        weather,
    })
}

/// Sum of the base cases of shares that must stay within the whole.
fn base_sum(b: &Builder<'_>, shares: impl Iterator<Item = crate::inputs::In<Share>>) -> f64 {
    let base = b.inputs.base();
    let values = crate::inputs::Values::new(&b.inputs, &base);
    shares.map(|s| values.get(s).fraction()).sum()
}
