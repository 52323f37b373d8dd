//! What every command needs: texts, streams, options and the catalog.

use std::path::{Path, PathBuf};

use gigatwin_catalog::Catalog;
use gigatwin_factory::diagnostic::Severity;
use gigatwin_factory::{Factory, Loaded, load};

use crate::args::Global;
use crate::console::Console;
use crate::exit::Fault;
use crate::figure_text::Figures;
use crate::messages::Messages;
use crate::{diagnostics, files};

/// What every command needs.
#[derive(Debug)]
pub struct Context {
    /// Texts.
    pub messages: Messages,
    /// Streams.
    pub console: Console,
    /// Whether data is wanted as JSON.
    pub json: bool,
    /// Seed of the draws.
    pub seed: u64,
    /// The user's catalog folder.
    pub overlay: Option<PathBuf>,
    /// Whether figures about the process itself are wanted.
    pub stats: bool,
}

/// A factory that can be evaluated, with what was read.
pub struct Usable {
    /// What was read.
    pub loaded: Loaded,
    /// The factory.
    pub factory: Factory,
}

impl Context {
    /// From the options of all commands and the environment.
    pub fn new(global: &Global) -> Context {
        let language = Messages::language(global.lang, std::env::var("GIGATWIN_LANG").ok().as_deref());
        let from_environment =
            || std::env::var_os("GIGATWIN_CATALOG").filter(|v| !v.is_empty()).map(PathBuf::from);
        Context {
            messages: Messages::of(language),
            console: Console::new(global.quiet),
            json: global.json,
            seed: global.seed,
            overlay: global.catalog.clone().or_else(from_environment),
            stats: global.stats,
        }
    }

    /// Figures in the language of the texts.
    pub fn figures(&self) -> Figures<'_> {
        Figures::new(&self.messages)
    }

    /// The catalog with the user's folder on top.
    ///
    /// # Errors
    /// As [`files::catalog`].
    pub fn catalog(&self) -> Result<Catalog, Fault> {
        let (catalog, strange) = files::catalog(&self.messages, self.overlay.as_deref())?;
        for path in strange {
            self.console
                .talk(&format!("{}\n", self.messages.fill("fault.strange_in_overlay", &[("path", &path)])));
        }
        Ok(catalog)
    }

    /// Reads a factory file and what it extends.
    ///
    /// # Errors
    /// Where the file itself cannot be read.
    pub fn load(&self, path: &Path, catalog: &Catalog) -> Result<Loaded, Fault> {
        let (name, bytes) = files::read(&self.messages, path)?;
        Ok(load(&name, bytes, &files::extended, catalog))
    }

    /// Reads a factory file to be evaluated. Where it has errors they are reported and there is no factory; where it has only
    /// warnings they are said on standard error.
    ///
    /// # Errors
    /// Where the file itself or standard output is out of reach.
    pub fn usable(&self, path: &Path, catalog: &Catalog) -> Result<Option<Usable>, Fault> {
        let mut loaded = self.load(path, catalog)?;
        let broken = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
        match loaded.factory.take() {
            Some(factory) if !broken => {
                let text = diagnostics::render(&loaded.sources, &loaded.diagnostics, self.console.err_colour);
                self.console.talk(&text);
                Ok(Some(Usable { loaded, factory }))
            }
            _ => {
                diagnostics::report(self, &loaded.sources, &loaded.diagnostics)?;
                Ok(None)
            }
        }
    }

    /// Writes data.
    ///
    /// # Errors
    /// Where standard output cannot be written to.
    pub fn data(&self, text: &str) -> Result<(), Fault> {
        self.console
            .data(text)
            .map_err(|e| files::cannot_write(&self.messages, Path::new("<standard output>"), &e))
    }

    /// Writes data as JSON.
    ///
    /// # Errors
    /// As [`Context::data`].
    pub fn json(&self, value: &impl serde::Serialize) -> Result<(), Fault> {
        let mut text = serde_json::to_string_pretty(value).map_err(|e| Fault::Environment(e.to_string()))?;
        text.push('\n');
        self.data(&text)
    }

    /// Writes a hint, unless quiet.
    pub fn hint(&self, text: &str) {
        self.console.talk(&format!("{} {text}\n", self.messages.say("talk.hint")));
    }
}
