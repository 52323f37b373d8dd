use std::collections::BTreeMap;

use gigatwin_quantity::{Currency, Dim, Distribution};

use crate::diagnostic::Span;

/// A quantity as written, in base units.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantityNode {
    /// Its dimension.
    pub dim: Dim,
    /// Point or distribution.
    pub distribution: Distribution,
    /// For money.
    pub currency: Option<Currency>,
    /// For money, where stated.
    pub price_year: Option<u16>,
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A checked value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A quantity.
    Quantity(QuantityNode),
    /// A whole number.
    Whole(u32, Span),
    /// Text, a word, an id or a name.
    Text(String, Span),
    /// A flag.
    Flag(bool, Span),
    /// Several ids.
    Texts(Vec<(String, Span)>),
    /// A table.
    Table(TableNode),
    /// A list of tables.
    Tables(Vec<TableNode>),
    /// Tables named by their keys, in the order written.
    Named(Vec<(String, Span, TableNode)>),
}

/// A checked table: only keys of the language, each of the type declared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableNode {
    /// Values by key.
    pub fields: BTreeMap<&'static str, Node>,
    /// Where the table stands.
    pub span: Span,
}

impl TableNode {
    /// A quantity, if given.
    pub fn quantity(&self, key: &str) -> Option<&QuantityNode> {
        match self.fields.get(key) {
            Some(Node::Quantity(q)) => Some(q),
            _ => None,
        }
    }

    /// A text, word, id or name, if given.
    pub fn text(&self, key: &str) -> Option<(&str, Span)> {
        match self.fields.get(key) {
            Some(Node::Text(t, span)) => Some((t, *span)),
            _ => None,
        }
    }

    /// A whole number, if given.
    pub fn whole(&self, key: &str) -> Option<u32> {
        match self.fields.get(key) {
            Some(Node::Whole(n, _)) => Some(*n),
            _ => None,
        }
    }

    /// A flag, if given.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.fields.get(key) {
            Some(Node::Flag(b, _)) => Some(*b),
            _ => None,
        }
    }

    /// A table, if given.
    pub fn table(&self, key: &str) -> Option<&TableNode> {
        match self.fields.get(key) {
            Some(Node::Table(t)) => Some(t),
            _ => None,
        }
    }

    /// A list of tables; empty where not given.
    pub fn tables(&self, key: &str) -> &[TableNode] {
        match self.fields.get(key) {
            Some(Node::Tables(t)) => t,
            _ => &[],
        }
    }

    /// Named tables; empty where not given.
    pub fn named(&self, key: &str) -> &[(String, Span, TableNode)] {
        match self.fields.get(key) {
            Some(Node::Named(t)) => t,
            _ => &[],
        }
    }

    /// Ids; empty where not given.
    pub fn texts(&self, key: &str) -> &[(String, Span)] {
        match self.fields.get(key) {
            Some(Node::Texts(t)) => t,
            _ => &[],
        }
    }

    /// Place of a key's value, or of the table.
    pub fn span_of(&self, key: &str) -> Span {
        match self.fields.get(key) {
            Some(Node::Quantity(q)) => q.span,
            Some(Node::Whole(_, s) | Node::Text(_, s) | Node::Flag(_, s)) => *s,
            Some(Node::Table(t)) => t.span,
            Some(Node::Texts(t)) => t.first().map_or(self.span, |x| x.1),
            Some(Node::Tables(t)) => t.first().map_or(self.span, |x| x.span),
            Some(Node::Named(t)) => t.first().map_or(self.span, |x| x.1),
            None => self.span,
        }
    }
}
