//! `JOIN t FOR SYSTEM_TIME AS OF o.proctime`: a table that is looked up in for each row that comes, and the hint LOOKUP.
//!
//! As Flink's [lookup join](https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/table/sql/queries/joins/#lookup-join)
//! and its [hint](https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/table/sql/queries/hints/#lookup).

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::expression::bind_over;
use super::query::QueryContext;
use super::state_ttl::{is_meant, name};
use super::table_reference::factor;
use super::{Scope, unsupported};
use crate::catalog::Table;
use crate::connectors::table_lookup;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{self, Hint, HintArguments, Select, TableFactor, TableReference};
use crate::plan::{LogicalNode, LogicalPlan, Lookup};
use crate::suggestion::nearest;
use crate::types::TimeKind;

const NAME: &str = "LOOKUP";

/// The options of the hint that say how, not what.
const OPTIONS: &[&str] = &["table", "async", "output-mode", "capacity", "timeout"];
/// Those of Flink that are not supported.
const UNSUPPORTED: &[&str] = &["retry-predicate", "retry-strategy", "fixed-delay", "max-attempts", "shuffle"];

/// Whether a hint is this one.
pub(super) fn is_lookup(hint: &Hint) -> bool {
    hint.name.name.eq_ignore_ascii_case(NAME)
}

/// The right input of a join that is looked up.
pub(super) struct LookupTable {
    pub(super) plan: LogicalPlan,
    pub(super) scope: Scope,
    pub(super) lookup: Lookup,
}

impl LookupTable {
    /// The right input, if it has FOR SYSTEM_TIME AS OF.
    pub(super) fn of(context: &QueryContext<'_>, join: &ast::Join, left: &Scope) -> SqlResult<Option<Self>> {
        let TableReference::Factor(right) = &join.right else { return Ok(None) };
        let Some(time) = &right.system_time else { return Ok(None) };
        let bound = bind_over(left, time)?;
        match bound.as_column().map(|_| bound.field.data_type.time_kind()) {
            Some(TimeKind::Proctime) => {}
            Some(TimeKind::Rowtime) => return unsupported("FOR SYSTEM_TIME AS OF an event time", right.span),
            _ => {
                return Err(SqlError::validation(
                    "Temporal table join currently only supports 'FOR SYSTEM_TIME AS OF' left table's time attribute field",
                )
                .with_hint("add a column `proctime AS PROCTIME()` to the table on the left")
                .at(time.span));
            }
        }
        let kind = match join.kind {
            ast::JoinKind::Inner | ast::JoinKind::Left => None,
            ast::JoinKind::Right => Some("RIGHT"),
            ast::JoinKind::Full => Some("FULL"),
            ast::JoinKind::Cross => Some("CROSS"),
        };
        if let Some(kind) = kind {
            return Err(SqlError::unsupported(format!(
                "Temporal table join currently only support INNER JOIN and LEFT JOIN, but was {kind} JOIN."
            ))
            .at(join.span));
        }
        let (plan, scope) = factor(context, &TableFactor { system_time: None, ..(**right).clone() })?;
        let Some(table) = table_of(&plan) else {
            return unsupported("FOR SYSTEM_TIME AS OF anything but a table", right.span);
        };
        table_lookup(context.session, table).map_err(|error| error.at(right.span))?;
        let called = name(context, &join.right).unwrap_or_default();
        Ok(Some(Self { plan, scope, lookup: context.lookups.of_table(&called) }))
    }
}

/// The table that a plan reads, if it is all that it does.
fn table_of(plan: &LogicalPlan) -> Option<&Arc<Table>> {
    match &plan.node {
        LogicalNode::Scan(scan) => Some(&scan.table),
        LogicalNode::Project { input, .. }
        | LogicalNode::Filter { input, .. }
        | LogicalNode::Watermark { input, .. } => table_of(input),
        _ => None,
    }
}

/// The hints LOOKUP of one SELECT.
#[derive(Clone, Debug, Default)]
pub(crate) struct LookupHints {
    hints: Arc<[LookupHint]>,
    /// Those of which the table has been found, by their places.
    used: Arc<Mutex<BTreeSet<usize>>>,
    /// The tables that are looked up in.
    tables: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct LookupHint {
    table: String,
    lookup: Lookup,
    span: Span,
}

impl LookupHints {
    /// Reads the hints of a SELECT.
    pub(super) fn of(select: &Select) -> SqlResult<Self> {
        let hints = select.hints.iter().filter(|hint| is_lookup(hint));
        let hints = hints.map(LookupHint::of).collect::<SqlResult<_>>()?;
        Ok(Self { hints, ..Self::default() })
    }

    /// What is said of a table.
    fn of_table(&self, name: &[String]) -> Lookup {
        self.tables.lock().extend(name.last().cloned());
        let mut found = self.hints.iter().enumerate().filter(|(_, hint)| is_meant(&hint.table, name));
        match found.next() {
            Some((place, hint)) => {
                self.used.lock().insert(place);
                hint.lookup.clone()
            }
            None => Lookup::default(),
        }
    }

    /// Checks that each hint is of a table that is looked up in.
    pub(super) fn check(&self) -> SqlResult<()> {
        let used = self.used.lock();
        let unused = self.hints.iter().enumerate().find(|(place, _)| !used.contains(place));
        let Some((_, hint)) = unused else { return Ok(()) };
        let error = SqlError::validation(format!(
            "The options of following hints cannot match the name of input tables or views: \n`{}` in `{NAME}`",
            hint.table
        ));
        let tables = self.tables.lock();
        let known: Vec<&str> = tables.iter().map(String::as_str).collect();
        let advice = match nearest(&hint.table, &known) {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None if known.is_empty() => {
                "no table of this SELECT is looked up in: write JOIN … FOR SYSTEM_TIME AS OF".to_owned()
            }
            None => format!("tables of this SELECT that are looked up in: {}", known.join(", ")),
        };
        Err(error.with_hint(advice).at(hint.span))
    }
}

impl LookupHint {
    fn of(hint: &Hint) -> SqlResult<Self> {
        let fail = |message: String| SqlError::validation(message).at(hint.span);
        let HintArguments::Options(options) = &hint.arguments else {
            return Err(fail(format!("Invalid {NAME} hint, expecting key-value options."))
                .with_hint("write /*+ LOOKUP('table' = 'name', 'async' = 'true') */"));
        };
        let (mut table, mut lookup) = (None, Lookup::default());
        for (key, value) in options {
            let wrong = |kind: &str| {
                fail(format!("Invalid value '{value}' for '{key}' in the hint {NAME}: it must be {kind}"))
            };
            match key.as_str() {
                "table" => table = Some(value.clone()),
                // All lookups are asynchronous and all keep the order of rows, which both values allow.
                "async" if !["true", "false"].contains(&value.to_ascii_lowercase().as_str()) => {
                    return Err(wrong("true or false"));
                }
                "output-mode"
                    if !["ordered", "allow_unordered"].contains(&value.to_ascii_lowercase().as_str()) =>
                {
                    return Err(wrong("ordered or allow_unordered"));
                }
                "timeout" if millstream_operators::parse_duration(value).is_none() => {
                    return Err(wrong("a duration such as '180 s'"));
                }
                "capacity" => {
                    let capacity = value.trim().parse().ok().filter(|capacity: &usize| *capacity > 0);
                    lookup.capacity = Some(capacity.ok_or_else(|| wrong("a number above 0"))?);
                }
                "async" | "output-mode" => {}
                "timeout" => {
                    return Err(SqlError::unsupported(format!(
                        "'timeout' in the hint {NAME} is not supported"
                    ))
                    .with_hint("the connector says how long it waits for an answer")
                    .at(hint.span));
                }
                other if UNSUPPORTED.contains(&other) => {
                    return Err(SqlError::unsupported(format!(
                        "'{other}' in the hint {NAME} is not supported"
                    ))
                    .with_hint(
                        "what fails is tried again as the option 'lookup.max-retries' of the table says",
                    )
                    .at(hint.span));
                }
                other => {
                    let advice = match nearest(other, OPTIONS) {
                        Some(nearest) => format!("did you mean '{nearest}'?"),
                        None => format!("there are: {}", OPTIONS.join(", ")),
                    };
                    return Err(
                        fail(format!("unknown option '{other}' in the hint {NAME}")).with_hint(advice)
                    );
                }
            }
        }
        let table = table.ok_or_else(|| {
            fail(format!("Invalid {NAME} hint: the option 'table' is missing"))
                .with_hint("write /*+ LOOKUP('table' = 'name', …) */")
        })?;
        Ok(Self { table, lookup, span: *hint.span })
    }
}
