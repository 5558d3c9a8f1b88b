//! Texts taken apart: SPLIT_INDEX, SPLIT, STR_TO_MAP.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{MapBuilder, MapFieldNames, StringViewBuilder};
use arrow_array::types::Int32Type;
use memchr::memmem;
use millstream_runtime::{Error, ErrorKind};

use super::super::Parameter::{Int, Text};
use super::super::lift::{kernel, slices};
use super::super::{Argument, Call, ScalarFunction, Signature};
use super::regexp::list_builder;
use super::regexp::pattern::{Pattern, Patterns};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

mod hash_order;

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("SPLIT_INDEX", Signature::Custom(indexed), |arguments, _, _| {
        if arguments.get(1).is_some_and(|separator| separator.field.data_type == SqlType::Int) {
            return kernel(|call| {
                let (values, separators) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
                let indexes = call.numbers::<Int32Type>(2)?;
                slices(call.rows(), |row| {
                    Ok((|| {
                        // A separator that is no Latin-1 character separates nothing; it gives NULL.
                        let separator = u8::try_from(separators.get(row)?).ok().filter(|code| *code > 0)?;
                        let index = usize::try_from(indexes.get(row)?).ok()?;
                        part(values.get(row)?, char::from(separator).encode_utf8(&mut [0; 2]), index)
                    })())
                })
            });
        }
        kernel(|call| {
            let (values, separators) = (call.texts(0)?, call.texts(1)?);
            let indexes = call.numbers::<Int32Type>(2)?;
            slices(call.rows(), |row| {
                Ok((|| {
                    let index = usize::try_from(indexes.get(row)?).ok()?;
                    part(values.get(row)?, separators.get(row)?, index)
                })())
            })
        })
    }),
    ScalarFunction::new(
        "SPLIT",
        Signature::Custom(|call| {
            call.expect_count(2, 2)?;
            call.expect(0, Text)?;
            call.expect(1, Text)?;
            let texts = SqlType::Array(Arc::new(Field::nullable(SqlType::STRING)));
            Ok(Field::new(texts, call.any_nullable()))
        }),
        |_, _, _| {
            kernel(|call| {
                let (values, separators) = (call.texts(0)?, call.texts(1)?);
                let mut lists = list_builder();
                for row in 0..call.rows() {
                    let both = values.get(row).zip(separators.get(row));
                    if let Some((text, separator)) = both {
                        split(text, separator, |part| lists.values().append_value(part));
                    }
                    lists.append(both.is_some());
                }
                Ok(Arc::new(lists.finish()) as ArrayRef)
            })
        },
    ),
    ScalarFunction::new("STR_TO_MAP", Signature::Custom(mapped), |arguments, _, _| str_to_map(arguments))
        .on_demand(),
];

fn indexed(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(3, 3)?;
    call.expect(0, Text)?;
    call.expect(1, if call.data_type(1).is_integer() { Int } else { Text })?;
    call.expect(2, Int)?;
    Ok(Field::nullable(SqlType::STRING))
}

/// The part of this index. An empty text has none; an empty separator stands for any white space.
fn part<'a>(text: &'a str, separator: &str, index: usize) -> Option<&'a str> {
    if text.is_empty() {
        return None;
    }
    match separator.as_bytes() {
        [] => text.split(char::is_whitespace).nth(index),
        [byte] => {
            let mut ends = memchr::memchr_iter(*byte, text.as_bytes());
            let start = if index == 0 { 0 } else { ends.nth(index - 1)? + 1 };
            text.get(start..ends.next().unwrap_or(text.len()))
        }
        separator => {
            let mut ends = memmem::find_iter(text.as_bytes(), separator);
            let start = if index == 0 { 0 } else { ends.nth(index - 1)? + separator.len() };
            text.get(start..ends.next().unwrap_or(text.len()))
        }
    }
}

/// An empty text has no parts; an empty separator gives the characters.
fn split(text: &str, separator: &str, mut each: impl FnMut(&str)) {
    if separator.is_empty() {
        for character in text.chars() {
            each(character.encode_utf8(&mut [0; 4]));
        }
    } else if !text.is_empty() {
        text.split(separator).for_each(each);
    }
}

fn mapped(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 3)?;
    if call.arguments.len() == 2 {
        return Err(call.mismatch());
    }
    (0..call.arguments.len()).try_for_each(|index| call.expect(index, Text))?;
    let text = Arc::new(Field::nullable(SqlType::STRING));
    Ok(Field::nullable(SqlType::Map(text.clone(), text)))
}

fn str_to_map(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let (between_pairs, in_pairs) = (Patterns::of(arguments.get(1))?, Patterns::of(arguments.get(2))?);
    kernel(move |call| {
        let values = call.texts(0)?;
        let separators = if call.len() > 2 { Some((call.texts(1)?, call.texts(2)?)) } else { None };
        let (mut outer, mut inner) = (between_pairs.lookup(), in_pairs.lookup());
        let mut maps = map_builder();
        for row in 0..call.rows() {
            let (outer_text, inner_text) = match &separators {
                Some((outer, inner)) => (outer.get(row), inner.get(row)),
                None => (Some(","), Some("=")),
            };
            let (Some(text), Some(outer_text), Some(inner_text)) = (values.get(row), outer_text, inner_text)
            else {
                maps.append(false).map_err(crate::chunk::arrow_error)?;
                continue;
            };
            let outer = outer.get(outer_text)?.ok_or_else(|| no_pattern(outer_text))?;
            let inner = inner.get(inner_text)?.ok_or_else(|| no_pattern(inner_text))?;
            let mut pairs: Vec<(&str, Option<&str>)> = Vec::new();
            let written = pieces(outer, text);
            for pair in written.iter().copied() {
                let cut = inner.matches(pair).find(|found| !(found.is_empty() && found.start() == 0));
                let (key, value) = match cut {
                    Some(cut) => (pair.get(..cut.start()).unwrap_or_default(), pair.get(cut.end()..)),
                    None => (pair, None),
                };
                match pairs.iter_mut().find(|(known, _)| *known == key) {
                    Some(known) => known.1 = value,
                    None => pairs.push((key, value)),
                }
            }
            hash_order::sort(&mut pairs, written.len());
            for (key, value) in pairs {
                maps.keys().append_value(key);
                maps.values().append_option(value);
            }
            maps.append(true).map_err(crate::chunk::arrow_error)?;
        }
        Ok(Arc::new(maps.finish()) as ArrayRef)
    })
}

fn no_pattern(text: &str) -> Error {
    Error::new(
        ErrorKind::Function,
        format!("java.util.regex.PatternSyntaxException: '{text}' is no regular expression"),
    )
}

/// As Java's `String.split`: what is empty at the end is left out. An empty text has no pieces.
fn pieces<'a>(separator: &Pattern, text: &'a str) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    for found in separator.matches(text) {
        // An empty match at the beginning separates nothing.
        if found.end() > 0 {
            pieces.extend(text.get(rest..found.start()));
            rest = found.end();
        }
    }
    pieces.extend(text.get(rest..));
    while pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    pieces
}

fn map_builder() -> MapBuilder<StringViewBuilder, StringViewBuilder> {
    // The names and nullability of `SqlType::Map`'s arrow type.
    let names =
        MapFieldNames { entry: "entries".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    MapBuilder::new(Some(names), StringViewBuilder::new(), StringViewBuilder::new())
}
