//! Partitions, fabrics and storage.

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

use super::{Need, Table, Takes, field, given, optional, required};

pub(crate) static PARTITION: Table = Table {
    doc: "A part of the machine: units of one system on one fabric.",
    fields: &[
        required("name", Takes::Text, "Name that runs and services refer to."),
        optional("phase", Takes::Name("phase"), "Phase it opens with; the first without it."),
        required("system", Takes::Catalog(Kind::Systems), "System of the catalog."),
        optional("racks", Takes::Quantity(Dim::Count), "Racks of it; or give units, or accelerators."),
        optional("units", Takes::Quantity(Dim::Count), "Units as bought (a rack, or a node)."),
        optional("accelerators", Takes::Quantity(Dim::Count), "Accelerators, rounded up to whole units."),
        optional(
            "fabric",
            Takes::Name("fabric"),
            "Scale-out network; a default rail-optimised fat tree without it.",
        ),
        optional("price", Takes::Quantity(Dim::Money), "Price of one unit; without it the catalog's."),
        optional(
            "power",
            Takes::Quantity(Dim::Power),
            "Largest power of one unit; without it the catalog's parts are summed.",
        ),
    ],
};

pub(crate) static OVERSUBSCRIPTION: Table = Table {
    doc: "Down-links over up-links at each tier.",
    fields: &[
        given("leaf", Dim::Ratio, "fabric", "leaf_oversubscription", "At the leaves."),
        given("spine", Dim::Ratio, "fabric", "spine_oversubscription", "At the spines."),
    ],
};

pub(crate) static FABRIC: Table = Table {
    doc: "A scale-out network.",
    fields: &[
        field(
            "kind",
            Takes::Word(&[
                "rail-optimised fat tree",
                "fat tree",
                "rail-only",
                "dragonfly",
                "dragonfly+",
                "hyperx",
                "3d torus",
            ]),
            Need::Word("rail-optimised fat tree"),
            "Topology.",
        ),
        required("switch", Takes::Catalog(Kind::Switches), "Switch of the catalog."),
        optional("optic", Takes::Catalog(Kind::Optics), "Transceiver of the catalog."),
        optional(
            "oversubscription",
            Takes::Table(&OVERSUBSCRIPTION),
            "None (1:1) without it. Of a dragonfly leaf is hosts over global links, of a HyperX the reciprocal of the bisection.",
        ),
        optional("cube_edge", Takes::Whole(2), "Chips along the edge of a cube of a 3D torus; 4 without it."),
        optional(
            "circuit_ports",
            Takes::Whole(2),
            "Ports of an optical circuit switch of a 3D torus; 136 without it.",
        ),
        field("planes", Takes::Whole(1), Need::Word("1"), "Parallel planes that each NIC is split over."),
    ],
};

pub(crate) static STORAGE: Table = Table {
    doc: "Shared storage.",
    fields: &[
        optional(
            "checkpoint",
            Takes::Quantity(Dim::Bandwidth),
            "Write bandwidth; without it a reference architecture's figure per accelerator.",
        ),
        optional(
            "capacity",
            Takes::Quantity(Dim::Data),
            "Usable capacity; without it an assumed figure per accelerator.",
        ),
        given("price", Dim::Money, "storage", "flash_per_pb", "Price of one petabyte, bandwidth included."),
        given("power", Dim::Power, "factory", "storage_power_per_pb", "Power of one petabyte."),
    ],
};
