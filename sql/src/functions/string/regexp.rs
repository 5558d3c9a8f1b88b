//! Functions of regular expressions, which are Java's. A pattern that is none gives NULL.

pub(in super::super) mod pattern;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use std::sync::Arc;

use self::pattern::{Pattern, Patterns};
use super::super::Parameter::{Int, Text};
use super::super::lift::{booleans, int, kernel, numbers, slices, texts};
use super::super::{Build, Returns, ScalarFunction, Signature};
use super::length;
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    on_text("REGEXP", Returns::Type(SqlType::Boolean), |arguments, _, _| {
        let patterns = Patterns::of(arguments.get(1))?;
        kernel(move |call| {
            let (values, written) = (call.texts(0)?, call.texts(1)?);
            let mut lookup = patterns.lookup();
            booleans(call.rows(), |row| {
                let Some((text, pattern)) = values.get(row).zip(written.get(row)) else { return Ok(None) };
                // An empty pattern matches nothing here, and neither does one that is none.
                let compiled = if pattern.is_empty() { None } else { lookup.get(pattern)? };
                Ok(Some(
                    compiled.is_some_and(|pattern| pattern.may_match(text) && pattern.regex.is_match(text)),
                ))
            })
        })
    }),
    on_text("REGEXP_COUNT", Returns::Nullable(SqlType::Int), |arguments, _, _| {
        counting(Patterns::of(arguments.get(1))?, |pattern, text| int(pattern.matches(text).count()))
    }),
    on_text("REGEXP_INSTR", Returns::Nullable(SqlType::Int), |arguments, _, _| {
        counting(Patterns::of(arguments.get(1))?, |pattern, text| {
            let found = pattern.regex.find(text).and_then(|found| text.get(..found.start()));
            found.map_or(0, |before| int(length(before)).saturating_add(1))
        })
    }),
    on_text("REGEXP_SUBSTR", Returns::Nullable(SqlType::STRING), |arguments, _, _| {
        let patterns = Patterns::of(arguments.get(1))?;
        kernel(move |call| {
            let (values, written) = (call.texts(0)?, call.texts(1)?);
            let mut lookup = patterns.lookup();
            slices(call.rows(), |row| {
                let Some((text, pattern)) = values.get(row).zip(written.get(row)) else { return Ok(None) };
                Ok(lookup
                    .get(pattern)?
                    .and_then(|pattern| pattern.regex.find(text))
                    .map(|found| found.as_str()))
            })
        })
    }),
    ScalarFunction::new(
        "REGEXP_EXTRACT",
        Signature::optional(&[Text, Text, Int], 2, Returns::Nullable(SqlType::STRING)),
        |arguments, _, _| extract(Patterns::of(arguments.get(1))?),
    )
    .on_demand(),
    ScalarFunction::new(
        "REGEXP_EXTRACT_ALL",
        Signature::Custom(|call| {
            call.expect_count(2, 3)?;
            call.expect(0, Text)?;
            call.expect(1, Text)?;
            if call.arguments.len() > 2 {
                call.expect(2, Int)?;
            }
            Ok(Field::nullable(SqlType::Array(Arc::new(Field::nullable(SqlType::STRING)))))
        }),
        |arguments, _, _| extract_all(Patterns::of(arguments.get(1))?),
    )
    .on_demand(),
    ScalarFunction::new(
        "REGEXP_REPLACE",
        Signature::of(&[Text, Text, Text], Returns::Nullable(SqlType::STRING)),
        |arguments, _, _| {
            let patterns = Patterns::of(arguments.get(1))?;
            kernel(move |call| {
                let (values, written, replacements) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
                let mut lookup = patterns.lookup();
                texts(call.rows(), |row, out| {
                    let (Some(text), Some(pattern), Some(replacement)) =
                        (values.get(row), written.get(row), replacements.get(row))
                    else {
                        return Ok(false);
                    };
                    let Some(pattern) = lookup.get(pattern)? else { return Ok(false) };
                    // The replacement is plain text: Flink quotes it.
                    replace_all(pattern, text, replacement, out);
                    Ok(true)
                })
            })
        },
    )
    .on_demand(),
];

const fn on_text(name: &'static str, returns: Returns, build: Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::of(&[Text, Text], returns), build).on_demand()
}

/// A number for each text, NULL for a pattern that is none.
fn counting(
    patterns: Patterns,
    count: impl Fn(&Pattern, &str) -> i32 + Send + Sync + 'static,
) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let (values, written) = (call.texts(0)?, call.texts(1)?);
        let mut lookup = patterns.lookup();
        numbers::<Int32Type>(call.rows(), |row| {
            let Some((text, pattern)) = values.get(row).zip(written.get(row)) else { return Ok(None) };
            Ok(lookup.get(pattern)?.map(|pattern| count(pattern, text)))
        })
    })
}

/// A group of the first match; the whole of it without a number.
fn extract(patterns: Patterns) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let (values, written) = (call.texts(0)?, call.texts(1)?);
        let numbers = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
        let mut lookup = patterns.lookup();
        let mut groups = None;
        slices(call.rows(), |row| {
            let Some((text, pattern)) = values.get(row).zip(written.get(row)) else { return Ok(None) };
            let number = numbers.as_ref().map_or(Some(0), |numbers| numbers.get(row));
            let Some(number) = number.and_then(|number| usize::try_from(number).ok()) else {
                return Ok(None);
            };
            let Some(pattern) = lookup.get(pattern)? else { return Ok(None) };
            if number == 0 {
                let found = pattern.may_match(text).then(|| pattern.regex.find(text)).flatten();
                return Ok(found.map(|found| found.as_str()));
            }
            // The groups of the last pattern serve for the next row, unless that has another number of them.
            let groups = match &mut groups {
                Some(groups) if usable(groups, pattern) => groups,
                groups => groups.insert(pattern.regex.capture_locations()),
            };
            if !pattern.first_match(text, groups) {
                return Ok(None);
            }
            Ok(groups.get(number).and_then(|(start, end)| text.get(start..end)))
        })
    })
}

fn usable(groups: &regex::CaptureLocations, pattern: &Pattern) -> bool {
    groups.len() == pattern.regex.captures_len()
}

fn extract_all(patterns: Patterns) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let (values, written) = (call.texts(0)?, call.texts(1)?);
        let numbers = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
        let mut lookup = patterns.lookup();
        let mut lists = list_builder();
        for row in 0..call.rows() {
            let number = numbers.as_ref().map_or(Some(1), |numbers| numbers.get(row));
            let number = number.and_then(|number| usize::try_from(number).ok());
            let pattern = match written.get(row) {
                Some(pattern) => lookup.get(pattern)?,
                None => None,
            };
            let found = (|| {
                let (text, pattern, number) = (values.get(row)?, pattern?, number?);
                if number >= pattern.regex.captures_len() {
                    return None;
                }
                for groups in pattern.captures(text) {
                    lists.values().append_option(groups.get(number).map(|group| group.as_str()));
                }
                Some(())
            })();
            lists.append(found.is_some());
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    })
}

/// Lists of texts that may be NULL.
pub(in super::super) fn list_builder() -> ListBuilder<StringViewBuilder> {
    let field = Arc::new(arrow_schema::Field::new("item", arrow_schema::DataType::Utf8View, true));
    ListBuilder::new(StringViewBuilder::new()).with_field(field)
}

fn replace_all(pattern: &Pattern, text: &str, replacement: &str, out: &mut String) {
    let mut rest = 0;
    for found in pattern.matches(text) {
        out.push_str(text.get(rest..found.start()).unwrap_or_default());
        out.push_str(replacement);
        rest = found.end();
    }
    out.push_str(text.get(rest..).unwrap_or_default());
}
