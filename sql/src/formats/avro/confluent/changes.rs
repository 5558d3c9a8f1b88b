//! A change of a row, as Debezium writes it in Avro: the row before and after it, and what happened.

use std::sync::Arc;

use super::super::datum::skip;
use super::super::input::{Input, Problem};
use super::super::plan::{RecordPlan, resolve_record};
use super::super::schema::{Schema, Type};
use crate::chunk::{ChunkBuilder, RowKind, ValueError, quoted};
use crate::types;

/// How changes of one schema are read.
pub(super) struct ChangePlan {
    schema: Arc<Schema>,
    /// The fields of a change, in the order of their bytes.
    fields: Vec<(Part, Type)>,
    before: Option<RecordPlan>,
    after: Option<RecordPlan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Before,
    After,
    Op,
    /// Nobody asks for it.
    Other,
}

impl ChangePlan {
    /// Resolves a schema of changes with the columns of a table.
    ///
    /// # Errors
    /// If it is none, or its rows do not fit.
    pub(super) fn new(schema: Arc<Schema>, columns: &types::Schema) -> Result<Self, String> {
        let Type::Record(record) = schema.resolve(&schema.root) else {
            return Err("changes are records of \"before\", \"after\" and \"op\"".to_owned());
        };
        let fields = record.fields.iter().map(|(name, found)| {
            let part = match name.as_str() {
                "before" => Part::Before,
                "after" => Part::After,
                "op" => Part::Op,
                _ => Part::Other,
            };
            (part, found.clone())
        });
        let fields: Vec<_> = fields.collect();
        if !fields.iter().any(|(part, _)| *part == Part::Op) {
            return Err(format!("record {} has no field \"op\": is it one of Debezium?", record.name));
        }
        let rows = |wanted: Part| {
            let found = fields.iter().find(|(part, _)| *part == wanted);
            let Some((_, found)) = found else { return Ok(None) };
            match row_of(&schema, found) {
                Some(Type::Record(row)) => resolve_record(&schema, row, columns).map(Some),
                _ => Err(format!("\"before\" and \"after\" are rows, and not {}", found.describe())),
            }
        };
        let (before, after) = (rows(Part::Before)?, rows(Part::After)?);
        Ok(Self { before, after, fields, schema: schema.clone() })
    }

    /// Appends the rows of a change.
    pub(super) fn read(&self, value: &[u8], rows: &mut ChunkBuilder) -> Result<(), ValueError> {
        let mut input = Input::new(value);
        let (mut before, mut after, mut op) = (None, None, None);
        for (part, found) in &self.fields {
            let start = input;
            skip(&self.schema, found, &mut input, 0).map_err(ValueError::new)?;
            match part {
                Part::Before => before = self.present(found, start).map_err(ValueError::new)?,
                Part::After => after = self.present(found, start).map_err(ValueError::new)?,
                Part::Op => op = self.present(found, start).map_err(ValueError::new)?,
                Part::Other => {}
            }
        }
        let mut op = op.ok_or_else(|| ValueError::new("the message has no \"op\", or it is null"))?;
        let before = |what: &str| {
            before.ok_or_else(|| {
                ValueError::new(format!(
                    "the \"before\" field of {what} message is null, so that the row as it was is not known: if the \
                     messages are those of Debezium's PostgreSQL connector, set the REPLICA IDENTITY of the table to FULL"
                ))
            })
        };
        let after = || after.ok_or_else(|| ValueError::new("the message has no \"after\", or it is null"));
        let mut append = |kind, plan: Option<&RecordPlan>, mut input: Input<'_>| {
            rows.append(kind, |columns| match plan {
                Some(plan) => plan.read(&self.schema, &mut input, columns),
                None => Ok(()),
            })
        };
        match op.text().map_err(ValueError::new)? {
            "c" | "r" => append(RowKind::Insert, self.after.as_ref(), after()?),
            "u" => {
                let (before, after) = (before("an UPDATE")?, after()?);
                append(RowKind::UpdateBefore, self.before.as_ref(), before)?;
                append(RowKind::UpdateAfter, self.after.as_ref(), after)
            }
            "d" => append(RowKind::Delete, self.before.as_ref(), before("a DELETE")?),
            other => Err(ValueError::new(format!("unknown \"op\" value {}", quoted(other)))),
        }
    }

    /// Where a value begins that may be null; `None` if it is.
    fn present<'a>(&self, found: &Type, mut input: Input<'a>) -> Result<Option<Input<'a>>, Problem> {
        match self.schema.resolve(found) {
            Type::Null => Ok(None),
            Type::Union(branches) => {
                let index = input.count()?;
                let branch = branches.get(index).ok_or_else(|| format!("the union has no branch {index}"))?;
                self.present(branch, input)
            }
            _ => Ok(Some(input)),
        }
    }
}

/// The type of a value that may be null.
fn row_of<'a>(schema: &'a Schema, found: &'a Type) -> Option<&'a Type> {
    match schema.resolve(found) {
        Type::Union(branches) => {
            let mut rows = branches.iter().map(|branch| schema.resolve(branch));
            rows.find(|branch| matches!(branch, Type::Record(_)))
        }
        other => Some(other),
    }
}
