//! The coefficients of the step model and their keys in the catalog.

/// Generation of a chip, the level at which kernels are tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChipClass {
    /// NVIDIA A100 and relatives.
    Ampere,
    /// NVIDIA H100, H200, GH200.
    Hopper,
    /// NVIDIA B200, B300, GB200, GB300.
    Blackwell,
    /// Everything else: the engine-wide coefficients apply.
    Other,
}

impl ChipClass {
    /// All classes.
    pub const ALL: [ChipClass; 4] = [Self::Ampere, Self::Hopper, Self::Blackwell, Self::Other];

    /// The word in keys and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ampere => "ampere",
            Self::Hopper => "hopper",
            Self::Blackwell => "blackwell",
            Self::Other => "other",
        }
    }

    /// From the word; anything unknown is [`ChipClass::Other`].
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|c| c.word() == word).unwrap_or(Self::Other)
    }

    /// From an id of the catalog's `accelerators`.
    pub fn of_accelerator(id: &str) -> Self {
        let starts = |list: &[&str]| list.iter().any(|p| id.starts_with(p));
        if starts(&["a100"]) {
            Self::Ampere
        } else if starts(&["h100", "h200", "gh200"]) {
            Self::Hopper
        } else if starts(&["b200", "b300", "gb200", "gb300", "rtx-pro-6000"]) {
            Self::Blackwell
        } else {
            Self::Other
        }
    }
}

/// Family of the serving software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineFamily {
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// TensorRT-LLM.
    TensorRtLlm,
    /// Any other, or not known.
    Other,
}

impl EngineFamily {
    /// All families.
    pub const ALL: [EngineFamily; 4] = [Self::Vllm, Self::Sglang, Self::TensorRtLlm, Self::Other];

    /// The word in keys and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::TensorRtLlm => "trtllm",
            Self::Other => "other",
        }
    }

    /// From the word; anything unknown is [`EngineFamily::Other`].
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|c| c.word() == word).unwrap_or(Self::Other)
    }
}

/// Number of terms of a decode step.
pub const DECODE_TERMS: usize = 13;
/// Number of terms of the time to the first token.
pub const FIRST_TOKEN_TERMS: usize = 5;

/// Names of the decode terms, in the order of the arrays. The first eight multiply an ideal time; the others are seconds per
/// layer, per layer and log2 of the chips, per expert layer, per layer and request, and per request.
pub const DECODE_NAMES: [&str; DECODE_TERMS] = [
    "dense_weights",
    "expert_weights",
    "kv",
    "compute",
    "expert_compute",
    "small_batch",
    "exchange",
    "expert_traffic",
    "per_layer",
    "per_layer_log2_chips",
    "per_expert_layer",
    "per_layer_request",
    "per_request",
];
/// Names of the first-token terms: multiples of the prefill time, of a decode step, seconds, multiples of the queueing time, of
/// the work of the requests that start together.
pub const FIRST_TOKEN_NAMES: [&str; FIRST_TOKEN_TERMS] = ["prefill", "step", "constant", "queue", "burst"];

/// Global coefficients with multipliers by engine family and by engine family and chip class, each shrunk to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients<const N: usize> {
    /// For all engines and chips.
    pub global: [f64; N],
    /// Multipliers by engine family, in the order of [`EngineFamily::ALL`].
    pub engine: [[f64; N]; 4],
    /// Further multipliers by engine family and chip class, in the order of [`ChipClass::ALL`].
    pub group: [[[f64; N]; 4]; 4],
}

impl<const N: usize> Coefficients<N> {
    /// The same coefficients everywhere.
    pub fn uniform(global: [f64; N]) -> Self {
        Coefficients { global, engine: [[1.0; N]; 4], group: [[[1.0; N]; 4]; 4] }
    }

    /// The product of the levels.
    pub fn effective(&self, engine: EngineFamily, class: ChipClass) -> [f64; N] {
        let (e, g) = (&self.engine[engine as usize], &self.group[engine as usize][class as usize]);
        std::array::from_fn(|i| self.global[i] * e[i] * g[i])
    }

    fn read(
        prefix: &str,
        names: &[&str; N],
        seconds: impl Fn(usize) -> bool,
        lookup: &mut impl FnMut(&str, bool) -> Option<f64>,
    ) -> Option<Self> {
        let mut global = [0.0; N];
        for (i, name) in names.iter().enumerate() {
            global[i] = lookup(&format!("{prefix}_{name}"), seconds(i))?;
        }
        let mut out = Self::uniform(global);
        for e in EngineFamily::ALL {
            for (i, name) in names.iter().enumerate() {
                let key = format!("{prefix}_{name}_{}", e.word());
                out.engine[e as usize][i] = lookup(&key, false).unwrap_or(1.0);
                for c in ChipClass::ALL {
                    let key = format!("{prefix}_{name}_{}_{}", e.word(), c.word());
                    out.group[e as usize][c as usize][i] = lookup(&key, false).unwrap_or(1.0);
                }
            }
        }
        Some(out)
    }

    /// Keys and values as they stand in the catalog: the key, the value, whether it is in seconds. Multipliers of exactly one
    /// are left out.
    fn write(
        &self,
        prefix: &str,
        names: &[&str; N],
        seconds: impl Fn(usize) -> bool,
    ) -> Vec<(String, f64, bool)> {
        let mut out = Vec::new();
        for (i, name) in names.iter().enumerate() {
            out.push((format!("{prefix}_{name}"), self.global[i], seconds(i)));
        }
        for e in EngineFamily::ALL {
            for (i, name) in names.iter().enumerate() {
                let m = self.engine[e as usize][i];
                if m != 1.0 {
                    out.push((format!("{prefix}_{name}_{}", e.word()), m, false));
                }
            }
            for c in ChipClass::ALL {
                for (i, name) in names.iter().enumerate() {
                    let m = self.group[e as usize][c as usize][i];
                    if m != 1.0 {
                        out.push((format!("{prefix}_{name}_{}_{}", e.word(), c.word()), m, false));
                    }
                }
            }
        }
        out
    }
}

/// Ratio of the measurement to the prediction at P10 and P90, out of fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// P10.
    pub low: f64,
    /// P90.
    pub high: f64,
}

/// Everything that was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Of the decode step.
    pub decode: Coefficients<DECODE_TERMS>,
    /// Of the time to the first token.
    pub first_token: Coefficients<FIRST_TOKEN_TERMS>,
    /// Of the time per output token.
    pub tpot_band: Band,
    /// Of the time to the first token.
    pub ttft_band: Band,
    /// Of offline throughput.
    pub throughput_band: Band,
}

fn decode_seconds(i: usize) -> bool {
    i >= 8
}

fn first_token_seconds(i: usize) -> bool {
    i == 2
}

impl Calibration {
    /// From figures by key: `lookup(key, is_time)` gives the value in seconds (`is_time`) or as a plain ratio. `None` where a global
    /// coefficient or a band is missing; a missing multiplier is one.
    pub fn read(mut lookup: impl FnMut(&str, bool) -> Option<f64>) -> Option<Calibration> {
        let decode = Coefficients::read("decode", &DECODE_NAMES, decode_seconds, &mut lookup)?;
        let first_token =
            Coefficients::read("first_token", &FIRST_TOKEN_NAMES, first_token_seconds, &mut lookup)?;
        let mut band = |name: &str| {
            Some(Band {
                low: lookup(&format!("{name}_band_low"), false)?,
                high: lookup(&format!("{name}_band_high"), false)?,
            })
        };
        Some(Calibration {
            decode,
            first_token,
            tpot_band: band("tpot")?,
            ttft_band: band("ttft")?,
            throughput_band: band("throughput")?,
        })
    }

    /// Key, value and whether the value is in seconds, for everything fitted: what [`Calibration::read`] reads.
    pub fn figures(&self) -> Vec<(String, f64, bool)> {
        let mut out = self.decode.write("decode", &DECODE_NAMES, decode_seconds);
        out.extend(self.first_token.write("first_token", &FIRST_TOKEN_NAMES, first_token_seconds));
        for (name, band) in
            [("tpot", self.tpot_band), ("ttft", self.ttft_band), ("throughput", self.throughput_band)]
        {
            out.push((format!("{name}_band_low"), band.low, false));
            out.push((format!("{name}_band_high"), band.high, false));
        }
        out
    }
}
