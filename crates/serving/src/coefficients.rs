//! The coefficients of the step model and their keys in the catalog.

/// Kind of a chip as far as kernels and measurements tell them apart: each that was measured, and others by generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChipClass {
    /// NVIDIA A100 and relatives.
    Ampere,
    /// NVIDIA H100.
    H100,
    /// NVIDIA H200.
    H200,
    /// GH200 and other chips of its generation.
    Hopper,
    /// NVIDIA B200.
    B200,
    /// NVIDIA B300.
    B300,
    /// NVIDIA GB200.
    Gb200,
    /// GB300 and other chips of its generation.
    Blackwell,
    /// Everything else: the engine-wide coefficients apply.
    Other,
}

/// Words of the generations, the level at which kernels are tuned.
pub const GENERATIONS: [&str; 4] = ["ampere", "hopper", "blackwell", "other"];
/// Words of the chips that were measured.
pub const CHIPS: [&str; 6] = ["a100", "h100", "h200", "b200", "b300", "gb200"];

impl ChipClass {
    /// From the word of a generation, for chips that the catalog does not know; anything unknown is [`ChipClass::Other`].
    pub fn from_word(word: &str) -> Self {
        match word {
            "ampere" => Self::Ampere,
            "hopper" => Self::Hopper,
            "blackwell" => Self::Blackwell,
            _ => Self::Other,
        }
    }

    /// From an id of the catalog's `accelerators`.
    pub fn of_accelerator(id: &str) -> Self {
        const STARTS: [(&str, ChipClass); 9] = [
            ("a100", ChipClass::Ampere),
            ("h100", ChipClass::H100),
            ("h200", ChipClass::H200),
            ("gh200", ChipClass::Hopper),
            ("b200", ChipClass::B200),
            ("b300", ChipClass::B300),
            ("gb200", ChipClass::Gb200),
            ("gb300", ChipClass::Blackwell),
            ("rtx-pro-6000", ChipClass::Blackwell),
        ];
        STARTS.iter().find(|(start, _)| id.starts_with(start)).map_or(Self::Other, |(_, class)| *class)
    }

    /// Place in [`GENERATIONS`].
    pub(crate) fn generation(self) -> usize {
        match self {
            Self::Ampere => 0,
            Self::H100 | Self::H200 | Self::Hopper => 1,
            Self::B200 | Self::B300 | Self::Gb200 | Self::Blackwell => 2,
            Self::Other => 3,
        }
    }

    /// Place in [`CHIPS`], where it was measured.
    pub(crate) fn chip(self) -> Option<usize> {
        match self {
            Self::Ampere => Some(0),
            Self::H100 => Some(1),
            Self::H200 => Some(2),
            Self::B200 => Some(3),
            Self::B300 => Some(4),
            Self::Gb200 => Some(5),
            Self::Hopper | Self::Blackwell | Self::Other => None,
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
pub const DECODE_TERMS: usize = 17;
/// Number of terms of the time to the first token.
pub const FIRST_TOKEN_TERMS: usize = 5;

/// Names of the decode terms, in the order of the arrays. The first eight and the last multiply an ideal time; the others are seconds per
/// layer, per layer and log2 of the chips, per expert layer, per layer and request, per request, per kernel beyond those of attention with
/// heads, per layer and 4,096 of width, and the same times log2 of the chips. `copied_experts` is the compute of routed experts once more,
/// where the attention is copied: its ranks wait for the fullest.
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
    "per_extra_kernel",
    "per_layer_width",
    "per_layer_width_log2_chips",
    "copied_experts",
];
/// Names of the first-token terms: multiples of the prefill time, of a decode step, seconds, multiples of the queueing time, of
/// the work of the requests that start together.
pub const FIRST_TOKEN_NAMES: [&str; FIRST_TOKEN_TERMS] = ["prefill", "step", "constant", "queue", "burst"];

/// Global coefficients with multipliers by engine family, by engine family and generation, and by chip, each shrunk to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients<const N: usize> {
    /// For all engines and chips.
    pub global: [f64; N],
    /// Multipliers by engine family, in the order of [`EngineFamily::ALL`].
    pub engine: [[f64; N]; 4],
    /// Further multipliers by engine family and generation, in the order of [`GENERATIONS`].
    pub group: [[[f64; N]; 4]; 4],
    /// Further multipliers by chip, in the order of [`CHIPS`].
    pub chip: [[f64; N]; 6],
}

impl<const N: usize> Coefficients<N> {
    /// The same coefficients everywhere.
    pub fn uniform(global: [f64; N]) -> Self {
        Coefficients { global, engine: [[1.0; N]; 4], group: [[[1.0; N]; 4]; 4], chip: [[1.0; N]; 6] }
    }

    /// The product of the levels.
    pub fn effective(&self, engine: EngineFamily, class: ChipClass) -> [f64; N] {
        let (e, g) = (&self.engine[engine as usize], &self.group[engine as usize][class.generation()]);
        let chip = class.chip().map_or([1.0; N], |c| self.chip[c]);
        std::array::from_fn(|i| self.global[i] * e[i] * g[i] * chip[i])
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
                for (g, word) in GENERATIONS.iter().enumerate() {
                    let key = format!("{prefix}_{name}_{}_{word}", e.word());
                    out.group[e as usize][g][i] = lookup(&key, false).unwrap_or(1.0);
                }
            }
        }
        for (c, word) in CHIPS.iter().enumerate() {
            for (i, name) in names.iter().enumerate() {
                out.chip[c][i] = lookup(&format!("{prefix}_{name}_on_{word}"), false).unwrap_or(1.0);
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
            for (g, word) in GENERATIONS.iter().enumerate() {
                for (i, name) in names.iter().enumerate() {
                    let m = self.group[e as usize][g][i];
                    if m != 1.0 {
                        out.push((format!("{prefix}_{name}_{}_{word}", e.word()), m, false));
                    }
                }
            }
        }
        for (c, word) in CHIPS.iter().enumerate() {
            for (i, name) in names.iter().enumerate() {
                let m = self.chip[c][i];
                if m != 1.0 {
                    out.push((format!("{prefix}_{name}_on_{word}"), m, false));
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
    /// Of the time per output token, over all engines.
    pub tpot_band: Band,
    /// The same of one engine family, where enough of it was measured, in the order of [`EngineFamily::ALL`].
    pub tpot_band_of: [Option<Band>; 4],
    /// Of the time to the first token.
    pub ttft_band: Band,
    /// Of offline throughput.
    pub throughput_band: Band,
}

fn decode_seconds(i: usize) -> bool {
    (8..16).contains(&i)
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
        let tpot_band_of = EngineFamily::ALL.map(|e| band(&format!("tpot_{}", e.word())));
        Some(Calibration {
            decode,
            first_token,
            tpot_band_of,
            tpot_band: band("tpot")?,
            ttft_band: band("ttft")?,
            throughput_band: band("throughput")?,
        })
    }

    /// The same calibration as one engine family sees it: its own band of the time per output token stands for all of them.
    pub fn of_engine(mut self, engine: EngineFamily) -> Calibration {
        self.tpot_band = self.tpot_band_of[engine as usize].unwrap_or(self.tpot_band);
        self
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
        for (e, band) in EngineFamily::ALL.iter().zip(self.tpot_band_of) {
            if let Some(band) = band {
                out.push((format!("tpot_{}_band_low", e.word()), band.low, false));
                out.push((format!("tpot_{}_band_high", e.word()), band.high, false));
            }
        }
        out
    }
}
