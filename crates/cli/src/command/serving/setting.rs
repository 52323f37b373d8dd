//! What the options of all serving commands mean: model, chip, network, engine and calibration.

use gigatwin_catalog::{Catalog, CatalogError, Chip, Kind, ModelShape, Precision, chip, model_shape};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Dim, Share};
use gigatwin_serving::{
    Calibration, ChipClass, Deployment, EngineFamily, EngineInputs, Lengths, ServingError, StepModel,
};
use sha2::{Digest, Sha256};

use super::not_understood;
use crate::args::serving::{Degrees, What};
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
        let defaults = defaults(&catalog);
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
            calibration,
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

/// Defaults of the engines and the fitted coefficients.
fn defaults(catalog: &Catalog) -> Option<(EngineInputs, Calibration)> {
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
    };
    Some((inputs, calibration))
}
