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
        let position = |name: &str, expected| field_position(self.names, name, expected);
        while let Some(found) = map.next_key_seed(Name { position, expected })? {
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

/// The field of this name; the one that is expected is looked at first.
pub(in crate::formats) fn field_position(names: &[NamedField], name: &str, expected: usize) -> Option<usize> {
    if names.get(expected).is_some_and(|field| *field.name == *name) {
        return Some(expected);
    }
    names.iter().position(|field| *field.name == *name)
}

/// Finds a member by its name.
struct Name<F> {
    position: F,
    expected: usize,
}

impl<'de, F: Fn(&str, usize) -> Option<usize>> DeserializeSeed<'de> for Name<F> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str, usize) -> Option<usize>> Visitor<'_> for Name<F> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((self.position)(name, self.expected))
    }
}

/// Notes the texts of members.
pub(super) struct Found<'a, 'f, F> {
    /// The place of a name, given which place is expected.
    pub position: F,
    pub found: &'f mut [Option<&'a str>],
}

impl<'de, F: Fn(&str, usize) -> Option<usize>> Visitor<'de> for Found<'de, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(index) = map.next_key_seed(Name { position: &self.position, expected })? {
            match index.and_then(|index| self.found.get_mut(index)) {
                Some(place) => *place = Some(map.next_value::<&RawValue>()?.get()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
            expected = index.map_or(expected, |index| index + 1);
        }
        Ok(())
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
