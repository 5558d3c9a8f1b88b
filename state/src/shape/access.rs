//! The parts of made-up values: elements, fields, entries and variants.

use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::content::{Content, Node};
use super::probe::Probe;
use super::trace::Tracer;

/// Makes up the parts of a value, one for each slot.
pub(super) struct Parts<'t, I> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) slots: I,
}

/// Makes up a variant of an enum, and notes what it holds.
pub(super) struct Choice<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) index: usize,
    pub(super) content: &'t mut Content,
}

/// Makes up `count` parts, and returns their forms with the result.
pub(super) fn parts<'de, V: Visitor<'de>>(
    tracer: &mut Tracer,
    count: usize,
    visitor: V,
) -> (Result<V::Value, Error>, Vec<Node>) {
    // A length too large to be true must not be allocated; the tracer stops far earlier.
    let mut forms = vec![Node::Unknown; count.min(1 << 16)];
    let result = visitor.visit_seq(Parts { tracer, slots: forms.iter_mut() });
    (result, forms)
}

/// As [`parts`], for named fields.
pub(super) fn fields<'de, V: Visitor<'de>>(
    tracer: &mut Tracer,
    names: &'static [&'static str],
    visitor: V,
) -> (Result<V::Value, Error>, Content) {
    let (result, forms) = parts(tracer, names.len(), visitor);
    let asked_for = forms.iter().filter(|form| **form != Node::Unknown).count();
    // Serde lists aliases among the names of fields; which is which cannot be told from outside.
    if result.is_ok() && asked_for < names.len() {
        return (result, Content::Tuple(forms.into_iter().take(asked_for).collect()));
    }
    (result, Content::Struct(names.iter().copied().zip(forms).collect()))
}

impl<'de, 't, I: Iterator<Item = &'t mut Node>> SeqAccess<'de> for Parts<'_, I> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(slot) = self.slots.next() else { return Ok(None) };
        seed.deserialize(Probe { tracer: self.tracer, slot }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.slots.size_hint().1
    }
}

impl<'de, 't, I: Iterator<Item = &'t mut Node>> MapAccess<'de> for Parts<'_, I> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.next_element_seed(seed)?.ok_or_else(|| Error::custom("a value without a key"))
    }
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        let chosen = seed.deserialize(index.into_deserializer())?;
        self.tracer.accept_variant();
        Ok((chosen, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        let mut inner = Node::Unknown;
        let result = seed.deserialize(Probe { tracer: self.tracer, slot: &mut inner });
        *self.content = Content::Newtype(inner);
        result
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let (result, forms) = parts(self.tracer, len, visitor);
        *self.content = Content::Tuple(forms);
        result
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (result, content) = fields(self.tracer, names, visitor);
        *self.content = content;
        result
    }
}
