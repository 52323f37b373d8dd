//! The log that a training job leaves: one JSON line per start and step.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::PilotError;
use crate::program::read;

#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    step: u32,
    #[serde(default)]
    time: f64,
    #[serde(default)]
    began: f64,
    #[serde(default)]
    step_s: f64,
    #[serde(default)]
    loss: f64,
    #[serde(default)]
    writing_s: f64,
    #[serde(default)]
    reading_s: f64,
}

/// What a training job did.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TrainLog {
    /// Step at which each start began, and when it was ready to step (seconds since 1970).
    pub starts: Vec<(u32, f64)>,
    /// Seconds to read the checkpoint at each start that had one.
    pub readings: Vec<f64>,
    /// Seconds of each step, those done twice included.
    pub steps: Vec<f64>,
    /// Loss by step; of a step done twice the later one.
    pub losses: BTreeMap<u32, f64>,
    /// Seconds of each checkpoint written.
    pub writings: Vec<f64>,
    /// Steps done again after a restart.
    pub repeated: u32,
    /// Last step done.
    pub last: u32,
    /// Whether the job came to its end.
    pub ended: bool,
}

impl TrainLog {
    /// Reads a log; a last line cut short by a kill is left out.
    pub(crate) fn of(folder: &Path) -> Result<TrainLog, PilotError> {
        let path = folder.join("log.jsonl");
        if !path.exists() {
            return Ok(TrainLog::default());
        }
        Ok(TrainLog::read(&read(&path)?))
    }

    fn read(text: &str) -> TrainLog {
        let mut log = TrainLog::default();
        for line in text.lines().filter_map(|l| serde_json::from_str::<Line>(l).ok()) {
            match line.event.as_str() {
                "start" => {
                    log.starts.push((line.step, line.time.max(line.began)));
                    if line.reading_s > 0.0 {
                        log.readings.push(line.reading_s);
                    }
                }
                "step" => {
                    log.steps.push(line.step_s);
                    if log.losses.insert(line.step, line.loss).is_some() {
                        log.repeated += 1;
                    }
                    if line.writing_s > 0.0 {
                        log.writings.push(line.writing_s);
                    }
                    log.last = line.step;
                }
                "end" => log.ended = true,
                _ => {}
            }
        }
        log
    }

    /// Whether every step up to `steps` was done and the job ended.
    pub(crate) fn whole(&self, steps: u32) -> bool {
        self.ended && self.losses.len() as u32 == steps && self.losses.keys().copied().eq(1..=steps)
    }
}

/// Middle value; of an even number the upper one of the two.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_done_twice_are_counted_and_none_is_lost() {
        let text = r#"{"event":"start","time":10.0,"began":8.0,"step":0,"reading_s":0.0}
{"event":"step","step":1,"step_s":0.5,"loss":3.0,"writing_s":0.0}
{"event":"step","step":2,"step_s":0.5,"loss":2.0,"writing_s":0.1}
{"event":"step","step":3,"step_s":0.7,"loss":1.5,"writing_s":0.0}
{"event":"st
{"event":"start","time":30.0,"began":28.0,"step":2,"reading_s":0.02}
{"event":"step","step":3,"step_s":0.6,"loss":1.4,"writing_s":0.0}
{"event":"step","step":4,"step_s":0.5,"loss":1.0,"writing_s":0.1}
{"event":"end","time":33.0,"step":4}
"#;
        let log = TrainLog::read(text);
        assert_eq!((log.repeated, log.last, log.starts.len()), (1, 4, 2));
        assert!(log.whole(4) && !log.whole(5));
        assert_eq!(log.losses.get(&3), Some(&1.4));
        assert_eq!(median(&log.steps), Some(0.5));
    }

    #[test]
    fn a_gap_is_not_whole() {
        let text = "{\"event\":\"step\",\"step\":1}\n{\"event\":\"step\",\"step\":3}\n{\"event\":\"end\",\"step\":3}\n";
        assert!(!TrainLog::read(text).whole(3));
    }
}
