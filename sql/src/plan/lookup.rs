//! Lookup joins: for each row of the left input, the rows of a table are fetched from its connector by keys. As Flink's
//! `CommonPhysicalLookupJoin`.

use std::sync::Arc;

use super::join::equality;
use super::{ColumnPath, Expression, ExpressionKind, JoinKind, LogicalNode, LogicalPlan};
use crate::catalog::Table;
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// What is said of how rows are looked up: by the hint LOOKUP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// How many rows may wait for their answers; `None` for what the session says.
    pub capacity: Option<usize>,
}

/// A join whose right input is looked up.
#[derive(Clone, Debug)]
pub struct LookupJoin {
    /// [`JoinKind::Inner`] or [`JoinKind::Left`].
    pub kind: JoinKind,
    /// The table that rows are looked up in.
    pub table: Arc<Table>,
    /// What is fetched of it: whole columns.
    pub columns: Vec<ColumnPath>,
    /// The names and types of what is fetched.
    pub fetched: Schema,
    /// What is equal in the rows that are fetched.
    pub keys: Vec<LookupKey>,
    /// What must hold of a row that is fetched, over its columns.
    pub condition: Option<Expression>,
    /// The columns of the right input, over those that are fetched.
    pub projection: Vec<Expression>,
    /// What must hold besides, over the columns of the left input and then those of the right one.
    pub residual: Option<Expression>,
    /// How it is done.
    pub lookup: Lookup,
}

/// A column that rows are looked up by.
#[derive(Clone, Debug)]
pub struct LookupKey {
    /// The column among those that are fetched.
    pub column: usize,
    /// What it is equal to.
    pub source: LookupSource,
}

/// What a key is equal to.
#[derive(Clone, Debug)]
pub enum LookupSource {
    /// A column of the left input.
    Column(usize),
    /// The same for all rows.
    Constant(Expression),
}

impl LookupJoin {
    /// The join of rows of `left_columns` columns with what `right` reads from its table.
    ///
    /// # Errors
    /// If `right` is more than a table with conditions and expressions, or nothing that it has is equal to something known.
    pub fn of(
        left_columns: usize,
        right: &LogicalPlan,
        kind: JoinKind,
        condition: &Expression,
        lookup: Lookup,
    ) -> SqlResult<Self> {
        let Fetched { table, columns, schema: fetched, conditions, projection } = Fetched::of(right)
            .ok_or_else(|| SqlError::unsupported("FOR SYSTEM_TIME AS OF of anything but a table"))?;
        let mut keys: Vec<LookupKey> = Vec::new();
        for condition in &conditions {
            let Some((column, constant)) = constant_key(condition) else { continue };
            if keys.iter().all(|key| key.column != column) {
                keys.push(LookupKey { column, source: LookupSource::Constant(constant) });
            }
        }
        let mut rest = Vec::new();
        for conjunct in condition.clone().conjuncts().into_iter().filter(|it| !super::join::is_true(it)) {
            let found = equality(&conjunct, left_columns);
            if found.as_ref().is_some_and(|equality| equality.null_safe) {
                return Err(SqlError::unsupported(
                    "LookupJoin doesn't support join condition contains 'a IS NOT DISTINCT FROM b' (or alternative \
                     '(a = b) or (a IS NULL AND b IS NULL)').",
                ));
            }
            let place = found.and_then(|equality| {
                let right = equality.right.as_column()?.checked_sub(left_columns)?;
                Some((equality.left.as_column()?, projection.get(right)?.as_column()?))
            });
            match place {
                Some((left, column)) if keys.iter().all(|key| key.column != column) => {
                    keys.push(LookupKey { column, source: LookupSource::Column(left) });
                }
                _ => rest.push(conjunct),
            }
        }
        if keys.is_empty() {
            return Err(SqlError::unsupported(format!(
                "Temporal table join requires an equality condition on fields of table [{}].",
                table.path
            ))
            .with_hint(
                "join by a column of the table as it is: a cast or a function of it cannot be looked up",
            ));
        }
        if columns.iter().any(|path| !path.fields().is_empty()) {
            return Err(SqlError::unsupported(format!(
                "fields of a ROW column of table {} in a lookup join",
                table.path.quoted()
            ))
            .with_hint("select the whole column in the join, and its fields in a query around it"));
        }
        let condition = (!conditions.is_empty()).then(|| Expression::all(conditions));
        let residual = (!rest.is_empty()).then(|| Expression::all(rest));
        Ok(Self { kind, table, columns, fetched, keys, condition, projection, residual, lookup })
    }

    /// Whether no more than one row can be found for each key: the keys have the primary key of the table.
    pub fn is_unique(&self) -> bool {
        let key = &self.table.primary_key;
        let has = |column: &usize| {
            let place = self.columns.iter().position(|path| *path == ColumnPath::column(*column));
            place.is_some_and(|place| self.keys.iter().any(|key| key.column == place))
        };
        !key.is_empty() && key.iter().all(has)
    }
}

/// The right input: what is fetched, and what becomes of it.
struct Fetched {
    table: Arc<Table>,
    columns: Vec<ColumnPath>,
    schema: Schema,
    conditions: Vec<Expression>,
    projection: Vec<Expression>,
}

impl Fetched {
    fn of(plan: &LogicalPlan) -> Option<Self> {
        match &plan.node {
            LogicalNode::Scan(scan) => Some(Self {
                table: scan.table.clone(),
                columns: scan.columns.clone(),
                schema: plan.schema.clone(),
                conditions: Vec::new(),
                projection: plan.all_columns().into_iter().map(|(_, column)| column).collect(),
            }),
            LogicalNode::Project { input, expressions } => {
                let below = Self::of(input)?;
                let projection: Option<_> =
                    expressions.iter().map(|expression| below.over(expression)).collect();
                Some(Self { projection: projection?, ..below })
            }
            LogicalNode::Filter { input, condition } => {
                let mut below = Self::of(input)?;
                let condition = below.over(condition)?;
                below.conditions.extend(condition.conjuncts());
                Some(below)
            }
            LogicalNode::Watermark { input, .. } => Self::of(input),
            _ => None,
        }
    }

    fn over(&self, expression: &Expression) -> Option<Expression> {
        expression.replace_columns(&|column| self.projection.get(column).cloned())
    }
}

/// `column = constant`
fn constant_key(condition: &Expression) -> Option<(usize, Expression)> {
    let ExpressionKind::Call { function, arguments } = &condition.kind else { return None };
    let [first, second] = arguments.as_slice() else { return None };
    if function.name != "=" || first.field.data_type.arrow() != second.field.data_type.arrow() {
        return None;
    }
    let pair = |column: &Expression, constant: &Expression| {
        let column = column.as_column()?;
        let is_value = constant.as_constant().is_some_and(|constant| !constant.is_null());
        is_value.then(|| (column, constant.clone()))
    };
    pair(first, second).or_else(|| pair(second, first))
}

/// Refuses lookup joins that cannot run, before it is decided how the plan does.
///
/// # Errors
/// What [`LookupJoin::of`] says of one.
pub(crate) fn check_lookups(plan: &LogicalPlan) -> SqlResult<()> {
    if let LogicalNode::Join { left, right, kind, condition, hints } = &plan.node
        && let Some(lookup) = &hints.lookup
    {
        LookupJoin::of(left.schema.len(), right, *kind, condition, lookup.clone())?;
        return check_lookups(left);
    }
    plan.inputs().into_iter().try_for_each(check_lookups)
}
