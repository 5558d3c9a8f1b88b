//! Format `csv`: the fields of a row in the order of the columns.
//!
//! As Flink's [CSV format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/csv/). Beyond
//! it, `csv.has-header` says that the first row of a file names the columns, which are then found by their names.

mod decoder;
mod encoder;
mod record;

use super::options::FormatOptions;
use crate::error::{SqlError, SqlResult};
use crate::types::{Field, Schema, SqlType};

pub use decoder::CsvDecoder;
pub use encoder::CsvEncoder;

/// The options of format `csv`.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    pub(super) ignore_parse_errors: bool,
    has_header: bool,
    dialect: Dialect,
    allow_comments: bool,
    array_delimiter: String,
    null_literal: Option<String>,
    plain_decimals: bool,
}

/// The characters that are more than themselves. All are of ASCII.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
}

impl CsvOptions {
    /// Takes the options of format `csv`.
    pub(super) fn new(options: &mut FormatOptions<'_>, schema: &Schema) -> SqlResult<Self> {
        let delimiter = character(options, "field-delimiter")?.unwrap_or(b',');
        let quote = character(options, "quote-character")?;
        let no_quotes = options.flag("disable-quote-character")?;
        if no_quotes && quote.is_some() {
            return Err(SqlError::validation(
                "Format cannot define a quote character and disabled quote character at the same time.",
            ));
        }
        let dialect = Dialect {
            delimiter,
            quote: (!no_quotes).then_some(quote.unwrap_or(b'"')),
            escape: character(options, "escape-character")?,
        };
        let this = Self {
            ignore_parse_errors: options.flag("ignore-parse-errors")?,
            has_header: options.flag("has-header")?,
            dialect,
            allow_comments: options.flag("allow-comments")?,
            array_delimiter: options.take("array-element-delimiter").unwrap_or_else(|| ";".to_owned()),
            null_literal: options.take("null-literal"),
            plain_decimals: !options.boolean("write-bigdecimal-in-scientific-notation")?.unwrap_or(true),
        };
        if this.array_delimiter.is_empty() {
            return Err(SqlError::validation("Option 'csv.array-element-delimiter' must not be empty"));
        }
        schema.fields().try_for_each(|field| check(field, false))?;
        Ok(this)
    }

    /// Whether the first row of a file names its columns.
    pub const fn has_header(&self) -> bool {
        self.has_header
    }

    /// Whether fields may contain newlines: where there are quotes.
    pub const fn has_newlines(&self) -> bool {
        self.dialect.quote.is_some()
    }
}

/// The value of an option that is a character; `\t` and the like are what they are in Java.
fn character(options: &mut FormatOptions<'_>, name: &str) -> SqlResult<Option<u8>> {
    let Some(value) = options.take(name) else { return Ok(None) };
    let key = options.key(name);
    let character = match value.as_str() {
        "\\t" => '\t',
        "\\n" => '\n',
        "\\\\" => '\\',
        other => match other.strip_prefix("\\u").map(|digits| u32::from_str_radix(digits, 16)) {
            Some(Ok(code)) => char::from_u32(code).unwrap_or('\u{fffd}'),
            _ => {
                let mut characters = other.chars();
                match (characters.next(), characters.next()) {
                    (Some(only), None) => only,
                    _ => {
                        return Err(SqlError::validation(format!(
                            "Option '{key}' must be a string with single character, but was: {value}"
                        )));
                    }
                }
            }
        },
    };
    match u8::try_from(character) {
        Ok(b'\n' | b'\r') | Err(_) => Err(SqlError::unsupported(format!(
            "Option '{key}' must be a character of ASCII that ends no line"
        ))),
        Ok(byte) if !byte.is_ascii() => {
            Err(SqlError::unsupported(format!("Option '{key}' must be a character of ASCII")))
        }
        Ok(byte) => Ok(Some(byte)),
    }
}

/// A field has no room for more than one level of values.
fn check(field: &Field, nested: bool) -> SqlResult<()> {
    let unsupported = || Err(SqlError::unsupported(format!("Unsupported type: {}", field.data_type)));
    match &field.data_type {
        SqlType::Map(..) | SqlType::Multiset(_) => unsupported(),
        SqlType::Array(_) | SqlType::Row(_) if nested => unsupported(),
        SqlType::Array(element) => check(element, true),
        SqlType::Row(fields) => fields.iter().try_for_each(|field| check(&field.field, true)),
        SqlType::Time(precision) if *precision > 3 => Err(SqlError::validation(format!(
            "Csv does not support TIME type with precision: {precision}, it only supports precision 0 ~ 3."
        ))),
        _ => Ok(()),
    }
}
