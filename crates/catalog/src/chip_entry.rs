use gigatwin_quantity::{Bandwidth, Data, Dim, Flops, Power};

use crate::{CatalogError, Chip, Entry};

/// The chip that an accelerator's catalog entry states, every range at its base value.
///
/// # Errors
/// Where a rate, the memory or the scale-up domain is missing, or a figure cannot be read.
pub fn chip(entry: &Entry) -> Result<Chip, CatalogError> {
    let get = |key: &str, dim: Dim| -> Result<Option<f64>, CatalogError> {
        Ok(entry.figure(key, dim)?.map(|v| v.distribution.base()))
    };
    let need = |key: &str, dim: Dim| {
        get(key, dim)?.ok_or_else(|| CatalogError::Malformed {
            kind: entry.kind,
            id: entry.id.clone(),
            what: format!("{key}: missing"),
        })
    };
    let flops = |key: &str| Ok::<_, CatalogError>(get(key, Dim::Flops)?.map(Flops::from_flops));
    Ok(Chip {
        bf16: Flops::from_flops(need("bf16_dense", Dim::Flops)?),
        fp8: flops("fp8_dense")?,
        fp4: flops("fp4_dense")?,
        memory: Data::from_bytes(need("memory", Dim::Data)?),
        memory_bandwidth: Bandwidth::from_bytes_per_s(need("memory_bandwidth", Dim::Bandwidth)?),
        scaleup_bandwidth: Bandwidth::from_bytes_per_s(
            get("scaleup_bandwidth", Dim::Bandwidth)?.unwrap_or(0.0),
        ),
        scaleup_domain: get("scaleup_domain", Dim::Count)?.map_or(1, |n| n.max(1.0) as u32),
        tdp: Power::from_w(get("tdp", Dim::Power)?.unwrap_or(0.0)),
        idle_power: Power::from_w(get("idle_power", Dim::Power)?.unwrap_or(0.0)),
    })
}
