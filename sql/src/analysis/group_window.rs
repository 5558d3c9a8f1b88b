//! Windows in GROUP BY: TUMBLE, HOP and SESSION of a time attribute, and what of them is selected.
//!
//! See Flink's [group window aggregation](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/reference/queries/window-agg/#group-window-aggregation).

use super::Scope;
use super::expression::bind_over;
use super::window_function::{Function, flink_type, interval};
use crate::catalog::Session;
use crate::error::{SqlError, SqlResult};
use crate::functions::scalar_function;
use crate::parser::Span;
use crate::parser::ast::{
    ArgumentValue, Arguments, Expression as Syntax, ExpressionKind, FunctionCall, GroupBy,
    GroupingElementKind, Select,
};
use crate::plan::{EmitStrategy, Expression, WindowColumn, WindowForm, WindowFunction, WindowKind};
use crate::types::{NamedField, SqlType, TimeKind};

/// A window that groups.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupWindow {
    kind: WindowKind,
    /// The time attribute, over the columns of the input.
    pub(super) time: Expression,
    /// When results are emitted besides when a window is over.
    strategy: Option<EmitStrategy>,
}

/// What of a window is selected: `TUMBLE_START` and the like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Auxiliary {
    Column(WindowColumn),
    /// `…_PROCTIME`
    Proctime,
}

/// The function that a call is, if it can be one of GROUP BY.
fn function(call: &FunctionCall) -> Option<Function> {
    let takes_no_table = match &call.arguments {
        Arguments::Star => false,
        Arguments::List { arguments, .. } => {
            arguments.iter().all(|argument| matches!(argument.value, ArgumentValue::Expression(_)))
        }
    };
    Function::named(&call.name).filter(|function| takes_no_table && *function != Function::Cumulate)
}

/// The window function and the part of it that a name asks for.
fn auxiliary(call: &FunctionCall) -> Option<(Function, Auxiliary)> {
    let [name] = call.name.parts.as_slice() else { return None };
    let name = name.name.to_ascii_uppercase();
    let (of, what) = name.split_once('_')?;
    let function = match of {
        "TUMBLE" => Function::Tumble,
        "HOP" => Function::Hop,
        "SESSION" => Function::Session,
        _ => return None,
    };
    let what = match what {
        "START" => Auxiliary::Column(WindowColumn::Start),
        "END" => Auxiliary::Column(WindowColumn::End),
        "ROWTIME" => Auxiliary::Column(WindowColumn::Time),
        "PROCTIME" => Auxiliary::Proctime,
        _ => return None,
    };
    Some((function, what))
}

impl GroupWindow {
    /// Whether a call is that of a window function of GROUP BY.
    pub(super) fn is_one(call: &FunctionCall) -> bool {
        function(call).is_some()
    }

    /// The window of a query's GROUP BY, if there is one.
    pub(super) fn of(session: &Session, select: &Select, scope: &Scope) -> SqlResult<Option<Self>> {
        let Some(GroupBy::Elements { elements, .. }) = &select.group_by else { return Ok(None) };
        let values = elements.iter().flat_map(|element| match &element.kind {
            GroupingElementKind::Expression(value) => std::slice::from_ref(value),
            GroupingElementKind::Set(values) => values.as_slice(),
            _ => &[],
        });
        let mut calls = values.filter_map(|value| match &value.kind {
            ExpressionKind::Function(call) => function(call).map(|function| (call, function)),
            _ => None,
        });
        let Some((call, function)) = calls.next() else { return Ok(None) };
        let window = Self::new(function, call, scope)?;
        let strategy = emit_strategy(session, &window).map_err(|error| error.at(call.span))?;
        let window = Self { strategy, ..window };
        match calls.next() {
            None => Ok(Some(window)),
            Some((other, _)) => {
                Err(SqlError::validation("Only a single window group function may be used in GROUP BY")
                    .at(other.span))
            }
        }
    }

    /// The window that the arguments of a call say.
    fn new(function: Function, call: &FunctionCall, scope: &Scope) -> SqlResult<Self> {
        let span = *call.span;
        let arguments = values(call).ok_or_else(|| mismatch(function, span))?;
        let millis = |value: &Syntax| {
            let millis = interval(value, scope)?.ok_or_else(|| mismatch(function, *value.span))?;
            if millis > 0 {
                return Ok(millis);
            }
            Err(SqlError::validation(format!("a window of {millis} ms: it must be longer than 0"))
                .at(value.span))
        };
        let (time, kind) = match (function, arguments.as_slice()) {
            (Function::Tumble, [time, size]) => (time, WindowKind::Tumble { size: millis(size)? }),
            (Function::Hop, [time, slide, size]) => {
                (time, WindowKind::Hop { slide: millis(slide)?, size: millis(size)? })
            }
            (Function::Session, [time, gap]) => (time, WindowKind::Session { gap: millis(gap)? }),
            (Function::Tumble, [_, _, alignment])
            | (Function::Hop, [_, _, _, alignment])
            | (Function::Session, [_, _, alignment]) => {
                return Err(SqlError::unsupported(format!(
                    "{} window with alignment is not supported yet.",
                    function.name()
                ))
                .with_hint("a window function in FROM takes an offset")
                .at(alignment.span));
            }
            _ => return Err(mismatch(function, span)),
        };
        let attribute = bind_over(scope, time)?;
        if attribute.field.data_type.time_kind() == TimeKind::Regular || attribute.as_column().is_none() {
            return Err(SqlError::validation(format!(
                "Window aggregate can only be defined over a time attribute column, but {} encountered.",
                flink_type(&attribute.field.data_type)
            ))
            .with_hint("declare it in CREATE TABLE with WATERMARK FOR, or as a computed column AS PROCTIME()")
            .at(time.span));
        }
        Ok(Self { kind, time: attribute, strategy: None })
    }

    /// A call of a window function outside of GROUP BY.
    pub(super) fn misplaced(call: &FunctionCall) -> SqlError {
        let name = function(call).map_or("", Function::name);
        SqlError::validation(format!("Group function '{name}' can only appear in GROUP BY clause"))
            .at(call.span)
    }

    /// What a call such as `TUMBLE_START` is above an aggregate with so many keys before those of the window; `None` if it
    /// is no such call.
    pub(super) fn auxiliary(
        window: Option<&Self>,
        call: &FunctionCall,
        scope: &Scope,
        keys: usize,
    ) -> SqlResult<Option<Expression>> {
        let Some((function, what)) = auxiliary(call) else { return Ok(None) };
        let same = window.filter(|window| {
            Self::new(function, call, scope)
                .is_ok_and(|same| same.kind == window.kind && same.time == window.time)
        });
        let Some(window) = same else {
            let [name] = call.name.parts.as_slice() else { return Ok(None) };
            return Err(SqlError::validation(format!(
                "Call to auxiliary group function '{}' must have matching call to group function '${}' in GROUP BY clause",
                name.name.to_ascii_uppercase(),
                function.name()
            ))
            .with_hint("its arguments must be those in GROUP BY")
            .at(call.span));
        };
        let is_rowtime = window.time.field.data_type.time_kind() == TimeKind::Rowtime;
        let column = match what {
            Auxiliary::Column(WindowColumn::Time) if !is_rowtime => {
                return Err(SqlError::validation("A proctime window cannot provide a rowtime attribute.")
                    .at(call.span));
            }
            Auxiliary::Column(column) => column,
            Auxiliary::Proctime if is_rowtime => {
                let proctime = scalar_function("PROCTIME")
                    .ok_or_else(|| SqlError::unsupported("PROCTIME is not supported"))?;
                return proctime.call(Vec::new()).map(Some);
            }
            Auxiliary::Proctime => WindowColumn::Time,
        };
        let position = WindowFunction::COLUMNS.iter().position(|known| *known == column).unwrap_or_default();
        let field = column.column(&window.time.field.data_type).field;
        Ok(Some(Expression::column(keys + position, field)))
    }

    /// What an aggregate has of its windows behind its keys; called as Flink calls it.
    pub(super) fn columns(&self) -> impl Iterator<Item = NamedField> + '_ {
        let attribute: &SqlType = &self.time.field.data_type;
        let time = match attribute.time_kind() {
            TimeKind::Rowtime => "w$rowtime",
            _ => "w$proctime",
        };
        let named = WindowFunction::COLUMNS.into_iter().zip(["w$start", "w$end", time]);
        named.map(|(column, name)| NamedField::new(name, column.column(attribute).field))
    }

    /// The function over rows whose time is in a column, and whose first so many columns group.
    pub(super) fn function(&self, time: usize, keys: usize) -> WindowFunction {
        let partition = match self.kind {
            WindowKind::Session { .. } => (0..keys).collect(),
            _ => Vec::new(),
        };
        WindowFunction {
            kind: self.kind,
            offset: 0,
            time,
            attribute: self.time.field.data_type.clone(),
            partition,
            form: WindowForm::Group(self.strategy),
        }
    }
}

/// When results of a window are emitted besides when it is over, as the session says; with the checks of Flink's
/// `WindowEmitStrategy`.
fn emit_strategy(session: &Session, window: &GroupWindow) -> SqlResult<Option<EmitStrategy>> {
    let delay = |what: &str| -> SqlResult<Option<i64>> {
        if !session.flag(&format!("table.exec.emit.{what}-fire.enabled"))? {
            return Ok(None);
        }
        let delay = session.duration(&format!("table.exec.emit.{what}-fire.delay"))?.ok_or_else(|| {
            SqlError::unsupported(format!(
                "'table.exec.emit.{what}-fire.delay' must be set where 'table.exec.emit.{what}-fire.enabled' is true"
            ))
            .with_hint("'0 ms' stands for each row")
        })?;
        Ok(Some(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX)))
    };
    let (early, late) = (delay("early")?, delay("late")?);
    if early.is_none() && late.is_none() {
        return Ok(None);
    }
    if matches!(window.kind, WindowKind::Session { .. }) {
        return Err(SqlError::unsupported("Session window doesn't support EMIT strategy currently."));
    }
    // By the clock, no row is late.
    let late = late.filter(|_| window.time.field.data_type.time_kind() == TimeKind::Rowtime);
    let allowed = session.duration("table.exec.emit.allow-lateness")?.unwrap_or_default();
    let lateness = late.map_or(0, |_| i64::try_from(allowed.as_millis()).unwrap_or(i64::MAX));
    if let Some(late) = late {
        if lateness <= 0 {
            return Err(SqlError::unsupported(
                "The 'AFTER WATERMARK' emit strategy requires set 'allow-lateness' or 'minIdleStateRetentionTime' in table \
                 config.",
            )
            .with_hint("SET 'table.exec.emit.allow-lateness' = '1 min'"));
        }
        if late > lateness {
            return Err(SqlError::unsupported(format!(
                "Allow-lateness [{lateness}ms] should not be smaller than Late-fire delay [{late}ms] when enable late-fire emit \
                 strategy."
            )));
        }
    }
    Ok((early.is_some() || late.is_some()).then_some(EmitStrategy { early, late, lateness }))
}

/// The arguments of a call, which are values; `None` if others are among them.
fn values(call: &FunctionCall) -> Option<Vec<&Syntax>> {
    let Arguments::List { quantifier: None, arguments, order_by } = &call.arguments else { return None };
    let values = arguments.iter().map(|argument| match (&argument.name, &argument.value) {
        (None, ArgumentValue::Expression(value)) => Some(value),
        _ => None,
    });
    if order_by.is_empty() { values.collect() } else { None }
}

fn mismatch(function: Function, span: Span) -> SqlError {
    let form = match function {
        Function::Hop => "HOP(time attribute, slide, size)",
        Function::Session => "SESSION(time attribute, gap)",
        _ => "TUMBLE(time attribute, size)",
    };
    SqlError::validation(format!("Invalid arguments of {} in GROUP BY: write {form}", function.name()))
        .at(span)
}
