//! The factory language as data: one declaration drives checking, the JSON Schema, the reference page of the book
//! and the list of defaults.

pub(crate) mod adapt;
pub(crate) mod machine;
pub(crate) mod money;
pub(crate) mod site;
pub(crate) mod work;

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A quantity: a point, a range or a distribution.
    Quantity(Dim),
    /// A whole number of at least the given value.
    Whole(u32),
    /// Free text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A word of the list, or a share.
    WordOrShare(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// The id of a catalog entry.
    Catalog(Kind),
    /// Ids of catalog entries.
    CatalogList(Kind),
    /// The name of something defined in the file under this top-level key.
    Name(&'static str),
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    Tables(&'static Table),
    /// A table of tables, named by their keys.
    Named(&'static Table),
}

/// Whether a key must be there, and what holds where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Must be given.
    Required,
    /// May be left out; then nothing of it exists.
    Optional,
    /// May be left out; then the figure `room.key` of the catalog's defaults holds, and counts as an assumption.
    Default(&'static str, &'static str),
    /// May be left out; then this word holds, and counts as an assumption.
    Word(&'static str),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be there.
    pub need: Need,
    /// One sentence for the reference page and the editor.
    pub doc: &'static str,
}

/// A table of the language.
#[derive(Debug)]
pub struct Table {
    /// One sentence.
    pub doc: &'static str,
    /// Its keys, in the order of the reference page.
    pub fields: &'static [Field],
}

impl Table {
    /// The declaration of a key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.key == key)
    }
}

const fn field(key: &'static str, takes: Takes, need: Need, doc: &'static str) -> Field {
    Field { key, takes, need, doc }
}

const fn required(key: &'static str, takes: Takes, doc: &'static str) -> Field {
    field(key, takes, Need::Required, doc)
}

const fn optional(key: &'static str, takes: Takes, doc: &'static str) -> Field {
    field(key, takes, Need::Optional, doc)
}

/// A quantity with a default in the catalog.
const fn given(
    key: &'static str,
    dim: Dim,
    room: &'static str,
    name: &'static str,
    doc: &'static str,
) -> Field {
    field(key, Takes::Quantity(dim), Need::Default(room, name), doc)
}

/// The whole file.
pub static FACTORY_FILE: Table = Table {
    doc: "A factory file: one AI factory or gigafactory from grid connection to cash flow.",
    fields: &[
        required("format", Takes::Whole(1), "Version of this language; 1."),
        optional(
            "extends",
            Takes::Text,
            "Another factory file, relative to this one, on which this one is laid: tables merge, lists of named tables merge by name.",
        ),
        required("factory", Takes::Table(&site::FACTORY), "Name, country and rules."),
        required("site", Takes::Table(&site::SITE), "Where it stands and what connects it."),
        optional(
            "phase",
            Takes::Tables(&site::PHASE),
            "Steps in which the site opens. Without any, there is one phase that opens when the schedule allows.",
        ),
        required("partition", Takes::Tables(&machine::PARTITION), "The machine: racks of one system each."),
        optional("fabric", Takes::Named(&machine::FABRIC), "Scale-out networks by name."),
        optional("storage", Takes::Table(&machine::STORAGE), "Shared storage."),
        optional("power", Takes::Table(&site::POWER), "Power chain between grid and racks."),
        optional("cooling", Takes::Table(&site::COOLING), "How heat leaves."),
        optional("energy", Takes::Table(&site::ENERGY), "Contracts, taxes and batteries."),
        optional("train", Takes::Tables(&work::TRAIN), "Training runs that the site shall be able to do."),
        optional("serve", Takes::Tables(&work::SERVE), "Services that the site shall carry."),
        optional("tune", Takes::Tables(&adapt::TUNE), "Fine-tuning that the site shall do."),
        optional("develop", Takes::Tables(&adapt::DEVELOP), "People who develop on the site."),
        optional("operations", Takes::Table(&work::OPERATIONS), "Failures, repair and utilisation."),
        optional(
            "federation",
            Takes::Table(&work::FEDERATION),
            "Other sites that take over work from this one. For operate.",
        ),
        optional("tenant", Takes::Tables(&money::TENANT), "Who gets the hours."),
        optional(
            "state",
            Takes::Tables(&money::STATE),
            "Member States that pay into the site. Without any, the host State pays the States' part.",
        ),
        optional("finance", Takes::Table(&money::FINANCE), "Public money, debt, prices and life."),
        optional(
            "costs",
            Takes::Table(&money::COSTS),
            "Costs where they are known better than the catalog's.",
        ),
    ],
};
