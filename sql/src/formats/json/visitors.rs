//! Walks through objects and arrays. What is wrong with a value is noted beside serde's error, which has no room for it.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::decoder::{JsonRules, Text};
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::types::NamedField;

pub(super) struct Members<'a> {
    pub rules: JsonRules,
    pub names: &'a [NamedField],
    pub fields: &'a mut [ColumnBuilder],
    pub scratch: &'a mut Vec<u8>,
    /// The length of the fields that have not been appended to.
    pub before: usize,
    pub error: &'a mut Option<ValueError>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // Objects mostly have their members in the order of the columns.
        let mut expected = 0;
        while let Some(found) = map.next_key_seed(Name { names: self.names, expected })? {
            let Some(index) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = index + 1;
            let raw: &RawValue = map.next_value()?;
            let (Some(field), Some(name)) = (self.fields.get_mut(index), self.names.get(index)) else {
                continue;
            };
            if field.len() > self.before {
                continue;
            }
            if let Err(error) = self.rules.append(raw.get(), field, self.scratch) {
                *self.error = Some(error.in_field(&name.name));
                return Err(A::Error::custom("a value"));
            }
        }
        Ok(())
    }
}

/// Finds a member among the fields.
struct Name<'a> {
    names: &'a [NamedField],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if self.names.get(self.expected).is_some_and(|field| *field.name == *name) {
            return Ok(Some(self.expected));
        }
        Ok(self.names.iter().position(|field| *field.name == *name))
    }
}

pub(super) struct Elements<'a> {
    pub rules: JsonRules,
    pub elements: &'a mut ColumnBuilder,
    pub scratch: &'a mut Vec<u8>,
    pub error: &'a mut Option<ValueError>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(raw) = sequence.next_element::<&RawValue>()? {
            index += 1;
            if let Err(error) = self.rules.append(raw.get(), self.elements, self.scratch) {
                *self.error = Some(error.in_element(index));
                return Err(A::Error::custom("a value"));
            }
        }
        Ok(())
    }
}

pub(super) struct Entries<'a> {
    pub rules: JsonRules,
    pub keys: &'a mut ColumnBuilder,
    pub values: &'a mut ColumnBuilder,
    pub scratch: &'a mut Vec<u8>,
    pub error: &'a mut Option<ValueError>,
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let raw: &RawValue = map.next_value()?;
            let appended = self.keys.append(Scalar::Text(&key.0));
            let appended = appended.and_then(|()| self.rules.append(raw.get(), self.values, self.scratch));
            if let Err(error) = appended {
                *self.error = Some(error.in_field(&format!("['{}']", key.0)));
                return Err(A::Error::custom("a value"));
            }
        }
        Ok(())
    }
}
