//! The deserializer that makes values up, with their parts, and notes what it is asked for.

use std::any::type_name;

use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::content::{Content, Node};
use super::trace::Tracer;

type Result<T> = std::result::Result<T, Error>;

/// Makes up one value, and notes its form in `slot`.
pub(super) struct Probe<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) slot: &'t mut Node,
}

/// A number, or the like: in most values `one`.
fn number<N>(one: N, zero: N) -> impl FnOnce(&mut Tracer, &'static str) -> N {
    |tracer, type_name| tracer.number(type_name, one, zero)
}

macro_rules! leaf {
    ($($deserialize:ident $visit:ident $form:literal $make:expr;)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.value(Node::Leaf($form), |tracer, _| visitor.$visit($make(tracer, type_name::<V::Value>())))
        }
    )*};
}

impl Probe<'_> {
    /// Notes the form, then makes up the value.
    fn value<V>(self, form: Node, make: impl FnOnce(&mut Tracer, &mut Node) -> Result<V>) -> Result<V> {
        self.tracer.enter()?;
        *self.slot = form;
        let made = make(self.tracer, self.slot);
        self.tracer.leave();
        made
    }

    fn unsupported<T>(self, what: &'static str) -> Result<T> {
        self.tracer.unanswerable = Some(what);
        Err(Error::custom("only a format that describes itself can answer"))
    }

    fn structure<V>(
        self,
        name: &'static str,
        make: impl FnOnce(&mut Tracer) -> (Result<V>, Content),
    ) -> Result<V> {
        let key = (name, type_name::<V>());
        self.value(Node::Named(key), |tracer, _| tracer.visit_struct(key, make))
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    leaf! {
        deserialize_bool visit_bool "bool" number(true, false);
        deserialize_i8 visit_i8 "i8" number(1, 0);
        deserialize_i16 visit_i16 "i16" number(1, 0);
        deserialize_i32 visit_i32 "i32" number(1, 0);
        deserialize_i64 visit_i64 "i64" number(1, 0);
        deserialize_i128 visit_i128 "i128" number(1, 0);
        deserialize_u8 visit_u8 "u8" number(1, 0);
        deserialize_u16 visit_u16 "u16" number(1, 0);
        deserialize_u32 visit_u32 "u32" number(1, 0);
        deserialize_u64 visit_u64 "u64" number(1, 0);
        deserialize_u128 visit_u128 "u128" number(1, 0);
        deserialize_f32 visit_f32 "f32" number(1.0, 0.0);
        deserialize_f64 visit_f64 "f64" number(1.0, 0.0);
        deserialize_char visit_char "char" number('a', '\0');
        deserialize_str visit_borrowed_str "str" Tracer::text;
        deserialize_string visit_borrowed_str "str" Tracer::text;
        deserialize_bytes visit_borrowed_bytes "bytes" Tracer::bytes;
        deserialize_byte_buf visit_borrowed_bytes "bytes" Tracer::bytes;
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.value(Node::Leaf("()"), |_, _| visitor.visit_unit())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.value(Node::Option(Box::default()), |tracer, slot| match slot {
            Node::Option(slot) if !tracer.leaves_out(type_name::<V::Value>()) => {
                visitor.visit_some(Probe { tracer, slot })
            }
            _ => visitor.visit_none(),
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.value(Node::Sequence(Box::default()), |tracer, slot| {
            let element = match slot {
                Node::Sequence(slot) if !tracer.leaves_out(type_name::<V::Value>()) => Some(&mut **slot),
                _ => None,
            };
            visitor.visit_seq(Parts { tracer, slots: element.into_iter() })
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.value(Node::Map(Box::default()), |tracer, slot| {
            let entry = match slot {
                Node::Map(entry) if !tracer.leaves_out(type_name::<V::Value>()) => {
                    vec![&mut entry.0, &mut entry.1]
                }
                _ => Vec::new(),
            };
            visitor.visit_map(Parts { tracer, slots: entry.into_iter() })
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.value(Node::Tuple(Vec::new()), |tracer, slot| {
            let (result, forms) = parts(tracer, len, visitor);
            *slot = Node::Tuple(forms);
            result
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        self.structure(name, |_| (visitor.visit_unit(), Content::Unit))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        self.structure(name, |tracer| {
            let mut inner = Node::Unknown;
            let result = visitor.visit_newtype_struct(Probe { tracer, slot: &mut inner });
            (result, Content::Newtype(inner))
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.structure(name, |tracer| {
            let (result, forms) = parts(tracer, len, visitor);
            (result, Content::Tuple(forms))
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.structure(name, |tracer| fields(tracer, names, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let key = (name, type_name::<V::Value>());
        self.value(Node::Named(key), |tracer, _| {
            tracer.visit_enum(key, names, |tracer, index| {
                let mut content = Content::Unit;
                let result = visitor.visit_enum(Choice { tracer, index, content: &mut content });
                (result, content)
            })
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        self.unsupported("a value of any type")
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        self.unsupported("a name of a field")
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        self.unsupported("a value to be ignored")
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Makes up the parts of a value, one for each slot.
struct Parts<'t, I> {
    tracer: &'t mut Tracer,
    slots: I,
}

/// Makes up a variant of an enum, and notes what it holds.
struct Choice<'t> {
    tracer: &'t mut Tracer,
    index: usize,
    content: &'t mut Content,
}

/// Makes up `count` parts, and returns their forms with the result.
fn parts<'de, V: Visitor<'de>>(
    tracer: &mut Tracer,
    count: usize,
    visitor: V,
) -> (Result<V::Value>, Vec<Node>) {
    // A length too large to be true must not be allocated; the tracer stops far earlier.
    let mut forms = vec![Node::Unknown; count.min(1 << 16)];
    let result = visitor.visit_seq(Parts { tracer, slots: forms.iter_mut() });
    (result, forms)
}

/// As [`parts`], for named fields.
fn fields<'de, V: Visitor<'de>>(
    tracer: &mut Tracer,
    names: &'static [&'static str],
    visitor: V,
) -> (Result<V::Value>, Content) {
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

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some(slot) = self.slots.next() else { return Ok(None) };
        seed.deserialize(Probe { tracer: self.tracer, slot }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.slots.size_hint().1
    }
}

impl<'de, 't, I: Iterator<Item = &'t mut Node>> MapAccess<'de> for Parts<'_, I> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.next_element_seed(seed)?.ok_or_else(|| Error::custom("a value without a key"))
    }
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        let chosen = seed.deserialize(index.into_deserializer())?;
        self.tracer.accept_variant();
        Ok((chosen, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        let mut inner = Node::Unknown;
        let result = seed.deserialize(Probe { tracer: self.tracer, slot: &mut inner });
        *self.content = Content::Newtype(inner);
        result
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let (result, forms) = parts(self.tracer, len, visitor);
        *self.content = Content::Tuple(forms);
        result
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value> {
        let (result, content) = fields(self.tracer, names, visitor);
        *self.content = content;
        result
    }
}
