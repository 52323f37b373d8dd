//! The chip at hand under micro-benchmarks, and the catalog files that say so.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::PilotError;
use crate::program::finished;

/// Shape and batch of the pilot's model: what the micro-benchmarks measure and the job trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Width of the residual stream.
    pub hidden: u32,
    /// Intermediate size of the feed-forward block.
    pub ffn: u32,
    /// Layers.
    pub layers: u32,
    /// Query heads.
    pub heads: u32,
    /// Key-value heads.
    pub kv_heads: u32,
    /// Width of one head.
    pub head_dim: u32,
    /// Longest context.
    pub context: u32,
    /// Tokens per training sequence.
    pub sequence: u32,
    /// Sequences per rank and step.
    pub micro_batch: u32,
}

impl Shape {
    /// The pilot's model: 1.7 million parameters, byte tokens.
    pub const PILOT: Shape = Shape {
        hidden: 192,
        ffn: 512,
        layers: 4,
        heads: 4,
        kv_heads: 2,
        head_dim: 48,
        context: 64,
        sequence: 48,
        micro_batch: 16,
    };
    /// Byte values and three marks.
    pub const VOCABULARY: u32 = 259;
}

/// Median over rounds and ranks with the extremes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Median.
    pub value: f64,
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

/// What `measure.py` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The chip's own name.
    pub chip: String,
    /// `cpu` or `cuda`.
    pub device: String,
    /// The engine whose kernels were measured.
    pub engine: String,
    /// Chips measured at the same time.
    pub ranks: u32,
    /// Rounds.
    pub rounds: u32,
    /// Memory of one chip in bytes.
    pub memory_bytes: u64,
    /// Parameters of the model that was updated.
    pub parameters: f64,
    /// Figures by name, SI units.
    pub figures: BTreeMap<String, Spread>,
}

impl Measured {
    /// Measures `ranks` chips at the same time.
    ///
    /// # Errors
    /// Where the benchmark fails.
    pub fn take(
        python: &Path,
        scripts: &Path,
        config: &Path,
        ranks: u32,
        rounds: u32,
    ) -> Result<Measured, PilotError> {
        let folder = config.parent().unwrap_or(Path::new("."));
        let mut command = Command::new(python);
        command.arg(scripts.join("measure.py")).arg(config);
        command
            .args(["--ranks", &ranks.to_string(), "--rounds", &rounds.to_string(), "--folder"])
            .arg(folder);
        let said = finished(&mut command, "measure.py")?;
        serde_json::from_str(said.trim())
            .map_err(|e| PilotError::Broken(format!("measure.py did not print its figures: {e}")))
    }

    /// A chip that could not be measured: one GFLOP/s and 1 GB/s, so that the site can be described at all.
    pub(crate) fn unknown() -> Measured {
        let one = |name: &str, value: f64| (name.to_owned(), Spread { value, low: value, high: value });
        let figures = [
            one("peak_flops", 1e9),
            one("layer_flops", 1e9),
            one("copy_bytes_per_s", 1e9),
            one("all_reduce_4096_s", 1e-3),
            one("all_reduce_16777216_s", 1.0),
        ];
        Measured {
            chip: "this machine's chip".to_owned(),
            device: "cpu".to_owned(),
            engine: "nothing".to_owned(),
            ranks: 2,
            rounds: 0,
            memory_bytes: 1_000_000_000,
            parameters: 1.0,
            figures: figures.into(),
        }
    }

    /// A figure.
    ///
    /// # Errors
    /// Where it is missing or not a positive number.
    pub fn figure(&self, name: &str) -> Result<Spread, PilotError> {
        match self.figures.get(name) {
            Some(s) if s.value > 0.0 && s.value.is_finite() => Ok(*s),
            _ => Err(PilotError::Broken(format!("measure.py gave no usable {name}"))),
        }
    }

    /// Seconds of an all-reduce of that many bytes, on the line between the sizes measured.
    ///
    /// # Errors
    /// Where nothing was measured.
    pub fn all_reduce_s(&self, bytes: f64) -> Result<f64, PilotError> {
        let mut points: Vec<(f64, f64)> = self
            .figures
            .iter()
            .filter_map(|(name, s)| {
                let size = name.strip_prefix("all_reduce_")?.strip_suffix("_s")?.parse().ok()?;
                Some((size, s.value))
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let after = points.iter().position(|p| p.0 >= bytes).unwrap_or(points.len().saturating_sub(1)).max(1);
        match (points.get(after - 1), points.get(after)) {
            (Some(a), Some(b)) => Ok((a.1 + (bytes - a.0) / (b.0 - a.0) * (b.1 - a.1)).max(0.0)),
            _ => Err(PilotError::Broken("measure.py gave no all-reduce".to_owned())),
        }
    }

    /// The chip as an ordinary file of the catalog.
    ///
    /// # Errors
    /// Where a figure is missing.
    pub fn chip_file(&self, date: &str) -> Result<String, PilotError> {
        let peak = self.figure("peak_flops")?;
        let layer = self.figure("layer_flops")?;
        let copy = self.figure("copy_bytes_per_s")?;
        // The rate a chip sends at while it reduces with the others, both directions summed as vendors state it.
        let bytes = 16_777_216.0;
        let ring = 2.0 * bytes / self.all_reduce_s(bytes)?;
        let n = f64::from(self.ranks.max(2));
        let link = 2.0 * ring * (n - 1.0) / n / 1e9;
        let range = |s: Spread, scale: f64, unit: &str| {
            format!(
                "low = \"{:.3} {unit}\", mode = \"{:.3} {unit}\", high = \"{:.3} {unit}\"",
                s.low / scale,
                s.value / scale,
                s.high / scale
            )
        };
        let (source, confidence) = if self.rounds == 0 {
            ("placeholder: nothing could be measured here".to_owned(), "assumed")
        } else {
            let how = format!(
                "{}, {} at the same time, median and extremes of {} rounds",
                self.engine, self.ranks, self.rounds
            );
            (format!("gigatwin catalog measure: {how}"), "measured")
        };
        let format = if self.device == "cuda" {
            "32-bit numbers, as the engine multiplies them by default"
        } else {
            "32-bit numbers: the engine has no faster format here"
        };
        Ok(format!(
            "name    = \"{name} (measured)\"
vendor  = \"as found\"

[provenance]
source     = \"{source}\"
date       = \"{date}\"
confidence = \"{confidence}\"

[figures]
bf16_dense             = {{ {peak}, note = \"matrix product of 1,024 in {format}\" }}
matmul_achievable_bf16 = {{ {layer}, note = \"products of one layer of the pilot's model, forward and backward\" }}
memory                 = {{ value = \"{memory:.2} GB\", note = \"share of one of {ranks}\" }}
memory_bandwidth       = {{ {copy}, note = \"copy, bytes read and written\" }}
scaleup_bandwidth      = {{ value = \"{link:.3} GB/s\", note = \"all-reduce of 16 MiB among {ranks}\" }}
scaleup_domain         = \"{ranks}\"
tdp                    = {{ low = \"5 W\", mode = \"15 W\", high = \"40 W\", source = \"not measured\", confidence = \"assumed\" }}
idle_power             = {{ low = \"1 W\", mode = \"3 W\", high = \"10 W\", source = \"not measured\", confidence = \"assumed\" }}
price                  = {{ low = \"USD 50\", mode = \"USD 100\", high = \"USD 300\", source = \"not asked for\", confidence = \"assumed\" }}
",
            name = self.chip.replace(['"', '\\'], "'"),
            ranks = self.ranks,
            peak = range(peak, 1e9, "GFLOP/s"),
            layer = range(layer, 1e9, "GFLOP/s"),
            copy = range(copy, 1e9, "GB/s"),
            memory = self.memory_bytes as f64 / 1e9,
        ))
    }
}
