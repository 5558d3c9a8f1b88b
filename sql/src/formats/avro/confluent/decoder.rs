//! Messages to rows.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::decoder::Records;
use super::super::input::Input;
use super::ConfluentOptions;
use super::changes::ChangePlan;
use crate::chunk::{ChunkBuilder, RowKind, ValueError};
use crate::formats::registry::{RegisteredSchemas, SchemaId, split};
use crate::types::Schema;

/// Reads a format with a registry.
pub struct ConfluentDecoder {
    is_changelog: bool,
    columns: Schema,
    schemas: Option<Arc<RegisteredSchemas>>,
    plans: HashMap<SchemaId, Plan>,
}

enum Plan {
    Rows(Records),
    Changes(ChangePlan),
}

impl ConfluentDecoder {
    /// Reads `wanted` of the columns of `schema`.
    pub(in crate::formats) fn new(options: &ConfluentOptions, schema: &Schema, wanted: &[usize]) -> Self {
        Self {
            is_changelog: options.is_changelog,
            columns: schema.project(wanted),
            schemas: options.schemas.clone(),
            plans: HashMap::new(),
        }
    }

    /// Appends the rows of a message: none, if it is empty, as a tombstone is.
    pub(in crate::formats) fn decode(
        &mut self,
        message: &[u8],
        rows: &mut ChunkBuilder,
    ) -> Result<(), ValueError> {
        if message.is_empty() {
            return Ok(());
        }
        let (id, value) = split(message).map_err(ValueError::new)?;
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
