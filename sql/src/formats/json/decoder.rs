//! JSON to columns. A value is found as a piece of the text first and converted then, so that numbers keep all their
//! digits and nothing is built in between.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::Deserializer as _;
use serde_json::value::RawValue;

use super::JsonOptions;
use super::scan::{self, Stop};
use super::visitors::{Elements, Entries, Found, Members, field_position};
use crate::chunk::{ColumnBuilder, Scalar, ValueError, quoted};
use crate::formats::leaf::{self, TimeRules};
use crate::formats::line::{text, without_byte_order_mark};
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
        Self { names: schema.iter().cloned().collect(), rules: options.rules(), scratch: Vec::new() }
    }

    pub(in crate::formats) fn decode(
        &mut self,
        message: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        let message = text(without_byte_order_mark(message))?;
        self.rules.fields(message.trim_ascii_start(), &self.names, columns, &mut self.scratch)
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
                run(raw, |json, error| {
                    json.deserialize_seq(Elements { rules: self, elements, scratch, error })
                })
            }),
            SqlType::Map(..) | SqlType::Multiset(_) if raw.starts_with('{') => {
                column.append_map(|keys, values| {
                    run(raw, |json, error| {
                        json.deserialize_map(Entries { rules: self, keys, values, scratch, error })
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
                    Ok(Leaf::Whole(number)) => column.append(Scalar::Integer(number)),
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
            Some(b'"') => string(raw).map(Leaf::Text).map_err(|error| error.problem().to_owned()),
            Some(b'{' | b'[') if data_type.is_text() => Ok(Leaf::Text(Cow::Owned(compact(raw)))),
            Some(b'{' | b'[') => Err(format!("{} is no {data_type}", quoted(raw))),
            Some(b'-' | b'0'..=b'9')
                if matches!(
                    data_type,
                    SqlType::Int | SqlType::BigInt | SqlType::IntervalYearMonth | SqlType::IntervalDayTime
                ) =>
            {
                if let Ok(number) = raw.parse() {
                    return Ok(Leaf::Whole(number));
                }
                // Numbers with a fraction or an exponent lose what is behind the point, where Java has a method that does so.
                if !raw.contains(['.', 'e', 'E']) {
                    return Ok(Leaf::Text(Cow::Borrowed(raw)));
                }
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

    /// Appends to all fields of a row, which is the text of an object.
    pub(in crate::formats) fn fields(
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
        // Objects mostly have their members in the order of the columns.
        let mut expected = 0;
        let scanned = scan::members(raw, |name, value| {
            let Some(index) = field_position(names, name, expected) else { return Ok(()) };
            expected = index + 1;
            match (fields.get_mut(index), names.get(index)) {
                (Some(field), Some(name)) if field.len() == before => {
                    self.append(value, field, scratch).map_err(|error| error.in_field(&name.name))
                }
                _ => Ok(()),
            }
        });
        match scanned {
            Ok(()) => {}
            // The fields that have their values keep them: it would find the same.
            Err(Stop::Unsure) => run(raw, |json, error| {
                json.deserialize_map(Members { rules: self, names, fields, scratch, before, error })
            })?,
            Err(Stop::Failed(error)) => return Err(error),
        }
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

/// The texts of an object's members, each at the place that `position` has for its name and what comes next; the last, if
/// there are several of a name.
pub(in crate::formats) fn find_members<'a>(
    raw: &'a str,
    position: impl Fn(&str, usize) -> Option<usize>,
    found: &mut [Option<&'a str>],
) -> Result<(), ValueError> {
    if !raw.starts_with('{') {
        return Err(ValueError::new(format!("{} is no object", quoted(raw))));
    }
    let mut expected = 0;
    let scanned = scan::members(raw, |name, value| {
        let index = position(name, expected);
        if let Some(place) = index.and_then(|index| found.get_mut(index)) {
            *place = Some(value);
        }
        expected = index.map_or(expected, |index| index + 1);
        Ok::<_, ValueError>(())
    });
    match scanned {
        Ok(()) => Ok(()),
        Err(Stop::Unsure) => run(raw, |json, _| json.deserialize_map(Found { position, found })),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// A member that is there and not NULL.
pub(in crate::formats) fn present(member: Option<&str>) -> Option<&str> {
    member.filter(|raw| *raw != "null")
}

/// The texts of an array's elements.
pub(in crate::formats) fn elements(raw: &str) -> Result<Vec<&str>, ValueError> {
    let elements: Vec<&RawValue> =
        serde_json::from_str(raw).map_err(|_| ValueError::new(format!("{} is no array", quoted(raw))))?;
    Ok(elements.into_iter().map(RawValue::get).collect())
}

/// A value as text, as it becomes a STRING.
pub(in crate::formats) fn string(raw: &str) -> Result<Cow<'_, str>, ValueError> {
    match raw.as_bytes().first() {
        // The text has been found to be one: it is what stands between the quotes, unless there is an escape.
        Some(b'"') if memchr::memchr(b'\\', raw.as_bytes()).is_none() => {
            Ok(Cow::Borrowed(raw.get(1..raw.len() - 1).unwrap_or_default()))
        }
        Some(b'"') => {
            let text: Text<'_> =
                serde_json::from_str(raw).map_err(|error| ValueError::new(not_json(&error)))?;
            Ok(text.0)
        }
        Some(b'{' | b'[') => Ok(Cow::Owned(compact(raw))),
        _ => Ok(Cow::Borrowed(raw)),
    }
}

enum Leaf<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
}

/// A text, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

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
fn run<'a>(
    raw: &'a str,
    visit: impl FnOnce(&mut Json<'a>, &mut Option<ValueError>) -> Result<(), serde_json::Error>,
) -> Result<(), ValueError> {
    let (mut json, mut noted) = (serde_json::Deserializer::from_str(raw), None);
    let visited = visit(&mut json, &mut noted).and_then(|()| json.end());
    visited.map_err(|error| noted.unwrap_or_else(|| ValueError::new(not_json(&error))))
}

/// A text that is read.
type Json<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;
