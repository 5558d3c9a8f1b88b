//! Values to rows.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::decoder::Records;
use super::super::input::Input;
use super::RegisteredAvro;
use super::changes::ChangePlan;
use crate::chunk::{ChunkBuilder, RowKind, ValueError};
use crate::formats::avro::AvroSchema;
use crate::formats::registry::{RegisteredSchemas, SchemaId};
use crate::types::Schema;

/// Reads a format with a registry.
pub(in crate::formats) struct RegisteredAvroDecoder {
    is_changelog: bool,
    columns: Schema,
    schemas: Option<Arc<RegisteredSchemas<AvroSchema>>>,
    plans: HashMap<SchemaId, Plan>,
}

enum Plan {
    Rows(Records),
    Changes(ChangePlan),
}

impl RegisteredAvroDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(avro: &RegisteredAvro, columns: &Schema) -> Self {
        Self {
            is_changelog: avro.is_changelog,
            columns: columns.clone(),
            schemas: avro.schemas.clone(),
            plans: HashMap::new(),
        }
    }

    /// Appends the rows of a message.
    pub(in crate::formats) fn decode(
        &mut self,
        id: SchemaId,
        value: &[u8],
        rows: &mut ChunkBuilder,
    ) -> Result<(), ValueError> {
        if !self.plans.contains_key(&id) {
            let plan = self.plan(id).map_err(ValueError::new)?;
            self.plans.insert(id, plan);
        }
        match self.plans.get(&id) {
            Some(Plan::Rows(records)) => {
                let mut input = Input::new(value);
                rows.append(RowKind::Insert, |columns| records.read(&mut input, columns))
            }
            Some(Plan::Changes(changes)) => changes.read(value, rows),
            None => Ok(()),
        }
    }

    /// How messages of a schema are read.
    fn plan(&self, id: SchemaId) -> Result<Plan, String> {
        let schemas = self.schemas.as_ref().ok_or("there is no schema registry")?;
        let schema = schemas.get(id)?.shared();
        let plan = if self.is_changelog {
            ChangePlan::new(schema, &self.columns).map(Plan::Changes)
        } else {
            Records::shared(schema, &self.columns).map(Plan::Rows)
        };
        plan.map_err(|problem| format!("schema {id} of the registry: {problem}"))
    }
}
