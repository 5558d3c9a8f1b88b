//! Expressions: names are looked up, functions are found, types are checked.

use super::group_window::GroupWindow;
use super::grouping::Grouping;
use super::over::RowNumbers;
use super::overlaps::overlaps;
mod json;

use super::scope::{Scope, field_of};
use super::{data_type, literal, unsupported};
use crate::error::{SqlError, SqlResult};
use crate::functions::{ScalarFunction, has_set_of, operator, scalar_function, scalar_function_names};
use crate::parser::Span;
use crate::parser::ast::{
    self, ArgumentValue, Arguments, BinaryOperator, CastFunction, ContextFunction, ExpressionKind as Syntax,
    FunctionCall, IsTest, Literal, ObjectName, Operands, RoundingFunction, SpecialFunction, TimeUnit,
    TimestampFunction, TrimSide, UnaryOperator, WhenClause,
};
use crate::plan::{AggregateFunction, CaseBranch, Expression, ExpressionKind, LogicalOperator};
use crate::suggestion::nearest;
use crate::types::{Field, SqlType, can_cast, common_type};

/// Binds expressions over the columns of a scope.
pub(crate) struct Binder<'a, 'g> {
    scope: &'a Scope,
    /// Above a GROUP BY, expressions are over its result.
    grouping: Option<&'g mut Grouping<'a>>,
    /// Where numbers of rows may be asked for.
    pub(super) numbers: Option<&'g mut RowNumbers>,
    /// What names that are no columns stand for.
    aliases: &'a [ast::SelectItem],
}

/// An expression over the columns of a scope, without aggregates.
pub(crate) fn bind_over(scope: &Scope, expression: &ast::Expression) -> SqlResult<Expression> {
    Binder::new(scope).bind(expression)
}

impl<'a, 'g> Binder<'a, 'g> {
    /// Over the columns of a scope.
    pub(crate) const fn new(scope: &'a Scope) -> Self {
        Self { scope, grouping: None, numbers: None, aliases: &[] }
    }

    /// Over the result of a GROUP BY.
    pub(crate) const fn above(grouping: &'g mut Grouping<'a>) -> Self {
        Self { scope: grouping.input(), grouping: Some(grouping), numbers: None, aliases: &[] }
    }

    /// With ROW_NUMBER.
    pub(crate) fn with_numbers(self, numbers: &'g mut RowNumbers) -> Self {
        Self { numbers: Some(numbers), ..self }
    }

    /// With the names of a select list, where no column has them.
    pub(crate) fn with_aliases(self, aliases: &'a [ast::SelectItem]) -> Self {
        Self { aliases, ..self }
    }

    /// What a name of the select list stands for, if no column is called so.
    fn alias(&self, name: &ast::ObjectName) -> Option<&'a ast::Expression> {
        let [only] = name.parts.as_slice() else { return None };
        self.aliases.iter().find_map(|item| match &item.kind {
            ast::SelectItemKind::Expression { value, alias: Some(alias) } if alias.name == only.name => {
                self.scope.resolve(name).is_err().then_some(value)
            }
            _ => None,
        })
    }

    /// An expression with its types; an error has the place of what is wrong.
    pub(crate) fn bind(&mut self, expression: &ast::Expression) -> SqlResult<Expression> {
        self.kind(expression).map_err(|error| error.at(expression.span))
    }

    fn bind_all<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e ast::Expression>,
    ) -> SqlResult<Vec<Expression>> {
        expressions.into_iter().map(|expression| self.bind(expression)).collect()
    }

    /// A condition: of type BOOLEAN.
    pub(crate) fn condition(&mut self, expression: &ast::Expression, clause: &str) -> SqlResult<Expression> {
        let condition = self.bind(expression)?;
        match condition.field.data_type {
            SqlType::Boolean | SqlType::Null => Ok(condition.cast_to(&SqlType::Boolean)),
            ref other => {
                let message =
                    format!("{clause} needs a condition of type BOOLEAN, and this is of type {other}");
                Err(SqlError::validation(message).at(expression.span))
            }
        }
    }

    /// What an expression above a GROUP BY is if it is one of those that group, or without columns.
    fn grouped(&self, expression: &ast::Expression) -> Option<Expression> {
        let grouping = self.grouping.as_ref()?;
        let below = bind_over(self.scope, expression).ok()?;
        let mut has_columns = false;
        below.visit_columns(&mut |_| has_columns = true);
        grouping.key(&below).or_else(|| (!has_columns).then_some(below))
    }

    fn kind(&mut self, expression: &ast::Expression) -> SqlResult<Expression> {
        let span = *expression.span;
        if let Some(grouped) = self.grouped(expression) {
            return Ok(grouped);
        }
        match &expression.kind {
            Syntax::Literal(constant) => literal::literal(constant, span),
            Syntax::Interval { negative, value, qualifier } => match &value.kind {
                Syntax::Literal(Literal::String { value, .. }) => {
                    literal::interval(*negative, value, qualifier, span)
                }
                _ => unsupported("an interval whose value is not a literal", span),
            },
            Syntax::Column(name) => {
                if let Some(value) = self.alias(name) {
                    return self.bind(value);
                }
                let column = self.scope.resolve(name)?;
                if self.grouping.is_some() {
                    return Err(SqlError::validation(format!("Expression '{name}' is not being grouped"))
                        .with_hint("add it to GROUP BY, or aggregate it: MAX, FIRST_VALUE, LISTAGG"));
                }
                Ok(column)
            }
            Syntax::Field { value, field } => field_of(self.bind(value)?, field),
            Syntax::Item { value, index } => {
                let arguments = self.bind_all([&**value, &**index])?;
                self.named("ITEM", arguments, span)
            }
            Syntax::Unary { operator: sign, operand } => {
                let operand = self.bind(operand)?;
                match sign {
                    UnaryOperator::Plus if operand.field.data_type.is_numeric() => Ok(operand),
                    UnaryOperator::Plus => operator("+")?.call(vec![operand]),
                    UnaryOperator::Minus => operator("-")?.call(vec![operand]),
                    UnaryOperator::Not => operator("NOT")?.call(vec![operand]),
                }
            }
            Syntax::Binary { left, operator: BinaryOperator::Overlaps, right } => {
                let periods = [left, right].map(|period| match &period.kind {
                    Syntax::Row(parts) => self.bind_all(parts),
                    _ => Err(SqlError::validation("OVERLAPS wants two periods: (start, end)").at(span)),
                });
                let [left, right] = periods;
                overlaps(&left?, &right?).map_err(|error| error.at(span))
            }
            Syntax::Binary { left, operator: sign, right } => {
                let operands = self.bind_all([&**left, &**right])?;
                operator(binary_name(*sign))?.call(operands)
            }
            Syntax::Logical { operator, operands } => self.logical(*operator, operands),
            Syntax::Is { value, negated, test: IsTest::Json(kind) } => self.is_json(value, *negated, *kind),
            Syntax::Is { value, negated, test } => {
                let value = self.bind(value)?;
                operator(&test_name(*test, *negated))?.call(vec![value])
            }
            Syntax::Between { value, negated, symmetric, low, high } => {
                self.between(value, *negated, *symmetric, low, high)
            }
            Syntax::In { value, negated, operands: Operands::List(list) } => {
                self.in_list(value, *negated, list)
            }
            Syntax::Like { value, negated, operator: like, pattern, escape } => {
                let name = match like {
                    ast::LikeOperator::Like => "LIKE",
                    ast::LikeOperator::ILike => "ILIKE",
                    ast::LikeOperator::RLike => "REGEXP",
                    ast::LikeOperator::SimilarTo => "SIMILAR TO",
                };
                let arguments = self.bind_all([&**value, &**pattern].into_iter().chain(escape.as_deref()))?;
                let holds = self.named(name, arguments, span)?;
                if *negated { operator("NOT")?.call(vec![holds]) } else { Ok(holds) }
            }
            Syntax::Row(values) => {
                let values = self.bind_all(values)?;
                self.named("ROW", values, span)
            }
            Syntax::Array(values) => {
                let values = self.bind_all(values)?;
                self.named("ARRAY", values, span)
            }
            Syntax::Map(pairs) => {
                let values = self.bind_all(pairs.iter().flat_map(|(key, value)| [key, value]))?;
                self.named("MAP", values, span)
            }
            Syntax::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref())
            }
            Syntax::Cast { function, value, data_type } => self.cast(*function, value, data_type),
            Syntax::Function(call) => self.function(call),
            Syntax::Special(special) => self.special(special, span),
            Syntax::Context(function) => self.named(context_name(*function), Vec::new(), span),
            Syntax::Subquery(_) | Syntax::Exists(_) | Syntax::In { operands: Operands::Query(_), .. }
                if self.grouping.is_none() && self.scope.subquery(span).is_some() =>
            {
                self.scope
                    .subquery(span)
                    .cloned()
                    .ok_or_else(|| SqlError::validation("a subquery without a value"))
            }
            Syntax::In { .. }
            | Syntax::Quantified { .. }
            | Syntax::Exists(_)
            | Syntax::Unique(_)
            | Syntax::Subquery(_) => unsupported("a subquery in an expression", span),
            Syntax::Json(function) => self.json(function, span),
            Syntax::Multiset(_) | Syntax::MultisetQuery(_) | Syntax::ArrayQuery(_) | Syntax::MapQuery(_) => {
                unsupported("this constructor", span)
            }
            Syntax::PatternFunction { .. } => {
                Err(SqlError::validation("RUNNING and FINAL have a meaning in MATCH_RECOGNIZE alone"))
            }
        }
    }

    fn logical(
        &mut self,
        operator: ast::LogicalOperator,
        operands: &[ast::Expression],
    ) -> SqlResult<Expression> {
        let (operator, name) = match operator {
            ast::LogicalOperator::And => (LogicalOperator::And, "AND"),
            ast::LogicalOperator::Or => (LogicalOperator::Or, "OR"),
        };
        let operands =
            operands.iter().map(|operand| self.condition(operand, name)).collect::<SqlResult<Vec<_>>>()?;
        Ok(logical(operator, operands))
    }

    fn between(
        &mut self,
        value: &ast::Expression,
        negated: bool,
        symmetric: bool,
        low: &ast::Expression,
        high: &ast::Expression,
    ) -> SqlResult<Expression> {
        let (value, low, high) = (self.bind(value)?, self.bind(low)?, self.bind(high)?);
        let within = |low: &Expression, high: &Expression| -> SqlResult<Expression> {
            let above = operator(">=")?.call(vec![value.clone(), low.clone()])?;
            let below = operator("<=")?.call(vec![value.clone(), high.clone()])?;
            Ok(logical(LogicalOperator::And, vec![above, below]))
        };
        let mut holds = within(&low, &high)?;
        if symmetric {
            holds = logical(LogicalOperator::Or, vec![holds, within(&high, &low)?]);
        }
        if negated { operator("NOT")?.call(vec![holds]) } else { Ok(holds) }
    }

    fn in_list(
        &mut self,
        value: &ast::Expression,
        negated: bool,
        list: &[ast::Expression],
    ) -> SqlResult<Expression> {
        /// From how many on a set is faster than one comparison after the other.
        const LONG: usize = 8;
        let value = self.bind(value)?;
        let candidates = self.bind_all(list)?;
        let operands = std::iter::once(&value).chain(&candidates);
        if candidates.len() > LONG && has_set_of(operands.clone().map(|operand| &operand.field.data_type)) {
            let holds = operator("IN")?.call(operands.cloned().collect())?;
            return if negated { operator("NOT")?.call(vec![holds]) } else { Ok(holds) };
        }
        let equal =
            candidates.into_iter().map(|candidate| operator("=")?.call(vec![value.clone(), candidate]));
        let mut equal = equal.collect::<SqlResult<Vec<_>>>()?;
        let holds = if equal.len() == 1 { equal.remove(0) } else { logical(LogicalOperator::Or, equal) };
        if negated { operator("NOT")?.call(vec![holds]) } else { Ok(holds) }
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expression>,
        branches: &[WhenClause],
        otherwise: Option<&ast::Expression>,
    ) -> SqlResult<Expression> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let bound = branches.iter().map(|branch| {
            let conditions = branch.conditions.iter().map(|condition| match &operand {
                None => self.condition(condition, "WHEN"),
                Some(operand) => {
                    let candidate = self.bind(condition)?;
                    operator("=")?
                        .call(vec![operand.clone(), candidate])
                        .map_err(|error| error.at(condition.span))
                }
            });
            let mut conditions = conditions.collect::<SqlResult<Vec<_>>>()?;
            let condition = if conditions.len() == 1 {
                conditions.remove(0)
            } else {
                logical(LogicalOperator::Or, conditions)
            };
            Ok(CaseBranch { condition, result: self.bind(&branch.result)? })
        });
        let bound = bound.collect::<SqlResult<Vec<_>>>()?;
        let otherwise = match otherwise {
            Some(otherwise) => self.bind(otherwise)?,
            None => Expression::null(SqlType::Null),
        };
        case(bound, otherwise)
    }

    fn cast(
        &mut self,
        function: CastFunction,
        value: &ast::Expression,
        data_type: &ast::DataType,
    ) -> SqlResult<Expression> {
        let value = self.bind(value)?;
        let target = data_type::field_of(data_type)?.data_type;
        if let (ast::DataTypeKind::Interval(qualifier), true) =
            (&data_type.kind, value.field.data_type.is_integer())
        {
            // So many of the unit.
            let one = literal::interval(false, "1", &unit_of(qualifier), *data_type.span)?;
            return operator("*")?.call(vec![one, value]);
        }
        if !can_cast(&value.field.data_type, &target) {
            let from = value.field.data_type;
            return Err(SqlError::validation(format!(
                "Cast function cannot convert value of type {from} to type {target}"
            )));
        }
        match function {
            CastFunction::Cast => Ok(value.cast_to(&target)),
            CastFunction::TryCast => {
                let cast = crate::functions::try_cast_function();
                Ok(Expression::call(cast, vec![value], Field::nullable(target)))
            }
        }
    }

    fn function(&mut self, call: &FunctionCall) -> SqlResult<Expression> {
        let span = *call.span;
        let name = call.name.parts.last().map_or("", |part| &part.name);
        if let Some(over) = &call.over {
            return self.over(call, over);
        }
        if let Some(grouping) = &mut self.grouping
            && let Some(result) = grouping.call(call)?
        {
            return Ok(result);
        }
        if GroupWindow::is_one(call) {
            return Err(GroupWindow::misplaced(call));
        }
        if AggregateFunction::named(name).is_some() {
            return Err(SqlError::validation(format!(
                "{name} is an aggregate, and this is no place for one"
            ))
            .with_hint("aggregates stand in SELECT, HAVING and ORDER BY")
            .at(span));
        }
        if call.filter.is_some() || !call.within_group.is_empty() || call.null_treatment.is_some() {
            return Err(SqlError::validation(format!("{name} is no aggregate")).at(span));
        }
        let Arguments::List { quantifier: None, arguments, order_by } = &call.arguments else {
            return Err(SqlError::validation(format!("{name} takes neither * nor DISTINCT")).at(span));
        };
        if !order_by.is_empty() {
            return Err(SqlError::validation(format!("{name} takes no ORDER BY")).at(span));
        }
        let arguments = arguments.iter().map(|argument| match (&argument.name, &argument.value) {
            (None, ArgumentValue::Expression(value)) => self.bind(value),
            _ => unsupported("this argument", argument.span),
        });
        let arguments = arguments.collect::<SqlResult<Vec<_>>>()?;
        match self.created(&call.name) {
            Some(function) => function.call(arguments).map_err(|error| error.at(span)),
            None => self.named(name, arguments, span),
        }
    }

    /// A function that CREATE FUNCTION has made: before the built-in ones only if it is a system function.
    fn created(&self, name: &ObjectName) -> Option<&'static ScalarFunction> {
        let functions = self.scope.functions();
        functions.system(name).or_else(|| {
            let is_built_in = match name.parts.as_slice() {
                [name] => is_built_in(&name.name),
                _ => false,
            };
            if is_built_in { None } else { functions.in_catalog(name) }
        })
    }

    /// A function that is called by its name. Those that look at some of their arguments only are a CASE.
    fn named(&mut self, name: &str, arguments: Vec<Expression>, span: Span) -> SqlResult<Expression> {
        let result = match (name.to_ascii_uppercase().as_str(), arguments.as_slice()) {
            ("COALESCE", [_, ..]) | ("IFNULL", [_, _]) => coalesce(arguments),
            ("IF", [condition, then, otherwise]) => {
                if !matches!(condition.field.data_type, SqlType::Boolean | SqlType::Null) {
                    return Err(
                        SqlError::validation("the first argument of IF must be of type BOOLEAN").at(span)
                    );
                }
                let condition = condition.clone().cast_to(&SqlType::Boolean);
                case(vec![CaseBranch { condition, result: then.clone() }], otherwise.clone())
            }
            ("NULLIF", [value, other]) => {
                let condition = operator("=")?.call(vec![value.clone(), other.clone()])?;
                let null = Expression::null(value.field.data_type.clone());
                case(vec![CaseBranch { condition, result: null }], value.clone())
            }
            (upper, _) => match scalar_function(upper) {
                Some(function) => function.call(arguments),
                None => Err(unknown_function(name)),
            },
        };
        result.map_err(|error| error.at(span))
    }

    fn special(&mut self, special: &SpecialFunction, span: Span) -> SqlResult<Expression> {
        let (name, arguments) = match special {
            SpecialFunction::Extract { unit, value } => {
                ("EXTRACT", vec![unit_text(*unit), self.bind(value)?])
            }
            SpecialFunction::Round { function, value, unit } => {
                let name = match function {
                    RoundingFunction::Floor => "FLOOR TO",
                    RoundingFunction::Ceil => "CEIL TO",
                };
                (name, vec![self.bind(value)?, unit_text(*unit)])
            }
            SpecialFunction::Timestamp { function, unit, first, second } => {
                let name = match function {
                    TimestampFunction::Add => "TIMESTAMPADD",
                    TimestampFunction::Difference => "TIMESTAMPDIFF",
                };
                (name, vec![unit_text(*unit), self.bind(first)?, self.bind(second)?])
            }
            SpecialFunction::Position { needle, haystack, start } => {
                ("POSITION", self.bind_all([needle, haystack].into_iter().chain(start))?)
            }
            SpecialFunction::Overlay { value, replacement, start, length } => {
                ("OVERLAY", self.bind_all([value, replacement, start].into_iter().chain(length))?)
            }
            SpecialFunction::Trim { side, characters, value } => {
                let side = match side {
                    TrimSide::Both => "BOTH",
                    TrimSide::Leading => "LEADING",
                    TrimSide::Trailing => "TRAILING",
                };
                let characters =
                    characters.as_ref().map_or_else(|| Ok(literal::text(" ")), |value| self.bind(value))?;
                ("TRIM", vec![literal::text(side), characters, self.bind(value)?])
            }
        };
        self.named(name, arguments, span)
    }
}

/// Whether there is a function of this name without CREATE FUNCTION.
fn is_built_in(name: &str) -> bool {
    let is_case = ["COALESCE", "IFNULL", "IF", "NULLIF"].iter().any(|case| case.eq_ignore_ascii_case(name));
    is_case || scalar_function(name).is_some()
}

/// AND or OR of conditions.
pub(super) fn logical(operator: LogicalOperator, operands: Vec<Expression>) -> Expression {
    let nullable = operands.iter().any(|operand| operand.field.nullable);
    Expression {
        kind: ExpressionKind::Logical { operator, operands },
        field: Field::new(SqlType::Boolean, nullable),
    }
}

/// CASE, with its results cast to the type that they have in common.
pub(super) fn case(branches: Vec<CaseBranch>, otherwise: Expression) -> SqlResult<Expression> {
    let mut common = otherwise.field.data_type.clone();
    for branch in &branches {
        let data_type = &branch.result.field.data_type;
        common = common_type(&common, data_type).ok_or_else(|| {
            SqlError::validation(format!(
                "the results of a CASE have no type in common: {common} and {data_type}"
            ))
        })?;
    }
    let nullable = otherwise.field.nullable || branches.iter().any(|branch| branch.result.field.nullable);
    let branches = branches
        .into_iter()
        .map(|branch| CaseBranch { condition: branch.condition, result: branch.result.cast_to(&common) });
    let branches = branches.collect();
    let otherwise = Box::new(otherwise.cast_to(&common));
    Ok(Expression { kind: ExpressionKind::Case { branches, otherwise }, field: Field::new(common, nullable) })
}

/// The first value that is not NULL.
pub(super) fn coalesce(mut values: Vec<Expression>) -> SqlResult<Expression> {
    let Some(last) = values.pop() else {
        return Err(SqlError::validation("COALESCE needs an argument"));
    };
    let never_null = !last.field.nullable || values.iter().any(|value| !value.field.nullable);
    let branches = values.into_iter().map(|value| {
        let condition = operator("IS NOT NULL")?.call(vec![value.clone()])?;
        Ok(CaseBranch { condition, result: value })
    });
    let branches = branches.collect::<SqlResult<Vec<_>>>()?;
    if branches.is_empty() {
        return Ok(last);
    }
    let mut result = case(branches, last)?;
    result.field.nullable = !never_null;
    Ok(result)
}

fn unknown_function(name: &str) -> SqlError {
    let names: Vec<_> = scalar_function_names().collect();
    let error = SqlError::validation(format!("No match found for function signature {name}"));
    match nearest(name, &names) {
        Some(nearest) => error.with_hint(format!("did you mean {nearest}?")),
        None => error,
    }
}

/// The first unit of an interval's type alone.
fn unit_of(qualifier: &ast::IntervalQualifier) -> ast::IntervalQualifier {
    ast::IntervalQualifier { end: None, ..*qualifier }
}

const fn binary_name(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Remainder => "%",
        BinaryOperator::Concatenate => "||",
        BinaryOperator::Equal => "=",
        BinaryOperator::NotEqual => "<>",
        BinaryOperator::Less => "<",
        BinaryOperator::LessOrEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterOrEqual => ">=",
        BinaryOperator::IsDistinctFrom => "IS DISTINCT FROM",
        BinaryOperator::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
        BinaryOperator::Overlaps => "OVERLAPS",
    }
}

fn test_name(test: IsTest, negated: bool) -> String {
    let what = match test {
        IsTest::Null => "NULL",
        IsTest::True => "TRUE",
        IsTest::False => "FALSE",
        IsTest::Unknown => "UNKNOWN",
        IsTest::Json(_) => "JSON",
    };
    format!("IS {}{what}", if negated { "NOT " } else { "" })
}

const fn context_name(function: ContextFunction) -> &'static str {
    match function {
        ContextFunction::CurrentCatalog => "CURRENT_CATALOG",
        ContextFunction::CurrentDate => "CURRENT_DATE",
        ContextFunction::CurrentPath => "CURRENT_PATH",
        ContextFunction::CurrentRole => "CURRENT_ROLE",
        ContextFunction::CurrentSchema => "CURRENT_SCHEMA",
        ContextFunction::CurrentTime => "CURRENT_TIME",
        ContextFunction::CurrentTimestamp => "CURRENT_TIMESTAMP",
        ContextFunction::CurrentUser => "CURRENT_USER",
        ContextFunction::LocalTime => "LOCALTIME",
        ContextFunction::LocalTimestamp => "LOCALTIMESTAMP",
        ContextFunction::SessionUser => "SESSION_USER",
        ContextFunction::SystemUser => "SYSTEM_USER",
        ContextFunction::User => "USER",
    }
}

/// A unit of time as an argument.
fn unit_text(unit: TimeUnit) -> Expression {
    literal::text(&unit.to_string())
}
