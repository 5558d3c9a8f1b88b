//! Format `json`: an object a row.
//!
//! As Flink's [JSON format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/json/).

mod confluent;
mod decoder;
mod encoder;
mod scan;
mod schema;
mod visitors;

use super::options::FormatOptions;
use crate::error::{SqlError, SqlResult};
use crate::types::text::timestamp::TimestampFormat;
use crate::types::{Field, Schema, SqlType};

pub(super) use confluent::{RegisteredJson, RegisteredJsonDecoder};
pub use decoder::JsonDecoder;
pub(crate) use decoder::JsonRules;
pub(super) use decoder::{elements, find_members, present, string};
pub use encoder::JsonEncoder;
pub(super) use encoder::write_text as write_json_text;
pub(super) use visitors::field_position;

/// The options of format `json`.
#[derive(Clone, Debug, Default)]
pub struct JsonOptions {
    pub(super) fail_on_missing_field: bool,
    pub(super) ignore_parse_errors: bool,
    timestamp_format: TimestampFormat,
    plain_decimals: bool,
    ignore_null_fields: bool,
}

impl JsonOptions {
    /// Takes the options of format `json`.
    pub(super) fn new(options: &mut FormatOptions<'_>, schema: &Schema) -> SqlResult<Self> {
        let fail_on_missing_field = options.flag("fail-on-missing-field")?;
        options.boolean("decode.json-parser.enabled")?;
        let this = Self { fail_on_missing_field, ..Self::common(options, schema)? };
        if this.fail_on_missing_field && this.ignore_parse_errors {
            return Err(SqlError::validation(
                "fail-on-missing-field and ignore-parse-errors shouldn't both be true",
            ));
        }
        Ok(this)
    }

    /// Takes the options that all formats have whose messages are JSON.
    pub(super) fn common(options: &mut FormatOptions<'_>, schema: &Schema) -> SqlResult<Self> {
        let ignore_parse_errors = options.flag("ignore-parse-errors")?;
        let timestamp_format = match options.take("timestamp-format.standard").as_deref() {
            None | Some("SQL") => TimestampFormat::Sql,
            Some("ISO-8601") => TimestampFormat::Iso8601,
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Unsupported value '{other}' for timestamp-format.standard. Supported values are [SQL, ISO-8601]"
                )));
            }
        };
        // Keys of maps are never NULL here; the options that say what to do with such are only looked at.
        let mode = options.take("map-null-key.mode").map(|mode| mode.to_ascii_uppercase());
        if let Some(mode) = mode.filter(|mode| !matches!(&**mode, "FAIL" | "DROP" | "LITERAL")) {
            return Err(SqlError::validation(format!(
                "Unsupported value '{mode}' for option map-null-key.mode. Supported values are [LITERAL, FAIL, DROP]"
            )));
        }
        options.take("map-null-key.literal");
        let plain_decimals = options.flag("encode.decimal-as-plain-number")?;
        let ignore_null_fields = options.flag("encode.ignore-null-fields")?;
        schema.fields().try_for_each(check)?;
        Ok(Self {
            fail_on_missing_field: false,
            ignore_parse_errors,
            timestamp_format,
            plain_decimals,
            ignore_null_fields,
        })
    }

    /// How values are read.
    pub(super) const fn rules(&self) -> JsonRules {
        JsonRules {
            fail_on_missing_field: self.fail_on_missing_field,
            ignore_parse_errors: self.ignore_parse_errors,
            timestamps: self.timestamp_format,
        }
    }

    /// Whether fields that are NULL are left out.
    pub(super) const fn ignores_null_fields(&self) -> bool {
        self.ignore_null_fields
    }
}

/// Objects have texts as their keys.
fn check(field: &Field) -> SqlResult<()> {
    let keys = |key: &Field| {
        if key.data_type.is_text() {
            return Ok(());
        }
        Err(SqlError::unsupported(format!(
            "JSON format doesn't support non-string as key type of map. The type is: {}",
            field.data_type
        )))
    };
    match &field.data_type {
        SqlType::Array(element) => check(element),
        SqlType::Map(key, value) => keys(key).and_then(|()| check(value)),
        SqlType::Multiset(element) => keys(element),
        SqlType::Row(fields) => fields.iter().try_for_each(|field| check(&field.field)),
        _ => Ok(()),
    }
}
