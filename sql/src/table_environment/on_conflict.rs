//! Sinks of which the primary key is not the key of the query: what becomes of rows that have the same.
//!
//! Since 2.3 Flink asks for `ON CONFLICT` in such an INSERT; here that is asked for by a setting, and scripts for earlier
//! versions get a warning.

use std::collections::BTreeSet;

use super::{TableEnvironment, sink_key};
use crate::catalog::Table;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::Insert;
use crate::plan::changelog::{ModifyKinds, upsert_keys};
use crate::plan::{PhysicalNode, PhysicalPlan};

/// The setting that asks for `ON CONFLICT`.
pub(super) const REQUIRED: &str = "table.exec.sink.require-on-conflict";

/// What there is to say about an INSERT of which the rows are materialized by the sink's key, without `ON CONFLICT`.
pub(super) fn warning(insert: &Insert, plan: &PhysicalPlan) -> Option<String> {
    let (PhysicalNode::Sink { table }, Some(input)) = (&plan.node, plan.input()) else { return None };
    let PhysicalNode::SinkUpsertMaterializer { row_key, .. } = &input.node else { return None };
    let row_key: BTreeSet<usize> = row_key.iter().copied().collect();
    // Materialized because a setting forces it, the sink may know its rows by the query's key.
    let is_known = !row_key.is_empty() && row_key.is_subset(&sink_key(table));
    (insert.on_conflict.is_none() && !is_known).then(|| {
        format!(
            "Flink 2.3 refuses this INSERT, unless '{REQUIRED}' is false: {}",
            text(table, input, Some(&row_key).filter(|key| !key.is_empty()))
        )
    })
}

impl TableEnvironment {
    /// Refuses an INSERT whose rows may have the sink's key of another row.
    pub(super) fn check_conflict(
        &self,
        plan: &PhysicalPlan,
        table: &Table,
        taken: ModifyKinds,
    ) -> SqlResult<()> {
        let (key, Some(input)) = (sink_key(table), plan.input()) else { return Ok(()) };
        let mode = self.session.setting("table.exec.sink.upsert-materialize");
        let is_auto = mode.is_none_or(|mode| mode.trim().eq_ignore_ascii_case("AUTO"));
        let known = upsert_keys(input);
        let is_upsert = taken.update && !taken.update_before;
        if !is_auto || key.is_empty() || !is_upsert || known.iter().any(|known| known.is_subset(&key)) {
            return Ok(());
        }
        let row_key = known.iter().min_by_key(|key| key.len());
        Err(SqlError::validation(text(table, input, row_key)))
    }
}

/// In Flink's words.
fn text(table: &Table, input: &PhysicalPlan, row_key: Option<&BTreeSet<usize>>) -> String {
    let names = |columns: &BTreeSet<usize>| {
        columns.iter().map(|column| input.schema.name(*column)).collect::<Vec<_>>().join(", ")
    };
    format!(
        "The query has an upsert key that differs from the primary key of the sink table '{}'. Primary key: [{}], upsert key: \
         [{}]. This can lead to non-deterministic results when multiple records with different upsert keys map to the same \
         primary key. Please specify an ON CONFLICT clause to define how conflicts should be handled: ON CONFLICT DO \
         DEDUPLICATE (update to the latest record, state intensive, since we need to keep the entire history), or ON CONFLICT \
         DO ERROR (fail on conflict), or ON CONFLICT DO NOTHING (keep first record).",
        table.path,
        names(&sink_key(table)),
        row_key.map_or_else(|| "none".to_owned(), names),
    )
}
