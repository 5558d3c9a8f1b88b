//! What has been found out about a type, and what to make up next.
//!
//! A type that is already known, or that is being looked at further up, is built as *shallow* as
//! can be: no optional part, and the variant of an enum that is known to end.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use serde::de::Error as _;
use serde::de::value::Error;

use super::content::{Container, Content, Node, TypeKey, Types, Variant, VariantState};
use super::style::Style;

/// How many values may be made up before a type counts as too large to describe.
pub(super) const MAX_VALUES: usize = 50_000;
/// How deep types may nest.
const MAX_DEPTH: usize = 64;

/// What to try in turn where a type wants text of a certain form.
const TEXTS: [&str; 8] = [
    "",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00",
    "1970-01-01",
    "00:00:00",
    "1",
    "127.0.0.1",
    "http://a/",
];
/// What to try in turn where a type wants bytes.
const BYTES: [&[u8]; 2] = [&[], &[0; 16]];

/// What has been found out, and where the current pass is.
#[derive(Default)]
pub(super) struct Tracer {
    pub(super) root: Node,
    pub(super) types: Types,
    /// Types being deserialized, outermost first.
    active: Vec<TypeKey>,
    /// Structs, and variants of enums, that this pass has come across.
    seen: BTreeSet<(TypeKey, usize)>,
    shallow: bool,
    depth: usize,
    values: usize,
    /// Which text or bytes to give to a type that refused earlier ones.
    choices: HashMap<&'static str, usize>,
    /// Who got text or bytes last, and how many there are to choose from: the likely cause of an error.
    last_choice: Option<(&'static str, usize)>,
    /// The variant that was asked for last, until its index is accepted.
    pending_variant: Option<(TypeKey, usize)>,
    /// Numbers the enums built, so that one can tell whether a value contains another of its type.
    enums_built: usize,
    last_built: HashMap<TypeKey, usize>,
    /// Which of the made-up values have nothing in them.
    style: Style,
    /// The deepest that types have nested.
    pub(super) deepest: usize,
    /// What a type has asked for that only a format that describes itself could answer.
    pub(super) unanswerable: Option<&'static str>,
}

impl Tracer {
    /// A tracer whose values are made up in this style.
    pub(super) fn in_style(style: Style) -> Self {
        Self { style, ..Self::default() }
    }

    /// How many values have been made up.
    pub(super) const fn values(&self) -> usize {
        self.values
    }

    /// Forgets where the last pass was.
    pub(super) fn begin_pass(&mut self) {
        self.active.clear();
        self.seen.clear();
        (self.shallow, self.depth) = (false, 0);
        (self.last_choice, self.pending_variant) = (None, None);
    }

    /// Changes what seems to have made the last pass fail; false if there is nothing left to change.
    pub(super) fn adapt(&mut self) -> bool {
        if self.values > MAX_VALUES {
            return false;
        }
        if let Some((key, index)) = self.pending_variant {
            // Index 0 is always a variant: an enum that refuses it is read in a way of its own.
            return index > 0 && self.set_variant(key, index, VariantState::Alias);
        }
        let Some((type_name, options)) = self.last_choice else { return false };
        let choice = self.choices.entry(type_name).or_insert(0);
        *choice += 1;
        *choice < options
    }

    /// Counts a value about to be made up, one level further in. [`Self::leave`] goes back out.
    pub(super) fn enter(&mut self) -> Result<(), Error> {
        self.values += 1;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.values > MAX_VALUES || self.depth > MAX_DEPTH {
            return Err(Error::custom("too large a type"));
        }
        self.last_choice = None;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Whether an optional part, or the elements of a collection of the type named `type_name`, are
    /// to be left out.
    pub(super) fn leaves_out(&mut self, type_name: &'static str) -> bool {
        self.shallow || self.depth >= self.style.empty_from && self.choose(type_name, 2) == 0
    }

    /// The number (or the like) to give to a visitor of the type named `type_name`.
    pub(super) fn number<N>(&mut self, type_name: &'static str, one: N, zero: N) -> N {
        if self.depth >= self.style.zero_from && self.choose(type_name, 2) == 0 { zero } else { one }
    }

    /// Which of `options` values to give to a visitor of the type named `type_name`.
    fn choose(&mut self, type_name: &'static str, options: usize) -> usize {
        self.last_choice = Some((type_name, options));
        self.choices.get(type_name).copied().unwrap_or(0)
    }

    /// The text to give to a visitor of the type named `type_name`.
    pub(super) fn text(&mut self, type_name: &'static str) -> &'static str {
        let choice = self.choose(type_name, TEXTS.len());
        TEXTS.get(choice).copied().unwrap_or_default()
    }

    /// The bytes to give to a visitor of the type named `type_name`.
    pub(super) fn bytes(&mut self, type_name: &'static str) -> &'static [u8] {
        let choice = self.choose(type_name, BYTES.len());
        BYTES.get(choice).copied().unwrap_or_default()
    }

    /// Builds a struct by `build`, and keeps what it says the struct holds.
    pub(super) fn visit_struct<V>(
        &mut self,
        key: TypeKey,
        build: impl FnOnce(&mut Self) -> (Result<V, Error>, Content),
    ) -> Result<V, Error> {
        let again = self.active.contains(&key) || !self.seen.insert((key, 0));
        let known = match self.types.get(&key) {
            Some(Container::Struct(content)) => !content.leads_on(&self.types, &self.active),
            _ => false,
        };
        let (result, content) = self.within(key, again || known, build);
        if !again && !known {
            self.types.entry(key).or_insert(Container::Struct(content));
        }
        result
    }

    /// Builds a variant of an enum by `build`, which is given the variant's index, and keeps what
    /// it says the variant holds.
    pub(super) fn visit_enum<V>(
        &mut self,
        key: TypeKey,
        names: &'static [&'static str],
        build: impl FnOnce(&mut Self, usize) -> (Result<V, Error>, Content),
    ) -> Result<V, Error> {
        self.types.entry(key).or_insert_with(|| Container::Enum {
            variants: names.iter().map(|name| Variant { name, state: VariantState::Unexplored }).collect(),
            base: None,
        });
        let (index, shallow) = self
            .choose_variant(key)
            .ok_or_else(|| Error::custom("an enum that contains itself without end"))?;
        self.seen.insert((key, index));
        self.enums_built += 1;
        self.last_built.insert(key, self.enums_built);
        let this = self.enums_built;
        self.pending_variant = Some((key, index));
        let (result, content) = self.within(key, shallow, |tracer| build(tracer, index));
        let accepted = self.pending_variant.is_none();
        if accepted && !shallow {
            self.set_variant(key, index, VariantState::Explored(content));
        }
        let contains_itself = self.last_built.get(&key) != Some(&this);
        if let (Ok(_), false, Some(Container::Enum { base: base @ None, .. })) =
            (&result, contains_itself, self.types.get_mut(&key))
        {
            *base = Some(index);
        }
        result
    }

    /// The index given to the enum that is being built is one of its variants.
    pub(super) fn accept_variant(&mut self) {
        self.pending_variant = None;
    }

    /// The variant to build next, and whether shallow.
    fn choose_variant(&self, key: TypeKey) -> Option<(usize, bool)> {
        let Some(Container::Enum { variants, base }) = self.types.get(&key) else { return None };
        let shallow = base.map(|index| (index, true));
        if shallow.is_some() && self.active.contains(&key) {
            return shallow;
        }
        let mut without = self.active.clone();
        without.push(key);
        let unseen = |index: &usize| !self.seen.contains(&(key, *index));
        let position = |wanted: &dyn Fn(&VariantState) -> bool| {
            let found = variants.iter().enumerate().filter(|(_, variant)| wanted(&variant.state));
            found.map(|(index, _)| index).find(unseen).map(|index| (index, false))
        };
        position(&|state| matches!(state, VariantState::Unexplored))
            .or_else(|| {
                position(&|state| {
                    matches!(state, VariantState::Explored(content) if content.leads_on(&self.types, &without))
                })
            })
            .or(shallow)
    }

    fn set_variant(&mut self, key: TypeKey, index: usize, state: VariantState) -> bool {
        let Some(Container::Enum { variants, .. }) = self.types.get_mut(&key) else { return false };
        let Some(variant) = variants.get_mut(index) else { return false };
        variant.state = state;
        true
    }

    fn within<V>(&mut self, key: TypeKey, shallow: bool, build: impl FnOnce(&mut Self) -> V) -> V {
        self.active.push(key);
        let outside = std::mem::replace(&mut self.shallow, shallow);
        let built = build(self);
        self.shallow = outside;
        self.active.pop();
        built
    }
}
