//! Expressions as Flink's plans have them: as its `FlinkRexUtil.getExpressionString` and Calcite's digests.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type};

use crate::chunk::write_value;
use crate::functions::logical_name;
use crate::plan::{Constant, Expression, ExpressionKind};
use crate::types::text::decimal::write_decimal;
use crate::types::text::timestamp::{write_date, write_time, write_timestamp};
use crate::types::{Field, MAXIMUM_LENGTH, SqlType};

/// How an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `=($0, 1)`: columns by number, types of casts behind them.
    Syntax,
    /// `=(a, 1)`: literals with what tells their types.
    Prefix,
    /// `(a = 1)`: literals as they are read.
    Infix,
}

/// The operators that stand between their operands.
const INFIX: &[&str] = &["*", "/", "+", "-", "<", "<=", ">", ">=", "=", "<>", "OR", "AND"];
/// The operators that stand behind their only operand.
const POSTFIX: &[&str] =
    &["IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN"];

/// An expression over columns of these names.
pub(super) fn text(expression: &Expression, names: &[&str], format: Format) -> String {
    let inner = |child: &Expression| text(child, names, format);
    match &expression.kind {
        ExpressionKind::Column(index) => match format {
            Format::Syntax => format!("${index}"),
            _ => names.get(*index).map_or_else(|| format!("${index}"), |name| (*name).to_owned()),
        },
        ExpressionKind::Constant(constant) => literal(constant, &expression.field.data_type, format),
        ExpressionKind::Field { value, index } => {
            let name = match &value.field.data_type {
                SqlType::Row(fields) => fields.get(*index).map(|field| field.name.to_string()),
                _ => None,
            };
            format!("{}.{}", inner(value), name.unwrap_or_else(|| index.to_string()))
        }
        // What the binder widens is a literal of the wider type in Flink.
        ExpressionKind::Call { function, arguments }
            if function.name == "CAST" && is_widened_literal(arguments, &expression.field.data_type) =>
        {
            arguments.iter().map(inner).collect()
        }
        ExpressionKind::Call { function, arguments } => match (function.name, arguments.as_slice()) {
            (name @ ("CAST" | "TRY_CAST"), [value]) => match format {
                Format::Syntax => format!("{name}({}):{}", inner(value), full_type(&expression.field)),
                Format::Prefix => format!("{name}({} AS {})", inner(value), full_type(&expression.field)),
                Format::Infix => {
                    format!("{name}({} AS {})", inner(value), calcite_type(&expression.field.data_type))
                }
            },
            (name, arguments) => call(name, arguments.iter().map(inner).collect(), format),
        },
        ExpressionKind::Logical { operator, operands } => {
            call(logical_name(*operator), operands.iter().map(inner).collect(), format)
        }
        ExpressionKind::Case { branches, otherwise } => {
            let parts = branches.iter().flat_map(|branch| [inner(&branch.condition), inner(&branch.result)]);
            call("CASE", parts.chain([inner(otherwise)]).collect(), format)
        }
    }
}

fn is_widened_literal(arguments: &[Expression], data_type: &SqlType) -> bool {
    matches!(arguments, [only] if only.as_constant().is_some_and(|constant| !constant.is_null())
        && only.field.data_type.is_integer() && data_type.is_integer())
}

fn call(name: &str, operands: Vec<String>, format: Format) -> String {
    match (format, operands.as_slice()) {
        (Format::Infix, [only]) if POSTFIX.contains(&name) => format!("{only} {name}"),
        (Format::Infix, [_, _, ..]) if INFIX.contains(&name) => {
            format!("({})", operands.join(&format!(" {name} ")))
        }
        _ => format!("{name}({})", operands.join(", ")),
    }
}

/// A literal; Calcite leaves out types that the value alone tells.
fn literal(constant: &Constant, data_type: &SqlType, format: Format) -> String {
    if constant.is_null() {
        return format!("null:{}", calcite_type(data_type));
    }
    let value = value_text(constant, data_type);
    if format == Format::Infix {
        return match data_type {
            SqlType::Char(_) | SqlType::VarChar(_) => format!("'{value}'"),
            SqlType::IntervalDayTime | SqlType::IntervalYearMonth => typed(&value, data_type),
            _ => value,
        };
    }
    match data_type {
        SqlType::Boolean | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => value,
        SqlType::Char(_) => format!("_UTF-16LE'{}'", value.replace('\'', "''")),
        SqlType::VarChar(_) => {
            format!(
                "_UTF-16LE'{}':{} CHARACTER SET \"UTF-16LE\"",
                value.replace('\'', "''"),
                calcite_type(data_type)
            )
        }
        SqlType::Decimal(precision, scale) => {
            let digits = value.chars().filter(char::is_ascii_digit).collect::<String>();
            let significant = digits.trim_start_matches('0').len().max(usize::from(*scale));
            if significant == usize::from(*precision) { value } else { typed(&value, data_type) }
        }
        _ => typed(&value, data_type),
    }
}

fn typed(value: &str, data_type: &SqlType) -> String {
    format!("{value}:{}", calcite_type(data_type))
}

fn value_text(constant: &Constant, data_type: &SqlType) -> String {
    let array = constant.array();
    let mut text = String::new();
    let written = match data_type {
        SqlType::Boolean => array.as_boolean_opt().map(|values| text.push_str(&values.value(0).to_string())),
        SqlType::Decimal(_, scale) => array
            .as_primitive_opt::<Decimal128Type>()
            .map(|values| write_decimal(values.value(0), *scale, &mut text)),
        SqlType::Double => {
            array.as_primitive_opt::<Float64Type>().map(|values| text.push_str(&scientific(values.value(0))))
        }
        SqlType::Float => array
            .as_primitive_opt::<Float32Type>()
            .map(|values| text.push_str(&scientific(f64::from(values.value(0))))),
        SqlType::Date => array
            .as_primitive_opt::<arrow_array::types::Date32Type>()
            .map(|values| write_date(values.value(0), &mut text)),
        SqlType::Time(precision) => array
            .as_primitive_opt::<arrow_array::types::Time32MillisecondType>()
            .map(|values| write_time(values.value(0), *precision, &mut text)),
        SqlType::Timestamp(precision @ 0..=3, _) | SqlType::TimestampLtz(precision @ 0..=3, _) => array
            .as_primitive_opt::<arrow_array::types::TimestampMillisecondType>()
            .map(|values| write_timestamp(values.value(0), *precision, &mut text)),
        SqlType::IntervalDayTime => {
            array.as_primitive_opt::<Int64Type>().map(|values| text.push_str(&values.value(0).to_string()))
        }
        SqlType::IntervalYearMonth => {
            array.as_primitive_opt::<Int32Type>().map(|values| text.push_str(&values.value(0).to_string()))
        }
        _ => None,
    };
    if written.is_none() {
        text.clear();
        write_value(array, 0, data_type, &mut text);
    }
    text
}

/// A floating point number as Calcite writes it: `1.5E0`.
fn scientific(value: f64) -> String {
    format!("{value:E}")
}

/// A type as Calcite writes it in digests: with its character set, and NOT NULL.
fn full_type(field: &Field) -> String {
    let text = calcite_type(&field.data_type);
    let set = if field.data_type.is_text() { " CHARACTER SET \"UTF-16LE\"" } else { "" };
    let nullability = if field.nullable { "" } else { " NOT NULL" };
    format!("{text}{set}{nullability}")
}

/// A type as Calcite writes it.
pub(super) fn calcite_type(data_type: &SqlType) -> String {
    match data_type {
        SqlType::Int => "INTEGER".to_owned(),
        SqlType::VarChar(length) => format!("VARCHAR({length})"),
        SqlType::VarBinary(MAXIMUM_LENGTH) => format!("VARBINARY({MAXIMUM_LENGTH})"),
        SqlType::IntervalDayTime => "INTERVAL SECOND".to_owned(),
        SqlType::IntervalYearMonth => "INTERVAL YEAR TO MONTH".to_owned(),
        other => other.to_string(),
    }
}
