//! The ways to evaluate an expression.

use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_select::concat::concat;
use millstream_sql::SqlResult;
use millstream_sql::analysis::analyze_query;
use millstream_sql::catalog::Session;
use millstream_sql::eval::{BuildContext, EvalContext, Program};
use millstream_sql::functions::write_display_text;
use millstream_sql::parser::ast::StatementKind;
use millstream_sql::parser::parse_statement;
use millstream_sql::plan::{Expression, ExpressionKind, LogicalNode};
use millstream_sql::types::Field;
use millstream_sql::types::zone::Zone;

/// What an expression without columns means.
pub(crate) fn analyze(session: &Session, expression: &str) -> SqlResult<Expression> {
    let statement = parse_statement(&format!("SELECT {expression}"))?;
    let StatementKind::Query(query) = &statement.kind else { panic!("{expression} ends the query") };
    match analyze_query(session, query)?.node {
        LogicalNode::Project { mut expressions, .. } => Ok(expressions.remove(0)),
        other => panic!("a SELECT without a projection: {other:?}"),
    }
}

pub(crate) struct Evaluation {
    cx: BuildContext,
    zone: Zone,
    /// With constants.
    constant: Expression,
    /// With columns in place of constants, where the functions take columns.
    general: Expression,
    /// The constants that became columns.
    values: Vec<ArrayRef>,
}

type Answer = Result<Vec<String>, String>;

impl Evaluation {
    pub(crate) fn new(session: &Session, constant: Expression) -> Self {
        let cx = session.build_context();
        let zone = Zone::of(&cx.time_zone).expect("a zone");
        let (mut general, mut values) = (constant.clone(), Vec::new());
        // One constant after the other, as some functions insist on constants.
        let mut skipped = 0;
        while let Some((candidate, value)) = with_column(&general, skipped, values.len()) {
            if Program::compile([&candidate], &cx).is_ok() {
                general = candidate;
                values.push(value);
            } else {
                skipped += 1;
            }
        }
        Self { cx, zone, constant, general, values }
    }

    /// The value in each of the rows asked for, or the error.
    pub(crate) fn all_ways(&self) -> Vec<(&'static str, Answer)> {
        let repeated = |values: &ArrayRef| {
            let nothing = new_null_array(values.data_type(), 1);
            concat(&[&nothing, values, values, &nothing, values, &nothing]).unwrap().slice(1, 4)
        };
        let sliced: Vec<_> = self.values.iter().map(repeated).collect();
        vec![
            ("as a constant", self.evaluate(&self.constant, &[], 1, &[0])),
            ("over columns", self.evaluate(&self.general, &self.values, 1, &[0])),
            ("over sliced columns", self.evaluate(&self.general, &sliced, 4, &[0, 1, 3])),
        ]
    }

    fn evaluate(
        &self,
        expression: &Expression,
        columns: &[ArrayRef],
        rows: usize,
        asked: &[usize],
    ) -> Answer {
        let program = Program::compile([expression], &self.cx).map_err(|error| error.to_string())?;
        let cx = EvalContext { now: 1_602_338_645_123, watermark: None };
        let result =
            program.evaluate_columns(columns, rows, &cx).map_err(|error| error.to_string())?.remove(0);
        assert_eq!(result.len(), rows);
        assert_eq!(*result.data_type(), expression.field.data_type.arrow(), "{expression:?}");
        Ok(asked.iter().map(|row| self.text(&result, *row, &expression.field)).collect())
    }

    fn text(&self, column: &ArrayRef, row: usize, field: &Field) -> String {
        if column.is_null(row) {
            return "<NULL>".to_owned();
        }
        let mut text = String::new();
        write_display_text(column, row, &field.data_type, &self.zone, &mut text);
        text
    }
}

/// The expression with one of its constants replaced by a column, after as many others as `skipped`.
fn with_column(expression: &Expression, skipped: usize, column: usize) -> Option<(Expression, ArrayRef)> {
    let seen = std::cell::Cell::new(0);
    let found = std::cell::RefCell::new(None);
    let replaced = replace(expression, &|constant| {
        let ExpressionKind::Constant(value) = &constant.kind else { return None };
        seen.set(seen.get() + 1);
        if value.is_null() || seen.get() != skipped + 1 {
            return None;
        }
        *found.borrow_mut() = Some(value.array().clone());
        Some(Expression::column(column, constant.field.clone()))
    });
    match found.into_inner() {
        Some(value) => Some((replaced, value)),
        // A NULL stays a constant: the next one.
        None if seen.get() > skipped => with_column(expression, skipped + 1, column),
        None => None,
    }
}

fn replace(expression: &Expression, with: &impl Fn(&Expression) -> Option<Expression>) -> Expression {
    match with(expression) {
        Some(replaced) => replaced,
        None => expression.map_children(&|child| Some(replace(child, with))).expect("children"),
    }
}
