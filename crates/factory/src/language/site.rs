//! Site, grid, phases, power, cooling and energy.

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

use super::{Need, Table, Takes, field, given, optional, required};

pub(crate) static FACTORY: Table = Table {
    doc: "Name, country and rules.",
    fields: &[
        required("name", Takes::Text, "What the site is called."),
        required("country", Takes::Catalog(Kind::Countries), "Host State, ISO 3166 code."),
        optional(
            "rules",
            Takes::CatalogList(Kind::Rules),
            "Rule sets of the catalog that the site is judged by.",
        ),
        given("price_year", Dim::Count, "factory", "price_year", "Year whose prices all money is stated in."),
        field(
            "h100e",
            Takes::Word(&["bf16", "fp8", "bandwidth"]),
            Need::Word("bf16"),
            "What an H100-equivalent compares: the tender's own definition is not public.",
        ),
    ],
};

pub(crate) static GRID: Table = Table {
    doc: "Connection to the public grid.",
    fields: &[
        required("firm", Takes::Quantity(Dim::Power), "Capacity that is always there."),
        optional(
            "flexible",
            Takes::Quantity(Dim::Power),
            "Further capacity that the grid operator may curtail.",
        ),
        optional(
            "curtailed",
            Takes::Quantity(Dim::Share),
            "Share of the hours in which the operator takes the flexible capacity away, those with the highest prices; without it the catalog's.",
        ),
        optional("export", Takes::Quantity(Dim::Power), "Power that may be fed in; without it, none."),
        optional(
            "energised",
            Takes::Quantity(Dim::Date),
            "When the connection carries power; without it the country's lead time is counted from signature.",
        ),
    ],
};

pub(crate) static PERMIT: Table = Table {
    doc: "Building and environmental permits.",
    fields: &[
        required("filed", Takes::Quantity(Dim::Date), "When the complete application is filed."),
        given("duration", Dim::Time, "schedule", "permit", "From complete application to permit."),
    ],
};

pub(crate) static HEAT: Table = Table {
    doc: "Sale of waste heat.",
    fields: &[
        required("buyer", Takes::Text, "Who takes the heat."),
        required(
            "supply",
            Takes::Quantity(Dim::Temperature),
            "Temperature the buyer wants; a heat pump lifts what the loop does not reach.",
        ),
        required("up_to", Takes::Quantity(Dim::Power), "Largest heat flow the buyer takes."),
        given("price", Dim::EnergyPrice, "factory", "heat_price", "What the buyer pays."),
        given(
            "base",
            Dim::Share,
            "facility",
            "heat_base_share",
            "Share of it that the buyer takes all year round; the rest follows the outdoor temperature.",
        ),
    ],
};

pub(crate) static SITE: Table = Table {
    doc: "Where the site stands.",
    fields: &[
        required(
            "place",
            Takes::Catalog(Kind::Places),
            "Place of the catalog: coordinates, altitude and climate.",
        ),
        required("grid", Takes::Table(&GRID), "Grid connection."),
        optional("permit", Takes::Table(&PERMIT), "Permits; without it the site counts as permitted."),
        optional(
            "signature",
            Takes::Quantity(Dim::Date),
            "When the hosting agreement is signed; construction and orders start no earlier.",
        ),
        optional("heat", Takes::Table(&HEAT), "Sale of waste heat."),
    ],
};

pub(crate) static PHASE: Table = Table {
    doc: "A step in which the site opens.",
    fields: &[
        required("name", Takes::Text, "Name that partitions refer to."),
        optional("opens", Takes::Quantity(Dim::Date), "When it is asked to open."),
        given(
            "funded_with",
            Dim::Share,
            "factory",
            "phase_funded_with",
            "Probability that the phase's public money comes.",
        ),
    ],
};

pub(crate) static POWER: Table = Table {
    doc: "Power chain between grid and racks.",
    fields: &[
        field(
            "redundancy",
            Takes::Word(&["N", "N+1", "2N"]),
            Need::Word("N+1"),
            "Redundancy of transformers, UPS and distribution.",
        ),
        given("backup", Dim::Time, "facility", "backup_autonomy", "How long the site runs without the grid."),
        given(
            "backed_share",
            Dim::Share,
            "facility",
            "backup_carried",
            "Share of the IT load that backup carries.",
        ),
    ],
};

pub(crate) static COOLING: Table = Table {
    doc: "How heat leaves.",
    fields: &[
        field(
            "kind",
            Takes::Word(&["warm water", "chilled water", "air"]),
            Need::Word("warm water"),
            "Main loop.",
        ),
        given(
            "supply",
            Dim::Temperature,
            "facility",
            "warm_water_supply",
            "Temperature of the loop's water at the racks' inlet; of the room air for air cooling.",
        ),
        field(
            "rejection",
            Takes::Word(&["dry cooler", "tower"]),
            Need::Word("dry cooler"),
            "What hands the heat to the air; a tower reaches below the air's temperature and drinks for it.",
        ),
        field("adiabatic", Takes::Flag, Need::Word("true"), "Whether coolers are wetted in hot hours."),
    ],
};

pub(crate) static CONTRACT: Table = Table {
    doc: "One supply contract.",
    fields: &[
        required(
            "kind",
            Takes::Word(&["ppa", "fixed", "spot"]),
            "Power-purchase agreement (pay as produced), fixed price for a band, or the day-ahead market.",
        ),
        optional(
            "technology",
            Takes::Word(&["wind", "offshore wind", "solar", "hydro", "nuclear"]),
            "What produces; for a PPA.",
        ),
        optional(
            "delivery",
            Takes::Word(&["as produced", "baseload", "on site"]),
            "How a PPA delivers: what the plant makes in its hour, the same power in every hour, or from a plant behind the site's own meter. Without it as produced; hydro and nuclear as a band.",
        ),
        optional(
            "capacity",
            Takes::Quantity(Dim::Power),
            "Installed capacity (PPA) or band (fixed, baseload).",
        ),
        optional("price", Takes::Quantity(Dim::EnergyPrice), "Contract price."),
    ],
};

pub(crate) static BATTERY: Table = Table {
    doc: "A battery behind the meter.",
    fields: &[
        required("power", Takes::Quantity(Dim::Power), "Charge and discharge power."),
        required("energy", Takes::Quantity(Dim::Energy), "Usable energy."),
        given("price", Dim::EnergyPrice, "factory", "battery_price", "Investment per energy."),
        optional(
            "efficiency",
            Takes::Quantity(Dim::Share),
            "Of the energy drawn, what comes back; without it the catalog's.",
        ),
    ],
};

pub(crate) static FLEXIBILITY: Table = Table {
    doc: "What of the load may give way; only `energy --dispatch` looks at it.",
    fields: &[
        optional(
            "cap",
            Takes::Quantity(Dim::Share),
            "Largest share of the site's load that power caps on accelerators take away.",
        ),
        optional(
            "hour_value",
            Takes::Quantity(Dim::HourPrice),
            "What an accelerator-hour lost to a cap would have been worth; without it the catalog's.",
        ),
        optional(
            "deferrable",
            Takes::Quantity(Dim::Share),
            "Largest share of the site's load that is training which may wait.",
        ),
        optional(
            "within",
            Takes::Quantity(Dim::Time),
            "What waits is caught up in blocks of this length; without it a day.",
        ),
        optional(
            "catch_up",
            Takes::Quantity(Dim::Power),
            "Largest power beyond the load when catching up; without it what provisioned power leaves.",
        ),
        optional(
            "deferral_cost",
            Takes::Quantity(Dim::EnergyPrice),
            "Cost of each unit of energy put off: checkpoints, restarts; without it the catalog's.",
        ),
    ],
};

pub(crate) static SIZING: Table = Table {
    doc: "The most that `energy --size` may build on the site; without a key twice the power the site draws, and eight hours of it.",
    fields: &[
        optional("solar", Takes::Quantity(Dim::Power), "PV."),
        optional("wind", Takes::Quantity(Dim::Power), "Wind."),
        optional("battery_power", Takes::Quantity(Dim::Power), "Power of the battery."),
        optional("battery_energy", Takes::Quantity(Dim::Energy), "Energy of the battery."),
    ],
};

pub(crate) static ENERGY: Table = Table {
    doc: "Contracts, taxes and batteries.",
    fields: &[
        optional(
            "contracts",
            Takes::Tables(&CONTRACT),
            "Supply contracts; what they leave open is bought on the day-ahead market.",
        ),
        optional("battery", Takes::Table(&BATTERY), "A battery behind the meter."),
        optional("flexibility", Takes::Table(&FLEXIBILITY), "What of the load may give way."),
        optional("sizing", Takes::Table(&SIZING), "The most that may be built where sizes are sought."),
        optional(
            "spot",
            Takes::Quantity(Dim::EnergyPrice),
            "Mean day-ahead price; without it the country's.",
        ),
        optional(
            "network_and_levies",
            Takes::Quantity(Dim::EnergyPrice),
            "Network charges, taxes and levies on top of energy; without it the country's grid fees and electricity tax.",
        ),
        given(
            "margin",
            Dim::EnergyPrice,
            "energy",
            "supplier_margin",
            "Supplier's margin on day-ahead energy.",
        ),
        given("growth", Dim::Growth, "factory", "spot_growth", "Real yearly change of day-ahead prices."),
        optional(
            "carbon_intensity",
            Takes::Quantity(Dim::CarbonIntensity),
            "Of the grid's supply; without it the country's.",
        ),
    ],
};
