//! A model behind an endpoint, for as long as it is asked.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::PilotError;
use crate::program::finished;

/// A running endpoint; dropping it stops it.
pub(crate) struct Served {
    pub url: String,
    child: Child,
}

/// One request's times.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Asked {
    pub right: bool,
    pub ttft_s: f64,
    pub tpot_s: f64,
}

/// Starts the endpoint and waits until it listens.
pub(crate) fn serve(
    python: &Path,
    scripts: &Path,
    model: &Path,
    port: u16,
    stop: &AtomicBool,
) -> Result<Served, PilotError> {
    let path = model.with_extension("log");
    let log = File::create(&path).map_err(|e| PilotError::on(&path, e))?;
    let errors = log.try_clone().map_err(|e| PilotError::on(&path, e))?;
    let child = Command::new(python)
        .arg(scripts.join("serve.py"))
        .arg(model)
        .args([&port.to_string(), "date-reader"])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|e| PilotError::on(python, e))?;
    let mut served = Served { url: format!("http://127.0.0.1:{port}"), child };
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) && !stop.load(Ordering::Relaxed) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(served);
        }
        if let Ok(Some(status)) = served.child.try_wait() {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let said = text.trim().lines().next_back().unwrap_or_default().to_owned();
            return Err(PilotError::Program { program: format!("serve.py ({status})"), said });
        }
        sleep(Duration::from_millis(200));
    }
    Err(PilotError::Daemon { what: "the endpoint did not come up".to_owned(), logs: path })
}

impl Served {
    /// Asks `count` written dates, one after the other.
    pub(crate) fn asked(
        &self,
        python: &Path,
        scripts: &Path,
        language: &str,
        count: u32,
    ) -> Result<Vec<Asked>, PilotError> {
        let mut command = Command::new(python);
        command.arg(scripts.join("ask.py")).arg(&self.url).args(["--measure", language, &count.to_string()]);
        let said = finished(&mut command, "ask.py")?;
        serde_json::from_str(&said)
            .map_err(|e| PilotError::Broken(format!("ask.py did not print its times: {e}")))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
