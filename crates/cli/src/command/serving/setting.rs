//! What the options of all serving commands mean: model, chip, network, engine and calibration.

use gigatwin_catalog::{Catalog, CatalogError, Chip, Kind, ModelShape, Precision, chip, model_shape};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Dim, Share};
use gigatwin_serving::{
    Calibration, ChipClass, Deployment, EngineFamily, EngineInputs, Lengths, ServingError, SharedPrefix,
    Speculation, StepModel,
};
use sha2::{Digest, Sha256};

use super::not_understood;
use crate::args::serving::{Degrees, Software, What};
use crate::context::Context;
use crate::exit::Fault;

/// Everything that a serving command is about.
pub(in crate::command) struct Setting {
    /// Id in the catalog.
    pub model_id: String,
    /// Shape of the model.
    pub model: ModelShape,
    /// Id in the catalog.
    pub chip_id: String,
    /// The chip at its base values.
    pub chip: Chip,
    /// Scale-up as the chip has it, scale-out as asked.
    pub network: Network,
    /// Format of the weights.
    pub weights: Precision,
    /// Format of keys and values.
    pub kv: Precision,
    /// Serving software.
    pub engine: EngineFamily,
    /// Generation of the chip.
    pub class: ChipClass,
    /// Mean lengths.
    pub lengths: Lengths,
    /// Defaults of the serving software.
    pub inputs: EngineInputs,
    /// Fitted coefficients.
    pub calibration: Calibration,
    /// Hash of the options and of the catalog entries behind them.
    pub sha256: String,
}

impl Setting {
    /// Resolves the options, and reports all that are not understood at once.
    pub(in crate::command) fn new(context: &Context, what: &What, rest: &str) -> Result<Setting, Fault> {
        let catalog = context.catalog()?;
        let mut faults: Vec<(String, String)> = Vec::new();
        let model =
            catalog.entry(Kind::Models, &what.model).and_then(|e| Ok((e.id.clone(), model_shape(&e)?)));
        let chip = catalog.entry(Kind::Accelerators, &what.chip).and_then(|e| Ok((e.id.clone(), chip(&e)?)));
        let mut note = |e: &CatalogError| faults.push((e.to_string(), hint(e)));
        if let Err(e) = &model {
            note(e);
        }
        if let Err(e) = &chip {
            note(e);
        }
        let mut word = |option: &str, text: &str, allowed: &[(&str, Precision)]| {
            let found = allowed.iter().find(|(w, _)| *w == text).map(|(_, p)| *p);
            if found.is_none() {
                let list: Vec<&str> = allowed.iter().map(|(w, _)| *w).collect();
                faults.push((
                    format!("--{option}: unknown format \"{text}\""),
                    format!("one of: {}", list.join(", ")),
                ));
            }
            found
        };
        let formats = [("bf16", Precision::Bf16), ("fp8", Precision::Fp8), ("fp4", Precision::Fp4)];
        let weights = word("precision", &what.precision, &formats);
        let kv = word("kv", &what.kv, &formats[..2]);
        let engine = EngineFamily::ALL.into_iter().find(|e| e.word() == what.engine);
        if engine.is_none() {
            let list: Vec<&str> = EngineFamily::ALL.iter().map(|e| e.word()).collect();
            faults.push((
                format!("--engine: unknown serving software \"{}\"", what.engine),
                format!("one of: {}", list.join(", ")),
            ));
        }
        for (option, value) in [("prompt", what.prompt), ("answer", what.answer), ("nic", what.nic)] {
            if !(value > 0.0 && value.is_finite()) {
                faults.push((format!("--{option}: {value} is not a positive finite number"), String::new()));
            }
        }
        let defaults = defaults(&catalog).map(|(mut inputs, calibration, drafting)| {
            faults.extend(
                what.software
                    .apply(&mut inputs, drafting, what.prompt)
                    .into_iter()
                    .map(|f| (f, String::new())),
            );
            (inputs, calibration)
        });
        let (Ok((model_id, model)), Ok((chip_id, chip)), Some(weights), Some(kv), Some(engine), true) =
            (model, chip, weights, kv, engine, faults.is_empty())
        else {
            let messages: Vec<&str> = faults.iter().map(|f| f.0.as_str()).collect();
            let mut hints: Vec<&str> =
                faults.iter().map(|f| f.1.as_str()).filter(|h| !h.is_empty()).collect();
            hints.dedup();
            return Err(not_understood(messages.join("; "), hints.join("; ")));
        };
        let Some((inputs, calibration)) = defaults else {
            return Err(not_understood(
                "the catalog's parameters of serving are not complete",
                "mend defaults/serving.toml",
            ));
        };
        let network = Network::new(
            Bandwidth::from_bytes_per_s(0.5 * chip.scaleup_bandwidth.bytes_per_s()),
            chip.scaleup_domain,
            true,
            Bandwidth::from_gbit_per_s(what.nic),
            1.0,
        );
        let mut hash = Sha256::new();
        hash.update(format!("{what:?}{rest}"));
        for (kind, id) in
            [(Kind::Models, model_id.as_str()), (Kind::Accelerators, &chip_id), (Kind::Defaults, "serving")]
        {
            hash.update(catalog.text(kind, id).unwrap_or_default());
        }
        let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(Setting {
            class: ChipClass::of_accelerator(&chip_id),
            lengths: Lengths { prompt: what.prompt, answer: what.answer },
            model_id,
            model,
            chip_id,
            chip,
            network,
            weights,
            kv,
            engine,
            inputs,
            calibration: calibration.of_engine(engine),
            sha256,
        })
    }

    /// A deployment of the given degrees.
    pub(in crate::command) fn deployment(&self, d: &Degrees) -> Deployment {
        Deployment {
            tp: d.tp,
            pp: d.pp,
            ep: d.ep,
            dp_attention: d.dp_attention,
            weights: self.weights,
            kv: self.kv,
        }
    }

    /// The step model of a deployment.
    ///
    /// # Errors
    /// As [`StepModel::new`].
    pub(in crate::command) fn step(&self, deployment: Deployment) -> Result<StepModel, ServingError> {
        StepModel::new(
            &self.model,
            &self.chip,
            &self.network,
            deployment,
            &self.inputs,
            &self.calibration,
            self.engine,
            self.class,
        )
    }
}

fn hint(e: &CatalogError) -> String {
    match e {
        CatalogError::Unknown { kind, nearest, .. } => match nearest {
            Some(name) => format!("did you mean {name}? gigatwin catalog list {} shows all", kind.folder()),
            None => format!("gigatwin catalog list {} shows all", kind.folder()),
        },
        CatalogError::Malformed { .. } => "gigatwin catalog check lists all faults".to_owned(),
    }
}

impl Software {
    /// Puts the options in; gives the faults of those that cannot be.
    fn apply(
        &self,
        inputs: &mut EngineInputs,
        [acceptance, cost, scatter]: [Share; 3],
        prompt: f64,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let mut share = |option: &str, value: Option<f64>, default: Share| match value {
            Some(v) if !(0.0..=1.0).contains(&v) => {
                faults.push(format!("--{option}: {v} is not a share from 0 to 1"));
                default
            }
            Some(v) => Share::from_fraction(v),
            None => default,
        };
        inputs.prefix_hit = share("prefix-hit", self.prefix_hit, inputs.prefix_hit);
        let acceptance = share("draft-acceptance", self.draft_acceptance, acceptance);
        let draft_cost = share("draft-cost", self.draft_cost, cost);
        let scatter = share("draft-scatter", self.draft_scatter, scatter);
        match self.draft_tokens {
            Some(0) => faults.push("--draft-tokens: at least one token has to be drafted".to_owned()),
            Some(n) if n > 64 => faults.push(format!("--draft-tokens: {n} are more than 64")),
            Some(draft_tokens) => {
                let drafts = Speculation { draft_tokens, acceptance, draft_cost, scatter };
                match drafts.check() {
                    Ok(()) => inputs.speculation = Some(drafts),
                    Err(e) => faults.push(e.to_string()),
                }
            }
            None => {}
        }
        match self.chunk {
            Some(v) if !(v >= 1.0 && v.is_finite()) => {
                faults.push(format!("--chunk: {v} is not a positive finite number"));
            }
            Some(v) => inputs.chunk_tokens = v,
            None => {}
        }
        if let Some(tokens) = self.shared_prefix {
            let prefix = SharedPrefix { tokens, groups: f64::from(self.prefix_groups.unwrap_or(1)) };
            if prompt > 0.0
                && let Err(e) = inputs.share_prefix(prefix, prompt)
            {
                faults.push(format!("--shared-prefix: {e}"));
            }
        }
        faults
    }
}

/// Defaults of the engines, the fitted coefficients, and acceptance, cost and scatter of drafts.
fn defaults(catalog: &Catalog) -> Option<(EngineInputs, Calibration, [Share; 3])> {
    let entry = catalog.entry(Kind::Defaults, "serving").ok()?;
    let base = |key: &str, dim: Dim| entry.figure(key, dim).ok().flatten().map(|v| v.distribution.base());
    let number = |key: &str| base(key, Dim::Ratio);
    let calibration = Calibration::read(|key, time| base(key, if time { Dim::Time } else { Dim::Ratio }))?;
    let inputs = EngineInputs {
        memory_utilisation: Share::from_fraction(base("memory_utilisation", Dim::Share)?),
        activation_reserve: Data::from_bytes(base("activation_reserve", Dim::Data)?),
        chunk_tokens: number("chunk_tokens")?,
        max_batch: number("max_batch")? as u32,
        expert_imbalance: number("expert_imbalance")?,
        arrival_cv2: number("arrival_cv2")?,
        prompt_cv2: number("prompt_cv2")?,
        prefix_hit: Share::ZERO,
        speculation: None,
        shared_prefix: None,
    };
    let share = |key: &str| base(key, Dim::Share).map(Share::from_fraction);
    Some((inputs, calibration, [share("draft_acceptance")?, share("draft_cost")?, share("draft_scatter")?]))
}
