//! JSON to columns. A value is found as a piece of the text first and converted then, so that numbers keep all their
//! digits and nothing is built in between.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::JsonOptions;
use crate::chunk::{ColumnBuilder, ValueError, quoted};
use crate::formats::leaf::{self, TimeRules};
use crate::formats::line::{text, without_byte_order_mark, without_line_end};
use crate::types::text::timestamp::TimestampFormat;
use crate::types::{NamedField, Schema, SqlType};

/// How JSON is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonRules {
    /// Whether a field that an object does not have is an error; otherwise it is NULL.
    pub fail_on_missing_field: bool,
    /// Whether a value that cannot be read is NULL.
    pub ignore_parse_errors: bool,
    /// How timestamps are written.
    pub timestamps: TimestampFormat,
}

/// Reads format `json`.
pub struct JsonDecoder {
    names: Arc<[NamedField]>,
    rules: JsonRules,
    scratch: Vec<u8>,
}

impl JsonDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(options: &JsonOptions, schema: &Schema) -> Self {
        let rules = JsonRules {
            fail_on_missing_field: options.fail_on_missing_field,
            ignore_parse_errors: options.ignore_parse_errors,
            timestamps: options.timestamp_format,
        };
        Self { names: schema.iter().cloned().collect(), rules, scratch: Vec::new() }
    }

    pub(in crate::formats) fn decode(
        &mut self,
        row: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        let row = text(without_byte_order_mark(without_line_end(row)))?;
        // Looked at as a whole first: a row that ends too early must not leave half of it behind.
        let row: &RawValue = serde_json::from_str(row).map_err(|error| ValueError::new(not_json(&error)))?;
        self.rules.fields(row.get(), &self.names, columns, &mut self.scratch)
    }
}

/// What serde says without the line, which is always the first.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("not JSON: {what} (character {})", error.column())
}

impl JsonRules {
    /// Appends a value, which is the text of one JSON value without blanks around it.
    pub(crate) fn append(
        self,
        raw: &str,
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        if raw == "null" {
            return column.append_null();
        }
        let appended = self.append_present(raw, column, scratch);
        // What could not be read is NULL by now, if it may be.
        if self.ignore_parse_errors && column.field().nullable { Ok(()) } else { appended }
    }

    fn append_present(
        self,
        raw: &str,
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        match &column.field().data_type {
            SqlType::Array(_) if raw.starts_with('[') => column.append_array(|elements| {
                run(raw, |error| {
                    serde_json::Deserializer::from_str(raw).deserialize_seq(Elements {
                        rules: self,
                        elements,
                        scratch,
                        error,
                    })
                })
            }),
            SqlType::Map(..) | SqlType::Multiset(_) if raw.starts_with('{') => {
                column.append_map(|keys, values| {
                    run(raw, |error| {
                        serde_json::Deserializer::from_str(raw).deserialize_map(Entries {
                            rules: self,
                            keys,
                            values,
                            scratch,
                            error,
                        })
                    })
                })
            }
            SqlType::Row(fields) if raw.starts_with('{') => {
                let names = fields.clone();
                column.append_row(|fields| self.fields(raw, &names, fields, scratch))
            }
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => {
                column.append_placeholder();
                let data_type = &column.field().data_type;
                Err(ValueError::new(format!("{} is no {data_type}", quoted(raw))))
            }
            data_type => {
                let value = self.leaf(raw, data_type);
                match value {
                    Ok(Leaf::Whole(number)) => column.append(crate::chunk::Scalar::Integer(number)),
                    Ok(Leaf::Text(text)) => {
                        let value = leaf::read(data_type, &text, self.times(), scratch);
                        column.append_result(value)
                    }
                    Err(problem) => column.append_result(Err(problem)),
                }
            }
        }
    }

    const fn times(self) -> TimeRules {
        TimeRules { timestamps: self.timestamps, times: TimestampFormat::Sql, jdbc_dates: false }
    }

    /// The text of a value that is made of no others.
    fn leaf<'a>(self, raw: &'a str, data_type: &SqlType) -> Result<Leaf<'a>, String> {
        match raw.as_bytes().first() {
            Some(b'"') => {
                let text: Text<'a> = serde_json::from_str(raw).map_err(|error| not_json(&error))?;
                Ok(Leaf::Text(text.0))
            }
            Some(b'{' | b'[') if data_type.is_text() => Ok(Leaf::Text(Cow::Owned(compact(raw)))),
            Some(b'{' | b'[') => Err(format!("{} is no {data_type}", quoted(raw))),
            // Numbers with a fraction or an exponent lose what is behind the point, where Java has a method that does so.
            Some(b'-' | b'0'..=b'9')
                if matches!(
                    data_type,
                    SqlType::Int | SqlType::BigInt | SqlType::IntervalYearMonth | SqlType::IntervalDayTime
                ) && raw.contains(['.', 'e', 'E']) =>
            {
                let number: f64 = raw.parse().map_err(|_| format!("{raw} is no {data_type}"))?;
                #[allow(clippy::cast_possible_truncation, reason = "checked")]
                if number.abs() < 9_223_372_036_854_775_808.0 {
                    Ok(Leaf::Whole(number as i64))
                } else {
                    Err(format!("{raw} is out of the range of {data_type}"))
                }
            }
            _ => Ok(Leaf::Text(Cow::Borrowed(raw))),
        }
    }

    /// Appends to all fields of a row.
    fn fields(
        self,
        raw: &str,
        names: &[NamedField],
        fields: &mut [ColumnBuilder],
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        if !raw.starts_with('{') {
            return Err(ValueError::new(format!("{} is no object", quoted(raw))));
        }
        let before = fields.first().map_or(0, ColumnBuilder::len);
        run(raw, |error| {
            let members = Members { rules: self, names, fields, scratch, before, error };
            serde_json::Deserializer::from_str(raw).deserialize_map(members)
        })?;
        for (name, field) in names.iter().zip(fields.iter_mut()) {
            if field.len() > before {
                continue;
            }
            let missing = if self.fail_on_missing_field {
                field.append_placeholder();
                Err(ValueError::new("the field is missing, and 'json.fail-on-missing-field' is 'true'"))
            } else {
                field.append_null()
            };
            missing.map_err(|error| error.in_field(&name.name))?;
        }
        Ok(())
    }
}

enum Leaf<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
}

/// A text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// JSON without the blanks between its parts, as Jackson writes trees.
fn compact(raw: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    raw.chars()
        .filter(|character| {
            match character {
                _ if escaped => escaped = false,
                '\\' if inside => escaped = true,
                '"' => inside = !inside,
                _ => {}
            }
            inside || !character.is_ascii_whitespace()
        })
        .collect()
}

/// Runs a visitor, which notes what is wrong with a value where serde's error would lose its parts.
fn run(
    raw: &str,
    visit: impl FnOnce(&mut Option<ValueError>) -> Result<(), serde_json::Error>,
) -> Result<(), ValueError> {
    let mut noted = None;
    visit(&mut noted).map_err(|error| {
        noted.unwrap_or_else(|| ValueError::new(format!("{}: {}", quoted(raw), not_json(&error))))
    })
}

struct Members<'a> {
    rules: JsonRules,
    names: &'a [NamedField],
    fields: &'a mut [ColumnBuilder],
    scratch: &'a mut Vec<u8>,
    /// The length of the fields that have not been appended to.
    before: usize,
    error: &'a mut Option<ValueError>,
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

struct Elements<'a> {
    rules: JsonRules,
    elements: &'a mut ColumnBuilder,
    scratch: &'a mut Vec<u8>,
    error: &'a mut Option<ValueError>,
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

struct Entries<'a> {
    rules: JsonRules,
    keys: &'a mut ColumnBuilder,
    values: &'a mut ColumnBuilder,
    scratch: &'a mut Vec<u8>,
    error: &'a mut Option<ValueError>,
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let raw: &RawValue = map.next_value()?;
            let appended = self.keys.append(crate::chunk::Scalar::Text(&key.0));
            let appended = appended.and_then(|()| self.rules.append(raw.get(), self.values, self.scratch));
            if let Err(error) = appended {
                *self.error = Some(error.in_field(&format!("['{}']", key.0)));
                return Err(A::Error::custom("a value"));
            }
        }
        Ok(())
    }
}
