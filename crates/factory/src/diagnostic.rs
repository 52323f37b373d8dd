use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be understood or contradicts itself: exit 2.
    Error,
    /// The file is understood, but something in it is surely not meant.
    Warning,
}

/// A place in one of the files read: bytes from `start` up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Index into [`Sources`].
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One finding about the file, with its place and what could be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Code with a page of its own in the book, such as `G205`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in the words of the domain.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What could be done about it.
    pub hint: String,
}

impl Diagnostic {
    /// An error.
    pub fn error(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Diagnostic { code, severity: Severity::Error, message: message.into(), span, hint: hint.into() }
    }

    /// A warning.
    pub fn warning(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Diagnostic { code, severity: Severity::Warning, message: message.into(), span, hint: hint.into() }
    }
}

/// The texts that spans point into, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    /// Adds a file and returns its index.
    pub fn add(&mut self, name: &str, text: String) -> u16 {
        self.files.push((name.to_owned(), text));
        (self.files.len() - 1) as u16
    }

    /// Name of a file.
    pub fn name(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |f| f.0.as_str())
    }

    /// Text of a file.
    pub fn text(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |f| f.1.as_str())
    }

    /// All files, in the order read.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|f| (f.0.as_str(), f.1.as_str()))
    }

    /// Line and column of a span's start, both from one; columns count characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.file);
        let mut at = (span.start as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// Every diagnostic code with its one-line meaning; each has a page in the book (a test sees to it).
pub const CODES: &[(&str, &str)] = &[
    ("G001", "the file cannot be read as UTF-8 text"),
    ("G002", "the file is larger than a factory file can sensibly be"),
    ("G003", "the TOML syntax is broken"),
    ("G004", "a key is given twice"),
    ("G005", "the file named by extends cannot be read"),
    ("G006", "extends goes round in a circle"),
    ("G007", "the format number is missing or not known"),
    ("G101", "unknown key"),
    ("G102", "a required key is missing"),
    ("G103", "a value is of the wrong type"),
    ("G104", "a word is not one of those allowed"),
    ("G105", "keys that exclude each other, or one of several is needed"),
    ("G201", "no number can be read"),
    ("G202", "not a finite number"),
    ("G203", "a unit is missing"),
    ("G204", "unknown unit"),
    ("G205", "the unit measures something else"),
    ("G206", "a currency is missing"),
    ("G207", "negative where that has no meaning"),
    ("G208", "a share above one hundred per cent"),
    ("G209", "a range that falls"),
    ("G210", "a value outside what can be meant"),
    ("G211", "a whole number is wanted"),
    ("G301", "no such entry in the catalog"),
    ("G302", "a name that is not defined in the file"),
    ("G303", "a name that is defined twice"),
    ("G304", "a catalog entry lacks a figure that is needed"),
    ("G305", "a catalog file is broken"),
    ("G401", "shares add up to more than one hundred per cent"),
    ("G402", "dates out of order"),
    ("G403", "the file contradicts itself"),
    ("G404", "nothing to evaluate"),
    ("G604", "a State's commitment in another currency"),
    ("G605", "a State's commitment in money of another year"),
    ("G673", "a ratio of pools that makes no sense"),
    ("G674", "prompts share more than they hold"),
    ("G675", "an acceptance that cannot scatter so much"),
    ("G550", "a battery that gives nothing back"),
    ("G665", "a span that cannot recur as said"),
    ("G630", "money in a currency that is not counted"),
];

/// Codes about the options of commands; they have pages too, but no place in a factory file.
pub const COMMAND_CODES: &[(&str, &str)] = &[
    ("G500", "an option of a fabric command is not understood"),
    ("G501", "a group that cannot communicate"),
    ("G505", "a network whose numbers make no sense"),
    ("G510", "a line of a traffic file is not understood"),
    ("G511", "a rank or an endpoint that does not exist"),
    ("G512", "ranks that do not fall into whole groups"),
    ("G513", "phases that cannot be put in order"),
    ("G514", "no network can be built"),
    ("G515", "links without bandwidth"),
    ("G516", "more flows or links than memory"),
    ("G517", "a cable that does not exist"),
    ("G518", "flows that cannot arrive"),
    ("G520", "no training run is named"),
    ("G521", "a size of zero"),
    ("G522", "a layout larger than the run's accelerators"),
    ("G523", "a size that does not divide what it should"),
    ("G524", "pipeline chunks without layers or stages"),
    ("G525", "experts that do not divide"),
    ("G526", "a number format that the accelerator lacks"),
    ("G527", "a run without tokens"),
    ("G528", "an ablation of what has no parts"),
    ("G540", "a weather or price file is of no known format"),
    ("G541", "a row of a weather or price file cannot be read"),
    ("G542", "too many hours are missing"),
    ("G543", "an hour stands twice in a file"),
    ("G544", "a value of the weather is impossible"),
    ("G545", "the prices are in another unit or currency"),
    ("G546", "the prices are of another bidding zone"),
    ("G547", "a capacity, a battery or a limit of the dispatch makes no sense"),
    ("G548", "a load that cannot be served"),
    ("G549", "a dispatch that is not proven good enough"),
    ("G560", "an option of a serving command that is not understood"),
    ("G563", "a request trace that cannot be read"),
    ("G564", "a request without a time"),
    ("G565", "requests out of order"),
    ("G566", "a request of zero tokens"),
    ("G567", "a length that is no number of tokens"),
    ("G568", "a trace without requests"),
    ("G569", "a stream of requests that cannot be generated"),
    ("G580", "an option of operate that is not understood"),
    ("G581", "a workload trace is of no known form"),
    ("G582", "a row of a workload trace is no job"),
    ("G583", "a job larger than the site"),
    ("G584", "a clock that runs backwards"),
    ("G585", "a workload trace that is cut off"),
    ("G586", "accounts that form no tree"),
    ("G587", "a workload without jobs"),
    ("G588", "a slurm.conf that is not understood"),
    ("G589", "a running site that cannot be simulated"),
    ("G590", "hours or accelerators that are no positive number"),
    ("G591", "a user from no Member State"),
    ("G600", "debt that cannot be served"),
    ("G601", "no single rate of return"),
    ("G603", "a price that the cash flow depends on is not known"),
    ("G606", "more hours are promised than there are"),
    ("G620", "a commitment in another currency"),
    ("G621", "a commitment in money of another year"),
    ("G622", "a lot that the call does not have"),
    ("G623", "the factory file of a bid cannot be read"),
    ("G624", "a bid and its site stand in different States"),
    ("G625", "a State that the catalog does not have"),
    ("G626", "two bids of one name"),
    ("G627", "a folder without a bid"),
    ("G628", "a folder that is not empty"),
    ("G629", "a bid that the folder does not have"),
    ("G631", "a commitment of a State that has not signed"),
    ("G640", "a program that the pilot needs is missing"),
    ("G641", "a Slurm that is too old"),
    ("G642", "a port is in use"),
    ("G643", "no room for the pilot"),
    ("G644", "a daemon of the pilot went away"),
    ("G645", "a program of the pilot failed"),
    ("G653", "a dump of Slurm's accounting database that is not understood"),
    ("G654", "a row of such a dump that does not count"),
    ("G656", "a table of a course is not understood"),
    ("G657", "a row of a course cannot be read"),
    ("G658", "a course whose times do not rise"),
    ("G659", "a limit on power below what stands idle"),
    ("G660", "a shift that is not understood"),
    ("G661", "dates for a run that has none"),
    ("G662", "a job of a partition whose nodes are not known"),
    ("G663", "a job that asks for more than may be held"),
    ("G664", "a site of a federation that cannot be simulated"),
    ("G666", "a warm-up that leaves nothing"),
    ("G667", "jobs that wait for one another in a circle"),
    ("G668", "a dependency that is not understood"),
];
