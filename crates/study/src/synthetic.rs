//! A synthetic set of bids from a seed: for trying a programme out before real bids are there. Nobody made these bids.
//!
//! The numbers that shape the set (76 expressions of interest from 16 States) are those the Commission gave on 30 June 2025;
//! which States and what machines they named is not public, so everything else is drawn.

use std::fmt::Write as _;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Expressions of interest of 2025 (European Commission, 30 June 2025).
pub const EXPRESSIONS: usize = 76;

/// Sixteen States with a place in the catalog, a weight by the size of their economies (rounded, assumed), and places.
const STATES: [(&str, u32, &[&str]); 16] = [
    ("DE", 14, &["luebbenau", "frankfurt", "munich", "berlin", "stuttgart", "juelich"]),
    ("FR", 10, &["paris"]),
    ("IT", 8, &["turin", "bologna"]),
    ("ES", 8, &["mora-la-nova", "barcelona"]),
    ("PL", 6, &["poznan", "krakow"]),
    ("NL", 5, &["groningen"]),
    ("FI", 5, &["kajaani"]),
    ("SE", 5, &["linkoeping"]),
    ("CZ", 4, &["prague", "ostrava"]),
    ("PT", 4, &["lisbon"]),
    ("AT", 4, &["vienna"]),
    ("GR", 3, &["athens"]),
    ("RO", 3, &["bucharest"]),
    ("DK", 3, &["copenhagen"]),
    ("IE", 2, &["dublin"]),
    ("LT", 2, &["vilnius"]),
];

/// A generated file: name and text.
pub type File = (String, String);

struct Dice(ChaCha8Rng);

impl Dice {
    fn unit(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    fn state(&mut self) -> usize {
        let all: u32 = STATES.iter().map(|s| s.1).sum();
        let mut at = self.unit() * f64::from(all);
        for (i, s) in STATES.iter().enumerate() {
            at -= f64::from(s.1);
            if at < 0.0 {
                return i;
            }
        }
        STATES.len() - 1
    }
}

/// Writes `count` bids, each a bid file and a factory file; every State has at least one where there are sixteen or more.
#[must_use]
pub fn generate(count: usize, seed: u64) -> Vec<File> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed ^ 0x6269_6473));
    let mut files = Vec::with_capacity(2 * count);
    for i in 0..count {
        let state = if i < STATES.len() { i } else { dice.state() };
        let (code, _, places) = STATES[state];
        let place = places[dice.below(places.len())];
        let lot = if dice.unit() < 0.6 { 1 } else { 2 };
        let id = format!("synthetic-{:02}-{}", i + 1, code.to_lowercase());
        files.push((format!("{id}.toml"), bid(&id, code, lot, seed)));
        files.push((format!("{id}.site.toml"), site(&mut dice, &id, code, place, lot)));
    }
    files
}

fn bid(id: &str, code: &str, lot: u8, seed: u64) -> String {
    format!(
        "# Synthetic: generated with seed {seed}. Nobody made this bid.\nformat = 1\n\n[bid]\nname       = \"{id}\"\n\
         state      = \"{code}\"\nlot        = {lot}\norigin     = \"synthetic\"\nsite       = \"{id}.site.toml\"\n\
         source     = \"generated with seed {seed}\"\nconfidence = \"assumed\"\n"
    )
}

fn site(dice: &mut Dice, id: &str, code: &str, place: &str, lot: u8) -> String {
    // Megawatts of IT: around the minimum of the lot (120 and 150 MW), some below it.
    let it = if lot == 1 { dice.between(105.0, 170.0) } else { dice.between(130.0, 240.0) };
    let (system, rack) = match dice.below(10) {
        0..=6 => ("gb300-nvl72", 0.14),
        7..=8 => ("gb200-nvl72", 0.13),
        _ => ("rubin-nvl72", 0.2),
    };
    let racks = it / rack;
    let first = (racks * dice.between(0.2, 0.4)).round().max(1.0);
    let second = (racks - first).round().max(1.0);
    let firm = it * dice.between(1.08, 1.3);
    let filed = ["2026-06", "2026-10", "2027-02", "2027-06"][dice.below(4)];
    let permit = dice.between(8.0, 18.0);
    let year = 2027 + dice.below(3);
    let grid = if dice.unit() < 0.85 {
        format!(", energised = {{ p10 = \"{year}-06\", p50 = \"{year}-12\", p90 = \"{}-12\" }}", year + 1)
    } else {
        String::new()
    };
    let price = dice.between(3.6, 7.0);
    let utilisation = dice.between(62.0, 85.0);
    let wind = it * dice.between(0.0, 1.2);
    let ppa = dice.between(55.0, 85.0);
    let mut text = format!(
        "# Synthetic site of {id}. Nobody plans it.\nformat = 1\n\n[factory]\nname    = \"{id}\"\ncountry = \"{code}\"\n\
         rules   = [\"regulation-2026-150\", \"tender-2026/lot-{lot}\"]\n\n[site]\nplace     = \"{place}\"\n\
         signature = {{ p10 = \"2027-03\", p50 = \"2027-07\", p90 = \"2028-01\" }}\n\
         grid      = {{ firm = \"{firm:.0} MW\"{grid} }}\n\
         permit    = {{ filed = \"{filed}\", duration = {{ p10 = \"{:.0} months\", p50 = \"{permit:.0} months\", p90 = \"{:.0} \
         months\" }} }}\n\n[[phase]]\nname  = \"one\"\nopens = \"{}-03\"\n\n[[phase]]\nname        = \"two\"\n\
         opens       = \"{}-09\"\nfunded_with = \"60 %\"\n",
        permit * 0.65,
        permit * 1.8,
        (year + 2).max(2029),
        (year + 3).max(2030),
    );
    for (name, phase, racks) in [("first", "one", first), ("second", "two", second)] {
        let _ = write!(
            text,
            "\n[[partition]]\nname   = \"{name}\"\nphase  = \"{phase}\"\nsystem = \"{system}\"\nracks  = {racks:.0}\nfabric \
             = \"rail\"\n"
        );
    }
    let _ = write!(
        text,
        "\n[fabric.rail]\nkind   = \"rail-optimised fat tree\"\nswitch = \"quantum-x800\"\noversubscription = {{ leaf = 1.0, \
         spine = 2.0 }}\n\n[storage]\ncapacity = \"{:.0} PB\"\n\n[power]\nbackup = \"{} h\"\n\n[cooling]\nkind   = \"warm \
         water\"\nsupply = \"{:.0} °C\"\n\n[energy]\ncontracts = [\n  {{ kind = \"ppa\", technology = \"wind\", capacity = \
         \"{wind:.0} MW\", price = \"EUR {ppa:.0}/MWh\" }},\n  {{ kind = \"spot\" }},\n]\n",
        it * 2.0,
        if dice.unit() < 0.85 { 48 } else { 24 },
        dice.between(32.0, 42.0),
    );
    let _ = write!(
        text,
        "\n[operations]\nutilisation = {{ low = \"{:.0} %\", mode = \"{utilisation:.0} %\", high = \"{:.0} %\" }}\n\n\
         [[tenant]]\nname  = \"union\"\nhours = \"by contribution\"\nclass = {{ sme = \"40 %\", research = \"40 %\", public = \
         \"20 %\" }}\n\n[[tenant]]\nname  = \"states\"\nhours = \"by contribution\"\nclass = {{ sme = \"30 %\", research = \
         \"50 %\", public = \"20 %\" }}\n\n[[tenant]]\nname  = \"industry\"\nhours = \"remainder\"\nprice = {{ low = \"EUR \
         {:.1}/h\", mode = \"EUR {price:.1}/h\", high = \"EUR {:.1}/h\" }}\n\n[finance]\npublic_money = \"hour share\"\ndebt = \
         {{ share = \"55 %\", rate = \"5.6 %\", tenor = \"5 years\", dscr = 1.3 }}\n",
        utilisation - 14.0,
        (utilisation + 9.0).min(93.0),
        price * 0.75,
        price * 1.35,
    );
    text
}
