//! `catalog measure`: the chip at hand as an ordinary file of the catalog.

use gigatwin_catalog::Kind;
use gigatwin_pilot::{CHIP, Measured, Tools, write_scripts};

use super::{fault, today};
use crate::args::Measure;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{files, stats};

pub(in crate::command) fn run(context: &Context, args: &Measure) -> Result<Exit, Fault> {
    let python = Tools::trainer(args.python.as_deref()).map_err(|e| fault(&e))?;
    // Scripts stay out of the catalog folder.
    let work = std::env::temp_dir().join(format!("gigatwin-measure-{}", std::process::id()));
    let (scripts, config) = write_scripts(&work).map_err(|e| fault(&e))?;
    context.console.talk(&format!("{} chips, {} rounds\n", args.chips, args.rounds));
    let measured = Measured::take(&python, &scripts, &config, args.chips, args.rounds);
    let _ = std::fs::remove_dir_all(&work);
    let measured = measured.map_err(|e| fault(&e))?;
    let text = measured.chip_file(&today()).map_err(|e| fault(&e))?;
    if let Some(folder) = &args.out {
        let path = folder.join(Kind::Accelerators.folder()).join(format!("{CHIP}.toml"));
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).map_err(|e| files::cannot_write(&context.messages, above, &e))?;
        }
        files::write(&context.messages, &path, text.as_bytes())?;
    }
    if context.json {
        context.json(&measured)?;
    } else {
        context.data(&text)?;
    }
    stats::say(context, &[("figures", measured.figures.len())]);
    Ok(Exit::Done)
}
