//! The deserializer that makes values up, and notes what it is asked for.

use std::any::type_name;

use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};

use super::access::{Choice, Parts, fields, parts};
use super::content::{Content, Node};
use super::trace::{BYTES, TEXTS, Tracer};

/// Makes up one value, and notes its form in `slot`.
pub(super) struct Probe<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) slot: &'t mut Node,
}

macro_rules! leaf {
    ($($deserialize:ident $visit:ident $name:literal $one:expr, $zero:expr;)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.value(Node::Leaf($name), |tracer, _| {
                visitor.$visit(if tracer.is_zero(type_name::<V::Value>()) { $zero } else { $one })
            })
        }
    )*};
}

impl Probe<'_> {
    /// Notes the form, then makes up the value.
    fn value<V>(
        self,
        form: Node,
        make: impl FnOnce(&mut Tracer, &mut Node) -> Result<V, Error>,
    ) -> Result<V, Error> {
        self.tracer.enter()?;
        *self.slot = form;
        let made = make(self.tracer, self.slot);
        self.tracer.leave();
        made
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Leaf("str"), |tracer, _| {
            let choice = tracer.choose(type_name::<V::Value>(), TEXTS.len());
            visitor.visit_borrowed_str(TEXTS.get(choice).copied().unwrap_or_default())
        })
    }

    fn bytes<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Leaf("bytes"), |tracer, _| {
            let choice = tracer.choose(type_name::<V::Value>(), BYTES.len());
            visitor.visit_borrowed_bytes(BYTES.get(choice).copied().unwrap_or_default())
        })
    }

    fn unsupported<T>(self, what: &'static str) -> Result<T, Error> {
        self.tracer.unanswerable = Some(what);
        Err(Error::custom("only a format that describes itself can answer"))
    }

    fn structure<V>(
        self,
        name: &'static str,
        make: impl FnOnce(&mut Tracer) -> (Result<V, Error>, Content),
    ) -> Result<V, Error> {
        let key = (name, type_name::<V>());
        self.value(Node::Named(key), |tracer, _| tracer.visit_struct(key, make))
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    leaf! {
        deserialize_bool visit_bool "bool" true, false;
        deserialize_i8 visit_i8 "i8" 1, 0;
        deserialize_i16 visit_i16 "i16" 1, 0;
        deserialize_i32 visit_i32 "i32" 1, 0;
        deserialize_i64 visit_i64 "i64" 1, 0;
        deserialize_i128 visit_i128 "i128" 1, 0;
        deserialize_u8 visit_u8 "u8" 1, 0;
        deserialize_u16 visit_u16 "u16" 1, 0;
        deserialize_u32 visit_u32 "u32" 1, 0;
        deserialize_u64 visit_u64 "u64" 1, 0;
        deserialize_u128 visit_u128 "u128" 1, 0;
        deserialize_f32 visit_f32 "f32" 1.0, 0.0;
        deserialize_f64 visit_f64 "f64" 1.0, 0.0;
        deserialize_char visit_char "char" 'a', '\0';
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Leaf("()"), |_, _| visitor.visit_unit())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Option(Box::default()), |tracer, slot| match slot {
            Node::Option(slot) if !tracer.leaves_out(type_name::<V::Value>()) => {
                visitor.visit_some(Probe { tracer, slot })
            }
            _ => visitor.visit_none(),
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Sequence(Box::default()), |tracer, slot| {
            let element = match slot {
                Node::Sequence(slot) if !tracer.leaves_out(type_name::<V::Value>()) => Some(&mut **slot),
                _ => None,
            };
            visitor.visit_seq(Parts { tracer, slots: element.into_iter() })
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
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

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.value(Node::Tuple(Vec::new()), |tracer, slot| {
            let (result, forms) = parts(tracer, len, visitor);
            *slot = Node::Tuple(forms);
            result
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.structure(name, |_| (visitor.visit_unit(), Content::Unit))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
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
    ) -> Result<V::Value, Error> {
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
    ) -> Result<V::Value, Error> {
        self.structure(name, |tracer| fields(tracer, names, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let key = (name, type_name::<V::Value>());
        self.value(Node::Named(key), |tracer, _| {
            tracer.visit_enum(key, names, |tracer, index| {
                let mut content = Content::Unit;
                let result = visitor.visit_enum(Choice { tracer, index, content: &mut content });
                (result, content)
            })
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.unsupported("a value of any type")
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.unsupported("a name of a field")
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.unsupported("a value to be ignored")
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
