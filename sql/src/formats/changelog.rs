//! Formats `debezium-json`, `canal-json` and `maxwell-json`: what happened to the rows of a database's table.
//!
//! As Flink's [Debezium](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/debezium/),
//! [Canal](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/canal/) and
//! [Maxwell](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/maxwell/) formats. An update
//! becomes two rows, `-U` and `+U`; written are inserts and deletes alone. The rows of a message are read all or not at all.

mod decoder;
mod encoder;
mod message;
mod metadata;

use regex::Regex;

use super::json::JsonOptions;
use super::options::FormatOptions;
use crate::error::{SqlError, SqlResult};
use crate::functions::whole_java_regex;
use crate::types::Schema;

pub use decoder::ChangelogDecoder;
pub use encoder::ChangelogEncoder;
pub use metadata::MetadataField;

/// The options of a changelog format.
#[derive(Clone, Debug)]
pub struct ChangelogOptions {
    dialect: Dialect,
    pub(super) json: JsonOptions,
}

/// Who has written the messages.
#[derive(Clone, Debug)]
enum Dialect {
    Debezium {
        /// Whether what happened is the member `payload` of messages, beside which is their schema.
        schema_include: bool,
    },
    Canal {
        database: Option<Regex>,
        table: Option<Regex>,
    },
    Maxwell,
}

impl ChangelogOptions {
    /// Takes the options of the format of this name; `None` if it is no changelog format.
    pub(super) fn new(
        name: &str,
        options: &mut FormatOptions<'_>,
        schema: &Schema,
    ) -> Option<SqlResult<Self>> {
        let dialect = match name {
            "debezium-json" => {
                options.flag("schema-include").map(|schema_include| Dialect::Debezium { schema_include })
            }
            "canal-json" => canal(options),
            "maxwell-json" => Ok(Dialect::Maxwell),
            _ => return None,
        };
        let json = JsonOptions::common(options, schema);
        Some(dialect.and_then(|dialect| json.map(|json| Self { dialect, json })))
    }

    pub(super) const fn name(&self) -> &'static str {
        match self.dialect {
            Dialect::Debezium { .. } => "debezium-json",
            Dialect::Canal { .. } => "canal-json",
            Dialect::Maxwell => "maxwell-json",
        }
    }

    /// What kind of file has such messages.
    pub(super) const fn files(&self) -> &'static str {
        match self.dialect {
            Dialect::Debezium { .. } => "Debezium JSON files",
            Dialect::Canal { .. } => "Canal JSON files",
            Dialect::Maxwell => "Maxwell JSON files",
        }
    }

    /// What there is in a message beside rows.
    pub(super) const fn metadata(&self) -> &'static [MetadataField] {
        match self.dialect {
            Dialect::Debezium { .. } => metadata::DEBEZIUM,
            Dialect::Canal { .. } => metadata::CANAL,
            Dialect::Maxwell => metadata::MAXWELL,
        }
    }

    /// Checks that messages can be written.
    ///
    /// # Errors
    /// If an option is for reading alone.
    pub(super) fn check_encoding(&self) -> SqlResult<()> {
        match self.dialect {
            Dialect::Debezium { schema_include: true } => Err(SqlError::validation(
                "Debezium JSON serialization doesn't support 'debezium-json.schema-include' option been set to true.",
            )),
            _ => Ok(()),
        }
    }
}

fn canal(options: &mut FormatOptions<'_>) -> SqlResult<Dialect> {
    let mut pattern = |name: &str| {
        let Some(text) = options.take(name) else { return Ok(None) };
        // The whole name must match, as `Pattern.matches` has it.
        whole_java_regex(&text).map(Some).map_err(|problem| {
            SqlError::validation(format!(
                "Invalid value '{text}' for option '{}': it must be a regular expression: {problem}",
                options.key(name)
            ))
        })
    };
    Ok(Dialect::Canal { database: pattern("database.include")?, table: pattern("table.include")? })
}
