//! Messages of `json-confluent`: values of JSON, behind the number of a JSON schema.
//!
//! The schema of a message must be there, and be one of JSON. Nothing else is made of it: the value is read as by `json`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::IgnoredAny;

use super::{JsonDecoder, JsonOptions, schema};
use crate::chunk::{ColumnBuilder, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::formats::options::FormatOptions;
use crate::formats::registry::{
    ParsedSchema, References, RegisteredSchemas, SchemaId, SchemaRegistry, SchemaType,
};
use crate::types::Schema;

/// A JSON schema.
pub(in crate::formats) struct JsonSchema;

impl ParsedSchema for JsonSchema {
    const TYPE: SchemaType = SchemaType::Json;
    const REFERENCES: References = References::Ignored;

    fn parse(text: &str, _imports: &HashMap<String, String>) -> Result<Self, String> {
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Ok(Self),
            Err(error) => Err(format!("the JSON schema is not JSON: {error}")),
        }
    }
}

/// The options of `json-confluent`, and what is known of its schemas.
#[derive(Clone, Debug)]
pub(in crate::formats) struct RegisteredJson {
    options: JsonOptions,
    /// What written messages have.
    schema: Arc<str>,
    schemas: Option<Arc<RegisteredSchemas<JsonSchema>>>,
}

impl RegisteredJson {
    /// Takes the options, but for those of the registry.
    pub(in crate::formats) fn new(options: &mut FormatOptions<'_>, columns: &Schema) -> SqlResult<Self> {
        let schema = match options.take("schema") {
            None => schema::derive(columns),
            Some(given) => {
                JsonSchema::parse(&given, &HashMap::new()).map_err(|problem| {
                    SqlError::validation(format!(
                        "Invalid value for option '{}': {problem}",
                        options.key("schema")
                    ))
                })?;
                given
            }
        };
        Ok(Self { options: JsonOptions::new(options, columns)?, schema: schema.into(), schemas: None })
    }

    pub(in crate::formats) const fn options(&self) -> &JsonOptions {
        &self.options
    }

    /// The schema of written messages.
    pub(in crate::formats) fn schema(&self) -> &str {
        &self.schema
    }

    pub(in crate::formats) fn with_registry(self, registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { schemas: Some(Arc::new(RegisteredSchemas::new(registry))), ..self }
    }

    pub(in crate::formats) fn schemas(&self) -> Option<Arc<RegisteredSchemas<JsonSchema>>> {
        self.schemas.clone()
    }
}

/// Reads `json-confluent`.
pub(in crate::formats) struct RegisteredJsonDecoder {
    decoder: JsonDecoder,
    schemas: Option<Arc<RegisteredSchemas<JsonSchema>>>,
    /// The schema of the last message, which is there.
    last: Option<SchemaId>,
}

impl RegisteredJsonDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(json: &RegisteredJson, columns: &Schema) -> Self {
        Self { decoder: JsonDecoder::new(&json.options, columns), schemas: json.schemas.clone(), last: None }
    }

    /// Appends the values of a message.
    pub(in crate::formats) fn decode(
        &mut self,
        id: SchemaId,
        value: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        if self.last != Some(id) {
            let schemas =
                self.schemas.as_ref().ok_or_else(|| ValueError::new("there is no schema registry"))?;
            schemas.get(id).map_err(ValueError::new)?;
            self.last = Some(id);
        }
        self.decoder.decode(value, columns)
    }
}
