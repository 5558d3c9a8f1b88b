//! What is known of types while they are traced: a graph of named types over anonymous forms.

use std::collections::{BTreeMap, BTreeSet};

/// Distinguishes named types: the name in serde, and the full name in Rust (with its parameters).
pub(super) type TypeKey = (&'static str, &'static str);

/// The form of one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Node {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// Something without parts, by its name.
    Leaf(&'static str),
    Option(Box<Node>),
    Sequence(Box<Node>),
    Map(Box<(Node, Node)>),
    Tuple(Vec<Node>),
    /// A struct or an enum.
    Named(TypeKey),
}

/// What a struct or a variant of an enum holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Unit,
    Newtype(Node),
    Tuple(Vec<Node>),
    Struct(Vec<(&'static str, Node)>),
}

/// A struct or an enum.
#[derive(Clone, Debug)]
pub(super) enum Container {
    Struct(Content),
    Enum {
        variants: Vec<Variant>,
        /// A variant that can be built without another value of the same enum.
        base: Option<usize>,
    },
}

/// One variant of an enum.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) state: VariantState,
}

#[derive(Clone, Debug)]
pub(super) enum VariantState {
    Unexplored,
    Explored(Content),
    /// Serde lists aliases among the names of variants; nothing is behind the index of an alias.
    Alias,
}

/// All named types found so far.
pub(super) type Types = BTreeMap<TypeKey, Container>;

impl Node {
    /// Appends the named types this form mentions.
    fn mentions(&self, found: &mut Vec<TypeKey>) {
        match self {
            Self::Unknown | Self::Leaf(_) => {}
            Self::Option(inner) | Self::Sequence(inner) => inner.mentions(found),
            Self::Map(entry) => {
                entry.0.mentions(found);
                entry.1.mentions(found);
            }
            Self::Tuple(parts) => parts.iter().for_each(|part| part.mentions(found)),
            Self::Named(key) => found.push(*key),
        }
    }
}

impl Content {
    fn mentions(&self, found: &mut Vec<TypeKey>) {
        match self {
            Self::Unit => {}
            Self::Newtype(inner) => inner.mentions(found),
            Self::Tuple(parts) => parts.iter().for_each(|part| part.mentions(found)),
            Self::Struct(fields) => fields.iter().for_each(|(_, field)| field.mentions(found)),
        }
    }

    /// Whether a way leads from here to a variant nobody has looked at, around the types in `without`.
    pub(super) fn leads_on(&self, types: &Types, without: &[TypeKey]) -> bool {
        let mut seen: BTreeSet<TypeKey> = without.iter().copied().collect();
        let mut ahead = Vec::new();
        self.mentions(&mut ahead);
        while let Some(key) = ahead.pop() {
            if !seen.insert(key) {
                continue;
            }
            match types.get(&key) {
                None => {}
                Some(Container::Struct(content)) => content.mentions(&mut ahead),
                Some(Container::Enum { variants, .. }) => {
                    for variant in variants {
                        match &variant.state {
                            VariantState::Unexplored => return true,
                            VariantState::Explored(content) => content.mentions(&mut ahead),
                            VariantState::Alias => {}
                        }
                    }
                }
            }
        }
        false
    }
}

/// How many variants of all enums have been looked at, and how many have not.
pub(super) fn count_variants(types: &Types) -> (usize, usize) {
    let mut counts = (0, 0);
    for container in types.values() {
        if let Container::Enum { variants, .. } = container {
            let open = variants.iter().filter(|it| matches!(it.state, VariantState::Unexplored)).count();
            counts.0 += variants.len() - open;
            counts.1 += open;
        }
    }
    counts
}
