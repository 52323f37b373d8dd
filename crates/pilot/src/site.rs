//! The site at hand as a factory file of its own, with its chip, system and model as catalog files beside it.

use std::path::{Path, PathBuf};

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::{Factory, load};

use crate::measured::Shape;
use crate::program::write;
use crate::{Measured, PilotError};

/// Id of the measured chip.
pub const CHIP: &str = "pilot-chip";
const SYSTEM: &str = "pilot-node";
const MODEL: &str = "pilot-decoder";

/// A described site, ready for every other command: `gigatwin --catalog FOLDER/catalog run FOLDER/site.toml`.
#[derive(Debug)]
pub struct Site {
    /// The factory file.
    pub file: PathBuf,
    /// What it says.
    pub factory: Factory,
}

impl Site {
    /// Writes the site's files and reads them back.
    ///
    /// # Errors
    /// Where a file cannot be written or has faults.
    pub fn describe(
        folder: &Path,
        measured: &Measured,
        nodes: u32,
        steps: u32,
        date: &str,
    ) -> Result<Site, PilotError> {
        let entries = [
            (Kind::Accelerators, CHIP, measured.chip_file(date)?),
            (Kind::Systems, SYSTEM, system(date)),
            (Kind::Models, MODEL, model(date)),
        ];
        let mut catalog = Catalog::embedded();
        for (kind, id, text) in entries {
            write(&folder.join("catalog").join(kind.folder()).join(format!("{id}.toml")), &text)?;
            catalog.overlay(kind, id, text);
        }
        let file = folder.join("site.toml");
        let text = site(nodes, steps);
        write(&file, &text)?;
        let alone = |_: &str, _: &str| Err("the site stands alone".to_owned());
        let loaded = load("site.toml", text.into_bytes(), &alone, &catalog);
        let faults: Vec<&str> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        let why = faults.join("; ");
        let factory = loaded.factory.ok_or_else(|| PilotError::Broken(format!("site.toml: {why}")))?;
        Ok(Site { file, factory })
    }
}

fn system(date: &str) -> String {
    format!(
        "name        = \"one chip of this machine\"
vendor      = \"as found\"
accelerator = \"{CHIP}\"
unit        = \"node\"
cooling     = \"air\"

[provenance]
source     = \"the pilot: every chip is a node of its own, on one host\"
date       = \"{date}\"
confidence = \"assumed\"

[figures]
accelerators = \"1\"
nodes        = \"1\"
racks        = \"0.01\"
power_max    = \"60 W\"
power_other  = {{ low = \"2 W\", mode = \"5 W\", high = \"15 W\" }}
liquid_share = \"0 %\"
nic_rate     = \"10 Gb/s\"
nics         = \"1\"
price        = {{ low = \"USD 100\", mode = \"USD 200\", high = \"USD 600\" }}
"
    )
}

fn model(date: &str) -> String {
    let s = Shape::PILOT;
    let parameters = s.layers
        * (2 * s.hidden * (s.heads + s.kv_heads) * s.head_dim + 3 * s.hidden * s.ffn + 2 * s.hidden)
        + 2 * Shape::VOCABULARY * s.hidden
        + s.hidden;
    format!(
        "name            = \"The pilot's decoder\"
developer       = \"gigatwin\"
released        = \"{date}\"
licence         = \"Apache-2.0 OR MIT\"
attention       = \"gqa\"
ffn_kind        = \"swiglu\"
tied_embeddings = false

[provenance]
source     = \"the pilot's own script, model.py\"
date       = \"{date}\"
confidence = \"measured\"

[figures]
parameters = \"{parameters}\"
layers     = \"{}\"
hidden     = \"{}\"
heads      = \"{}\"
kv_heads   = \"{}\"
head_dim   = \"{}\"
ffn        = \"{}\"
vocabulary = \"{}\"
context    = \"{}\"
",
        s.layers,
        s.hidden,
        s.heads,
        s.kv_heads,
        s.head_dim,
        s.ffn,
        Shape::VOCABULARY,
        s.context,
    )
}

fn site(nodes: u32, steps: u32) -> String {
    let s = Shape::PILOT;
    let batch = nodes * s.micro_batch * s.sequence;
    format!(
        "# This machine as a site, described by the pilot: one chip per node, measured.
format = 1

[factory]
name    = \"pilot\"
country = \"DE\"
rules   = [\"announcement-2025\"]

[site]
place = \"stuttgart\"
grid  = {{ firm = \"1 MW\" }}

[[phase]]
name = \"one\"

[[partition]]
name   = \"n\"
system = \"{SYSTEM}\"
units  = {nodes}
fabric = \"loopback\"

[fabric.loopback]
kind   = \"rail-optimised fat tree\"
switch = \"quantum-2\"

[cooling]
kind   = \"air\"
supply = \"24 °C\"

[energy]
contracts = [{{ kind = \"spot\" }}]

[[train]]
name     = \"dates\"
model    = \"{MODEL}\"
tokens   = \"{tokens}\"
on       = \"n\"
batch    = \"{batch}\"
sequence = {sequence}
share    = \"50 %\"

[[serve]]
name      = \"date reader\"
model     = \"{MODEL}\"
on        = \"n\"
demand    = {{ users = \"10\", requests_per_user_day = 20, prompt = 20, answer = 11 }}
objective = {{ ttft_p99 = \"2 s\", tpot_p99 = \"500 ms\" }}

[[tenant]]
name  = \"research\"
hours = \"60 %\"

[[tenant]]
name  = \"industry\"
hours = \"40 %\"

[finance]
public_money = \"none\"
",
        tokens = u64::from(batch) * u64::from(steps),
        sequence = s.sequence,
    )
}
