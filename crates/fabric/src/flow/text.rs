//! Traffic as text: one record per line, a word and `key=value` pairs.
//!
//! ```text
//! traffic 1                # format and its number
//! ranks 64                 # ranks of the job
//! phase name=forward repeat=4
//! collective op=all-gather bytes=64MiB size=8 stride=1
//! phase name=gradients after=forward delay=2ms
//! collective op=all-reduce bytes=1GB size=8 stride=8 priority=1
//! flow from=0 to=63 bytes=10MB at=5us label=3
//! ```
//!
//! Data and times carry a unit. Keys: `phase` takes `name`, `after` (`start` or names of earlier phases, split
//! by commas; without it the phase above), `delay`, `repeat`; `collective` takes `op`, `bytes`, `size`,
//! `stride` (1), `priority` (0); `flow` takes `from`, `to`, `bytes`, `at` (0), `priority` (0), `label` (0).
//! Transfers before the first `phase` make a phase `all`. What follows `#` is a remark.

use gigatwin_quantity::{Data, Dim, Time, parse as parse_quantity};

use super::traffic::{After, Flow, GroupCollective, Groups, Phase, Traffic, Transfer, operation_word};
use crate::collective::Collective;

/// A fault of a traffic file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficFault {
    /// Code of the diagnostic.
    pub code: &'static str,
    /// Line, from one.
    pub line: u32,
    /// Column of the word at fault, from one, in bytes.
    pub column: u32,
    /// Bytes of that word.
    pub width: u32,
    /// What is wrong.
    pub message: String,
    /// What could be done.
    pub hint: String,
}

/// Most faults that are listed; a file of another kind would else give one per line.
const MOST_FAULTS: usize = 50;
/// Highest priority number.
pub const LOWEST_PRIORITY: u8 = 7;

const OPERATIONS: [Collective; 6] = [
    Collective::AllReduce,
    Collective::AllGather,
    Collective::ReduceScatter,
    Collective::AllToAll,
    Collective::Broadcast,
    Collective::SendRecv,
];

/// Reads a traffic file.
///
/// # Errors
/// Every fault, in the order of the file: G510 syntax, G511 a rank that does not exist, G512 groups that do
/// not fit, G513 phases.
pub fn parse(text: &str) -> Result<Traffic, Vec<TrafficFault>> {
    let mut reader = Reader::default();
    for (i, line) in text.lines().enumerate() {
        if reader.faults.len() >= MOST_FAULTS {
            break;
        }
        reader.line(u32::try_from(i + 1).unwrap_or(u32::MAX), line);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    header: bool,
    ranks: Option<u32>,
    phases: Vec<Phase>,
    faults: Vec<TrafficFault>,
}

/// A word with its place.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    line: u32,
    column: u32,
}

impl Word<'_> {
    fn fault(self, code: &'static str, message: String, hint: impl Into<String>) -> TrafficFault {
        let width = u32::try_from(self.text.len()).unwrap_or(1).max(1);
        TrafficFault { code, line: self.line, column: self.column, width, message, hint: hint.into() }
    }
}

/// The `key=value` pairs of one record; what is taken is removed.
struct Pairs<'a> {
    head: Word<'a>,
    pairs: Vec<(&'a str, Word<'a>)>,
}

impl<'a> Pairs<'a> {
    fn take(&mut self, key: &str) -> Option<Word<'a>> {
        let at = self.pairs.iter().position(|(k, _)| *k == key)?;
        Some(self.pairs.remove(at).1)
    }

    fn need(&mut self, key: &str) -> Result<Word<'a>, TrafficFault> {
        let head = self.head;
        self.take(key).ok_or_else(|| {
            head.fault("G510", format!("\"{}\" lacks {key}=", head.text), format!("add {key}=… to this line"))
        })
    }

    fn whole(&mut self, key: &str, otherwise: Option<u32>) -> Result<(u32, Word<'a>), TrafficFault> {
        let word = match (self.take(key), otherwise) {
            (Some(word), _) => word,
            (None, Some(value)) => return Ok((value, self.head)),
            (None, None) => self.need(key)?,
        };
        match word.text.parse() {
            Ok(n) => Ok((n, word)),
            Err(_) => Err(word.fault("G510", format!("{key} must be a whole number below 2^32"), "")),
        }
    }

    fn quantity(&mut self, key: &str, dim: Dim, example: &str) -> Result<f64, TrafficFault> {
        let word = self.need(key)?;
        let hint = format!("write {key}={example}");
        match parse_quantity(word.text, dim) {
            Ok(m) if m.value >= 0.0 && m.value.is_finite() => Ok(m.value),
            Ok(_) => Err(word.fault("G510", format!("{key} must not be negative"), hint)),
            Err(e) => Err(word.fault("G510", e.to_string(), hint)),
        }
    }

    fn time(&mut self, key: &str) -> Result<Time, TrafficFault> {
        if self.pairs.iter().any(|(k, _)| *k == key) {
            self.quantity(key, Dim::Time, "5us").map(Time::from_s)
        } else {
            Ok(Time::ZERO)
        }
    }

    fn data(&mut self) -> Result<Data, TrafficFault> {
        self.quantity("bytes", Dim::Data, "64MiB").map(Data::from_bytes)
    }

    fn priority(&mut self) -> Result<u8, TrafficFault> {
        let (value, word) = self.whole("priority", Some(0))?;
        match u8::try_from(value) {
            Ok(p) if p <= LOWEST_PRIORITY => Ok(p),
            _ => {
                Err(word.fault("G510", format!("priorities go from 0 to {LOWEST_PRIORITY}"), "0 goes first"))
            }
        }
    }

    fn done(self, known: &str) -> Result<(), TrafficFault> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, word)) => Err(word.fault(
                "G510",
                format!("\"{}\" does not know {key}=, or has it twice", self.head.text),
                format!("it takes {known}"),
            )),
        }
    }
}

fn words(line_number: u32, line: &str) -> Vec<Word<'_>> {
    let line = line.split('#').next().unwrap_or("");
    let mut out = Vec::new();
    let mut at = 0;
    for piece in line.split(|c: char| c.is_whitespace()) {
        if !piece.is_empty() {
            let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
            out.push(Word { text: piece, line: line_number, column });
        }
        // The blank may be longer than one byte.
        at += piece.len();
        at += line[at..].chars().next().map_or(0, char::len_utf8);
    }
    out
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        let words = words(number, line);
        let Some((head, rest)) = words.split_first() else { return };
        if let Err(fault) = self.record(*head, rest) {
            self.faults.push(fault);
        }
    }

    fn record(&mut self, head: Word<'_>, rest: &[Word<'_>]) -> Result<(), TrafficFault> {
        if !self.header {
            self.header = true;
            if head.text != "traffic" || rest.first().is_none_or(|w| w.text != "1") {
                let message = "a traffic file begins with the line \"traffic 1\"".to_owned();
                return Err(head.fault("G510", message, "put \"traffic 1\" on the first line"));
            }
            return Ok(());
        }
        match head.text {
            "ranks" => self.ranks(head, rest),
            "phase" => self.phase(pairs(head, rest)?),
            "collective" => self.collective(pairs(head, rest)?),
            "flow" => self.flow(pairs(head, rest)?),
            other => Err(head.fault(
                "G510",
                format!("unknown record \"{other}\""),
                "records are ranks, phase, collective and flow",
            )),
        }
    }

    fn ranks(&mut self, head: Word<'_>, rest: &[Word<'_>]) -> Result<(), TrafficFault> {
        let ranks = rest.first().and_then(|w| w.text.parse::<u32>().ok()).filter(|n| *n > 0);
        if ranks.is_none() || rest.len() != 1 || self.ranks.is_some() {
            let word = rest.first().copied().unwrap_or(head);
            return Err(word.fault(
                "G510",
                "ranks takes one whole number, once".to_owned(),
                "write ranks 64",
            ));
        }
        self.ranks = ranks;
        Ok(())
    }

    fn known_ranks(&self, head: Word<'_>) -> Result<u32, TrafficFault> {
        self.ranks.ok_or_else(|| {
            head.fault(
                "G510",
                "the number of ranks must come before the first transfer".to_owned(),
                "put a line \"ranks N\" below \"traffic 1\"",
            )
        })
    }

    fn phase(&mut self, mut p: Pairs<'_>) -> Result<(), TrafficFault> {
        let name = p.need("name")?;
        if self.phases.iter().any(|q| q.name == name.text) || name.text == "start" {
            return Err(name.fault(
                "G513",
                format!("the phase name {} is taken", name.text),
                "choose another",
            ));
        }
        let after = match p.take("after") {
            None => After::Previous,
            Some(w) if w.text == "start" => After::Start,
            Some(w) => {
                let find = |n: &str| self.phases.iter().position(|q| q.name == n);
                let mut list = Vec::new();
                for n in w.text.split(',') {
                    let at = find(n).and_then(|i| u32::try_from(i).ok()).ok_or_else(|| {
                        w.fault(
                            "G513",
                            format!("no earlier phase is called {n}"),
                            "a phase waits for earlier ones",
                        )
                    })?;
                    list.push(at);
                }
                After::Phases(list)
            }
        };
        let delay = p.time("delay")?;
        let (repeat, word) = p.whole("repeat", Some(1))?;
        if repeat == 0 {
            return Err(word.fault("G510", "repeat must be one or more".to_owned(), ""));
        }
        p.done("name, after, delay, repeat")?;
        self.phases.push(Phase { name: name.text.to_owned(), after, delay, repeat, transfers: Vec::new() });
        Ok(())
    }

    fn collective(&mut self, mut p: Pairs<'_>) -> Result<(), TrafficFault> {
        let ranks = self.known_ranks(p.head)?;
        let op = p.need("op")?;
        let operation = OPERATIONS.into_iter().find(|o| operation_word(*o) == op.text).ok_or_else(|| {
            let all = OPERATIONS.map(operation_word).join(", ");
            op.fault("G510", format!("unknown operation \"{}\"", op.text), format!("operations are {all}"))
        })?;
        let bytes = p.data()?;
        let (size, word) = p.whole("size", None)?;
        let (stride, _) = p.whole("stride", Some(1))?;
        let priority = p.priority()?;
        p.done("op, bytes, size, stride, priority")?;
        let groups = Groups { size, stride };
        if !groups.fit(ranks) {
            return Err(word.fault(
                "G512",
                format!("{ranks} ranks do not fall into groups of {size} at stride {stride}"),
                "size × stride must divide the number of ranks",
            ));
        }
        self.push(Transfer::Collective(GroupCollective { operation, bytes, groups, priority }));
        Ok(())
    }

    fn flow(&mut self, mut p: Pairs<'_>) -> Result<(), TrafficFault> {
        let ranks = self.known_ranks(p.head)?;
        let mut end = |key| {
            let (rank, word) = p.whole(key, None)?;
            if rank >= ranks {
                let message = format!("rank {rank} does not exist, the job has {ranks}");
                return Err(word.fault("G511", message, format!("ranks go from 0 to {}", ranks - 1)));
            }
            Ok(rank)
        };
        let (from, to) = (end("from")?, end("to")?);
        let bytes = p.data()?;
        let start = p.time("at")?;
        let priority = p.priority()?;
        let (label, _) = p.whole("label", Some(0))?;
        p.done("from, to, bytes, at, priority, label")?;
        self.push(Transfer::Flow(Flow { from, to, bytes, start, priority, label }));
        Ok(())
    }

    fn push(&mut self, transfer: Transfer) {
        if self.phases.is_empty() {
            self.phases.push(Phase {
                name: "all".to_owned(),
                after: After::Start,
                delay: Time::ZERO,
                repeat: 1,
                transfers: Vec::new(),
            });
        }
        if let Some(phase) = self.phases.last_mut() {
            phase.transfers.push(transfer);
        }
    }

    fn finish(mut self) -> Result<Traffic, Vec<TrafficFault>> {
        let nowhere = Word { text: "", line: 1, column: 1 };
        if !self.header {
            let message = "the traffic file is empty".to_owned();
            self.faults.push(nowhere.fault("G510", message, "it begins with the line \"traffic 1\""));
        } else if self.faults.is_empty() && self.phases.iter().all(|p| p.transfers.is_empty()) {
            let message = "the traffic file holds no transfer".to_owned();
            self.faults.push(nowhere.fault("G510", message, "add a collective or a flow"));
        }
        match (self.ranks, self.faults.is_empty()) {
            (Some(ranks), true) => Ok(Traffic { ranks, phases: self.phases }),
            _ => Err(self.faults),
        }
    }
}

fn pairs<'a>(head: Word<'a>, rest: &[Word<'a>]) -> Result<Pairs<'a>, TrafficFault> {
    let mut pairs = Vec::with_capacity(rest.len());
    for word in rest {
        let Some((key, value)) = word.text.split_once('=') else {
            return Err(word.fault("G510", format!("\"{}\" is not key=value", word.text), ""));
        };
        let column = word.column + u32::try_from(key.len() + 1).unwrap_or(0);
        pairs.push((key, Word { text: value, line: word.line, column }));
    }
    Ok(Pairs { head, pairs })
}
