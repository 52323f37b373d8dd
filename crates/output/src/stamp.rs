//! What every written result carries, so that it can be traced.

/// Version, seed and hash of the inputs of a result. Never a time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Version of gigatwin.
    pub version: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// SHA-256 of everything that was read, in hexadecimal.
    pub inputs_sha256: String,
}

impl Stamp {
    /// One line for the foot of a picture; the hash is cut to eight digits.
    #[must_use]
    pub fn line(&self) -> String {
        let hash: String = self.inputs_sha256.chars().take(8).collect();
        format!("gigatwin {} · seed {} · inputs {hash}", self.version, self.seed)
    }
}
