//! The JSON functions, whose syntax becomes constant arguments.

use super::{Binder, literal, operator, unsupported};
use crate::analysis::data_type;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{self, JsonBehavior, JsonFunction, JsonNull, JsonType, JsonWrapper};
use crate::plan::{Expression, ExpressionKind};
use crate::types::{SqlType, can_cast_implicitly};

impl Binder<'_, '_> {
    pub(super) fn json(&mut self, function: &JsonFunction, span: Span) -> SqlResult<Expression> {
        match function {
            JsonFunction::Value { value, path, returning, on_empty, on_error } => {
                let returning = returning_type(returning.as_ref(), SqlType::STRING)?;
                if !(returning.is_text()
                    || matches!(returning, SqlType::Boolean | SqlType::Int | SqlType::Double))
                {
                    return Err(SqlError::validation(format!(
                        "Unsupported type '{returning}' for RETURNING in JSON_VALUE()."
                    )));
                }
                let mut arguments = vec![self.bind(value)?, self.bind(path)?];
                for behavior in [on_empty, on_error] {
                    let (name, default) = self.behavior(behavior.as_ref(), &returning)?;
                    arguments.extend([literal::text(name), default]);
                }
                operator("JSON_VALUE")?.call(arguments)
            }
            JsonFunction::Query { value, path, returning, wrapper, on_empty, on_error } => {
                let returning = returning_type(returning.as_ref(), SqlType::STRING)?;
                let is_array = matches!(&returning, SqlType::Array(element) if element.data_type.is_text());
                if !returning.is_text() && !is_array {
                    return Err(SqlError::validation(format!(
                        "Unsupported type '{returning}' for RETURNING in JSON_QUERY()."
                    )));
                }
                if is_array
                    && [on_empty, on_error]
                        .into_iter()
                        .flatten()
                        .any(|behavior| *behavior == JsonBehavior::EmptyObject)
                {
                    return Err(SqlError::validation(
                        "Illegal on empty or on error behavior 'EMPTY OBJECT' for return type 'ARRAY'",
                    ));
                }
                let wrapper = match wrapper {
                    None | Some(JsonWrapper::Without) => "WITHOUT",
                    Some(JsonWrapper::Conditional) => "CONDITIONAL",
                    Some(JsonWrapper::Unconditional) => "UNCONDITIONAL",
                };
                let mut arguments = vec![self.bind(value)?, self.bind(path)?, literal::text(wrapper)];
                for behavior in [on_empty, on_error] {
                    arguments.push(literal::text(behavior.as_ref().map_or("NULL", behavior_name)));
                }
                arguments.push(Expression::null(returning));
                operator("JSON_QUERY")?.call(arguments)
            }
            JsonFunction::Exists { value, path, on_error } => {
                let on_error = on_error.as_ref().map_or("FALSE", behavior_name);
                operator("JSON_EXISTS")?.call(vec![
                    self.bind(value)?,
                    self.bind(path)?,
                    literal::text(on_error),
                ])
            }
            JsonFunction::Object { pairs, on_null } => {
                let members =
                    pairs.iter().map(|pair| Ok((Some(self.bind(&pair.key)?), self.bind(&pair.value)?)));
                let members = members.collect::<SqlResult<Vec<_>>>()?;
                construct("JSON_OBJECT", members, on_null.unwrap_or(JsonNull::Null))
            }
            JsonFunction::Array { values, on_null } => {
                let members = values.iter().map(|value| Ok((None, self.bind(value)?)));
                let members = members.collect::<SqlResult<Vec<_>>>()?;
                construct("JSON_ARRAY", members, on_null.unwrap_or(JsonNull::Absent))
            }
            JsonFunction::ObjectAggregate { .. } => unsupported("JSON_OBJECTAGG", span),
            JsonFunction::ArrayAggregate { .. } => unsupported("JSON_ARRAYAGG", span),
        }
    }

    /// `value IS [NOT] JSON kind`
    pub(super) fn is_json(
        &mut self,
        value: &ast::Expression,
        negated: bool,
        kind: JsonType,
    ) -> SqlResult<Expression> {
        let kind = match kind {
            JsonType::Value => "VALUE",
            JsonType::Object => "OBJECT",
            JsonType::Array => "ARRAY",
            JsonType::Scalar => "SCALAR",
        };
        let holds = operator("IS JSON")?.call(vec![self.bind(value)?, literal::text(kind)])?;
        if negated { operator("NOT")?.call(vec![holds]) } else { Ok(holds) }
    }

    /// The name of a behavior, and its default value or NULL.
    fn behavior(
        &mut self,
        behavior: Option<&JsonBehavior>,
        returning: &SqlType,
    ) -> SqlResult<(&'static str, Expression)> {
        let Some(JsonBehavior::Default(value)) = behavior else {
            return Ok((behavior.map_or("NULL", behavior_name), Expression::null(returning.clone())));
        };
        let value = self.bind(value)?;
        let data_type = &value.field.data_type;
        if !can_cast_implicitly(data_type, returning) {
            return Err(SqlError::validation(format!(
                "the DEFAULT of JSON_VALUE is of type {data_type}, and the result of type {returning}"
            )));
        }
        Ok(("DEFAULT", value.cast_to(returning)))
    }
}

fn returning_type(written: Option<&ast::DataType>, default: SqlType) -> SqlResult<SqlType> {
    Ok(written.map(data_type::field_of).transpose()?.map_or(default, |field| field.data_type))
}

const fn behavior_name(behavior: &JsonBehavior) -> &'static str {
    match behavior {
        JsonBehavior::Error => "ERROR",
        JsonBehavior::Null => "NULL",
        JsonBehavior::Default(_) => "DEFAULT",
        JsonBehavior::True => "TRUE",
        JsonBehavior::False => "FALSE",
        JsonBehavior::Unknown => "UNKNOWN",
        JsonBehavior::EmptyArray => "EMPTY ARRAY",
        JsonBehavior::EmptyObject => "EMPTY OBJECT",
    }
}

/// The flags and then the members: those that are made by a function of JSON are put in as they are.
fn construct(
    name: &str,
    members: Vec<(Option<Expression>, Expression)>,
    on_null: JsonNull,
) -> SqlResult<Expression> {
    let mut flags = String::from(if on_null == JsonNull::Null { "N" } else { "A" });
    flags.extend(members.iter().map(|(_, value)| if is_json(value) { 'j' } else { 'v' }));
    let mut arguments = vec![literal::text(&flags)];
    arguments.extend(members.into_iter().flat_map(|(key, value)| key.into_iter().chain([value])));
    operator(name)?.call(arguments)
}

fn is_json(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Call { function, .. } => {
            matches!(function.name, "JSON_OBJECT" | "JSON_ARRAY" | "JSON")
        }
        _ => false,
    }
}
