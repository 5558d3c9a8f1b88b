//! Window table functions: TUMBLE, HOP, CUMULATE and SESSION in FROM.
//!
//! See Flink's [windowing table-valued functions](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/reference/queries/window-tvf/).

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

use super::expression::bind_over;
use super::query::QueryContext;
use super::{Scope, table_reference, unsupported};
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{
    Argument, ArgumentValue, Arguments, Expression as Syntax, ExpressionKind, FunctionCall, ObjectName,
    TableArgument, TableSource,
};
use crate::plan::{LogicalPlan, WindowForm, WindowFunction, WindowKind};
use crate::suggestion::nearest;
use crate::types::{SqlType, TimeKind};

/// The functions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Tumble,
    Hop,
    Cumulate,
    Session,
}

impl Function {
    /// The function of this name, in whatever case it is written.
    pub(super) fn named(name: &ObjectName) -> Option<Self> {
        let [name] = name.parts.as_slice() else { return None };
        Some(match name.name.to_ascii_uppercase().as_str() {
            "TUMBLE" => Self::Tumble,
            "HOP" => Self::Hop,
            "CUMULATE" => Self::Cumulate,
            "SESSION" => Self::Session,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tumble => "TUMBLE",
            Self::Hop => "HOP",
            Self::Cumulate => "CUMULATE",
            Self::Session => "SESSION",
        }
    }

    /// The names of its parameters, in order; the last of TUMBLE, HOP and CUMULATE need not be given.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Tumble => &["DATA", "TIMECOL", "SIZE", "OFFSET"],
            Self::Hop => &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
            Self::Cumulate => &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"],
            Self::Session => &["DATA", "TIMECOL", "GAP"],
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Tumble => {
                "TUMBLE(TABLE table_name, DESCRIPTOR(timecol), datetime interval[, datetime interval])"
            }
            Self::Hop => {
                "HOP(TABLE table_name, DESCRIPTOR(timecol), datetime interval, datetime interval[, datetime interval])"
            }
            Self::Cumulate => {
                "CUMULATE(TABLE table_name, DESCRIPTOR(timecol), datetime interval, datetime interval[, datetime interval])"
            }
            Self::Session => {
                "SESSION(TABLE table_name [PARTITION BY (cols1, cols2, ...)], DESCRIPTOR(timecol), datetime interval)"
            }
        }
    }
}

/// The rows of a table with the windows that they belong to.
pub(super) fn window_function(
    context: &QueryContext<'_>,
    function: Function,
    call: &FunctionCall,
) -> SqlResult<LogicalPlan> {
    let call = Call { function, span: *call.span, arguments: arguments(function, call)? };
    let (input, scope, partition) = call.table(context)?;
    let time = call.time(&input)?;
    let attribute = input.schema.field(time).data_type;
    if attribute.time_kind() == TimeKind::Regular {
        return Err(SqlError::validation(format!(
            "The window function requires the timecol is a time attribute type, but is {}.",
            flink_type(&attribute)
        ))
        .with_hint("declare it in CREATE TABLE with WATERMARK FOR, or as a computed column AS PROCTIME()")
        .at(call.span));
    }
    let (kind, offset) = call.kind(&scope)?;
    let form = WindowForm::TableFunction;
    let function = WindowFunction { kind, offset, time, attribute, partition, form };
    Ok(input.windows(function, WindowFunction::COLUMNS.to_vec()))
}

/// The arguments, each at the place of its parameter.
fn arguments(function: Function, call: &FunctionCall) -> SqlResult<Vec<Option<&Argument>>> {
    let Arguments::List { quantifier: None, arguments, order_by } = &call.arguments else {
        return Err(mismatch(function, call.span));
    };
    if !order_by.is_empty() {
        return Err(mismatch(function, call.span));
    }
    let parameters = function.parameters();
    let mut placed: Vec<Option<&Argument>> = vec![None; parameters.len()];
    for (index, argument) in arguments.iter().enumerate() {
        let place = match &argument.name {
            None => Some(index),
            Some(name) => parameters.iter().position(|parameter| name.name.eq_ignore_ascii_case(parameter)),
        };
        match place.and_then(|place| placed.get_mut(place)) {
            Some(free @ None) => *free = Some(argument),
            _ => return Err(mismatch(function, argument.span)),
        }
    }
    Ok(placed)
}

fn mismatch(function: Function, span: impl Into<Span>) -> SqlError {
    let (name, form) = (function.name(), function.form());
    SqlError::validation(format!("Invalid arguments of {name}. Supported form(s): {form}"))
        .with_hint(format!("named, they are {}", function.parameters().join(", ")))
        .at(span)
}

/// A call of a window function.
struct Call<'c> {
    function: Function,
    span: Span,
    arguments: Vec<Option<&'c Argument>>,
}

impl Call<'_> {
    fn argument(&self, parameter: &str) -> Option<&Argument> {
        let place = self.function.parameters().iter().position(|known| *known == parameter)?;
        self.arguments.get(place).copied().flatten()
    }

    fn needed(&self, parameter: &str) -> SqlResult<&Argument> {
        self.argument(parameter).ok_or_else(|| mismatch(self.function, self.span))
    }

    /// The rows, what they are called, and the columns by which sessions are told apart.
    fn table(&self, context: &QueryContext<'_>) -> SqlResult<(LogicalPlan, Scope, Vec<usize>)> {
        let data = self.needed("DATA")?;
        let (plan, names, argument) = match &data.value {
            ArgumentValue::Table(argument) => {
                let (plan, names) = match &argument.source {
                    TableSource::Table(name) => table_reference::named(context, name, &[])?,
                    TableSource::Query(query) => (context.query(query)?, Vec::new()),
                };
                (plan, names, Some(argument))
            }
            ArgumentValue::Expression(Syntax { kind: ExpressionKind::Subquery(query), .. }) => {
                (context.query(query)?, Vec::new(), None)
            }
            _ => return Err(mismatch(self.function, data.span)),
        };
        let scope = Scope::of(names, &plan.schema);
        let partition = match argument {
            Some(argument) => self.partition(argument, &scope, *data.span)?,
            None => Vec::new(),
        };
        Ok((plan, scope, partition))
    }

    fn partition(&self, argument: &TableArgument, scope: &Scope, span: Span) -> SqlResult<Vec<usize>> {
        if let Some(item) = argument.order_by.first() {
            return Err(
                SqlError::validation("Session window TVF doesn't support order by clause.").at(item.span)
            );
        }
        let Some(columns) = &argument.partition_by else { return Ok(Vec::new()) };
        if self.function != Function::Session {
            return Err(SqlError::validation(format!(
                "Only tables with set semantics may be partitioned. Invalid PARTITION BY clause in the 0-th operand of \
                 table function '{}'",
                self.function.name()
            ))
            .at(span));
        }
        let columns =
            columns.iter().map(|column| {
                let bound = bind_over(scope, column)?;
                match bound.as_column() {
                    Some(place) if crate::chunk::keys::can_be_key(&bound.field.data_type) => Ok(place),
                    Some(_) => unsupported(
                        &format!("PARTITION BY a value of type {}", bound.field.data_type),
                        column.span,
                    ),
                    None => Err(SqlError::validation("PARTITION BY of a table argument takes columns")
                        .at(column.span)),
                }
            });
        columns.collect()
    }

    /// The column of the time attribute.
    fn time(&self, input: &LogicalPlan) -> SqlResult<usize> {
        let argument = self.needed("TIMECOL")?;
        let ArgumentValue::Descriptor(columns) = &argument.value else {
            return Err(mismatch(self.function, argument.span));
        };
        let [column] = columns.as_slice() else {
            return Err(mismatch(self.function, argument.span));
        };
        let [name] = column.parts.as_slice() else {
            return Err(SqlError::validation(format!("Unknown identifier '{column}'")).at(column.span));
        };
        input.schema.position(&name.name).ok_or_else(|| {
            let names: Vec<&str> = input.schema.names().collect();
            let error = SqlError::validation(format!("Unknown identifier '{}'", name.name)).at(name.span);
            match nearest(&name.name, &names) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error,
            }
        })
    }

    /// The value of an argument in milliseconds.
    fn interval(&self, parameter: &str, scope: &Scope) -> SqlResult<i64> {
        let argument = self.needed(parameter)?;
        let ArgumentValue::Expression(value) = &argument.value else {
            return Err(mismatch(self.function, argument.span));
        };
        interval(value, scope)?.ok_or_else(|| mismatch(self.function, argument.span))
    }

    /// The windows, and their offset.
    fn kind(&self, scope: &Scope) -> SqlResult<(WindowKind, i64)> {
        let offset = self.argument("OFFSET").map(|_| self.interval("OFFSET", scope)).transpose()?;
        let refuse = |message: String| Err(SqlError::validation(message).at(self.span));
        let kind = match self.function {
            Function::Tumble => {
                let size = self.interval("SIZE", scope)?;
                if size <= 0 {
                    return refuse(format!(
                        "TUMBLE table function based aggregate requires size to be positive, but got {size} ms."
                    ));
                }
                if let Some(offset) = offset.filter(|offset| offset.abs() >= size) {
                    return refuse(format!(
                        "TUMBLE table function parameters must satisfy abs(offset) < size, but got size {size} ms and offset \
                         {offset} ms."
                    ));
                }
                WindowKind::Tumble { size }
            }
            Function::Hop => {
                let (slide, size) = (self.interval("SLIDE", scope)?, self.interval("SIZE", scope)?);
                if slide <= 0 || size <= 0 {
                    return refuse(format!(
                        "HOP table function based aggregate requires slide and size to be positive, but got slide {slide} ms \
                         and size {size} ms."
                    ));
                }
                WindowKind::Hop { slide, size }
            }
            Function::Cumulate => {
                let (step, size) = (self.interval("STEP", scope)?, self.interval("SIZE", scope)?);
                if step <= 0 || size <= 0 {
                    return refuse(format!(
                        "CUMULATE table function based aggregate requires maxSize and step to be positive, but got maxSize \
                         {size} ms and step {step} ms."
                    ));
                }
                if size % step != 0 {
                    return refuse(format!(
                        "CUMULATE table function based aggregate requires maxSize must be an integral multiple of step, but \
                         got maxSize {size} ms and step {step} ms."
                    ));
                }
                WindowKind::Cumulate { step, size }
            }
            Function::Session => {
                let gap = self.interval("GAP", scope)?;
                if gap <= 0 {
                    return refuse(format!(
                        "SESSION table function based aggregate requires gap to be positive, but got gap {gap} ms."
                    ));
                }
                WindowKind::Session { gap }
            }
        };
        Ok((kind, offset.unwrap_or_default()))
    }
}

/// The value of a constant interval in milliseconds; `None` if it is of another type.
pub(super) fn interval(value: &Syntax, scope: &Scope) -> SqlResult<Option<i64>> {
    let bound = bind_over(scope, value)?;
    let Some(constant) = bound.as_constant() else {
        return Err(SqlError::unsupported("Only constant window descriptors are supported.").at(value.span));
    };
    match &bound.field.data_type {
        SqlType::IntervalDayTime if !constant.is_null() => {
            let millis = constant.array().as_primitive_opt::<Int64Type>();
            Ok(millis.filter(|values| !values.is_empty()).map(|values| values.value(0)))
        }
        SqlType::IntervalYearMonth => Err(SqlError::unsupported(
            "Window aggregate only support SECOND, MINUTE, HOUR, DAY as the time unit. MONTH and YEAR time unit are not \
             supported yet.",
        )
        .at(value.span)),
        _ => Ok(None),
    }
}

/// A type as Flink's planner writes it in this message.
pub(super) fn flink_type(data_type: &SqlType) -> String {
    match data_type {
        SqlType::TimestampLtz(precision, _) => format!("TIMESTAMP_WITH_LOCAL_TIME_ZONE({precision})"),
        SqlType::VarChar(length) => format!("VARCHAR({length})"),
        SqlType::Int => "INTEGER".to_owned(),
        other => other.to_string(),
    }
}
