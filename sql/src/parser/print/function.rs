//! Calls of functions, and windows of OVER.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::precedence::ATOM;
use crate::parser::ast::{
    Argument, ArgumentValue, Arguments, Expression, ExpressionKind, FrameBound, FrameUnit, FunctionCall,
    JsonBehavior, JsonFunction, JsonNull, JsonPair, JsonWrapper, NamedWindow, NullTreatment, Over,
    RoundingFunction, SetQuantifier, SpecialFunction, TableArgument, TableSource, TimestampFunction,
    TrimSide, WindowFrame, WindowSpecification,
};
use crate::parser::keywords::{self, RESERVED_FUNCTIONS};

use super::expression::{Operand, operand};
use super::name::write_name;
use super::{Listed, Parenthesized, Prefixed, Separated, commas};

impl Display for FunctionCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.name.parts.as_slice() {
            [name] => write_name(f, &name.name, self.is_read_as_call(&name.name))?,
            parts => Separated(parts, ".").fmt(f)?,
        }
        write!(f, "({})", self.arguments)?;
        f.write_str(match self.null_treatment {
            Some(NullTreatment::Ignore) => " IGNORE NULLS",
            Some(NullTreatment::Respect) => " RESPECT NULLS",
            None => "",
        })?;
        if !self.within_group.is_empty() {
            write!(f, " WITHIN GROUP (ORDER BY {})", commas(&self.within_group))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        Prefixed(" OVER ", self.over.as_ref()).fmt(f)
    }
}

impl FunctionCall {
    /// Whether this name, without backticks, is read as the name of this call.
    fn is_read_as_call(&self, name: &str) -> bool {
        match name.to_ascii_uppercase().as_str() {
            "DESCRIPTOR" | "KEY" | "MAP" | "SOME" | "TIMESTAMPADD" | "TIMESTAMPDIFF" => false,
            "FLOOR" | "CEIL" | "CEILING" => self.plain_arguments().is_some_and(|count| count > 0),
            "SUBSTRING" => self.plain_arguments().is_some_and(|count| count == 2 || count == 3),
            name => !keywords::is_reserved(name) || keywords::contains(RESERVED_FUNCTIONS, name),
        }
    }

    /// How many arguments there are, if they are all expressions and nothing else is there.
    fn plain_arguments(&self) -> Option<usize> {
        let Arguments::List { quantifier: None, arguments, order_by } = &self.arguments else { return None };
        let plain = |argument: &Argument| {
            argument.name.is_none() && matches!(argument.value, ArgumentValue::Expression(_))
        };
        let alone = order_by.is_empty()
            && self.within_group.is_empty()
            && self.null_treatment.is_none()
            && self.filter.is_none()
            && self.over.is_none();
        (alone && arguments.iter().all(plain)).then_some(arguments.len())
    }
}

impl Display for Arguments {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star => f.write_str("*"),
            Self::List { quantifier, arguments, order_by } => {
                if let Some(quantifier) = quantifier {
                    write!(f, "{quantifier} ")?;
                }
                write!(f, "{}{}", commas(arguments), Listed(" ORDER BY ", order_by))
            }
        }
    }
}

impl Display for SetQuantifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "ALL",
            Self::Distinct => "DISTINCT",
        })
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name} => ")?;
        }
        match &self.value {
            ArgumentValue::Expression(value) => value.fmt(f),
            ArgumentValue::Default => f.write_str("DEFAULT"),
            ArgumentValue::Table(table) => table.fmt(f),
            ArgumentValue::Descriptor(columns) => write!(f, "DESCRIPTOR({})", commas(columns)),
            ArgumentValue::Model(name) => write!(f, "MODEL {name}"),
        }
    }
}

impl Display for TableArgument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.source {
            TableSource::Table(name) => write!(f, "TABLE {name}")?,
            TableSource::Query(query) => write!(f, "({query})")?,
        }
        if let Some(columns) = &self.partition_by {
            write!(f, " PARTITION BY ({})", commas(columns))?;
        }
        Parenthesized(" ORDER BY ", &self.order_by).fmt(f)
    }
}

impl Display for SpecialFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extract { unit, value } => write!(f, "EXTRACT({unit} FROM {value})"),
            Self::Round { function, value, unit } => {
                let name = match function {
                    RoundingFunction::Floor => "FLOOR",
                    RoundingFunction::Ceil => "CEIL",
                };
                // Behind the unit of an interval, TO would go on with the interval.
                match value.kind {
                    ExpressionKind::Interval { .. } => write!(f, "{name}(({value}) TO {unit})"),
                    _ => write!(f, "{name}({} TO {unit})", Operand(value, ATOM)),
                }
            }
            Self::Timestamp { function, unit, first, second } => {
                let name = match function {
                    TimestampFunction::Add => "TIMESTAMPADD",
                    TimestampFunction::Difference => "TIMESTAMPDIFF",
                };
                write!(f, "{name}({unit}, {first}, {second})")
            }
            Self::Position { needle, haystack, start } => {
                write!(f, "POSITION({} IN {haystack}{})", operand(needle), Prefixed(" FROM ", start.as_ref()))
            }
            Self::Overlay { value, replacement, start, length } => {
                let length = Prefixed(" FOR ", length.as_ref());
                write!(f, "OVERLAY({value} PLACING {replacement} FROM {start}{length})")
            }
            Self::Trim { side: TrimSide::Both, characters: None, value } => write!(f, "TRIM({value})"),
            Self::Trim { side, characters, value } => {
                let side = match side {
                    TrimSide::Both => "BOTH",
                    TrimSide::Leading => "LEADING",
                    TrimSide::Trailing => "TRAILING",
                };
                write!(f, "TRIM({side}{} FROM {value})", Prefixed(" ", characters.as_ref()))
            }
        }
    }
}

impl Display for JsonFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { value, path, returning, on_empty, on_error } => {
                write!(f, "JSON_VALUE({value}, {path}{}", Prefixed(" RETURNING ", returning.as_ref()))?;
                write!(f, "{})", Behaviors(on_empty.as_ref(), on_error.as_ref()))
            }
            Self::Query { value, path, returning, wrapper, on_empty, on_error } => {
                write!(f, "JSON_QUERY({value}, {path}{}", Prefixed(" RETURNING ", returning.as_ref()))?;
                f.write_str(match wrapper {
                    Some(JsonWrapper::Without) => " WITHOUT ARRAY WRAPPER",
                    Some(JsonWrapper::Conditional) => " WITH CONDITIONAL ARRAY WRAPPER",
                    Some(JsonWrapper::Unconditional) => " WITH UNCONDITIONAL ARRAY WRAPPER",
                    None => "",
                })?;
                write!(f, "{})", Behaviors(on_empty.as_ref(), on_error.as_ref()))
            }
            Self::Exists { value, path, on_error } => {
                write!(f, "JSON_EXISTS({value}, {path}{})", Behaviors(None, on_error.as_ref()))
            }
            Self::Object { pairs, on_null } => write!(f, "JSON_OBJECT({})", WithNull(pairs, *on_null)),
            Self::Array { values, on_null } => write!(f, "JSON_ARRAY({})", WithNull(values, *on_null)),
            Self::ObjectAggregate { pair, on_null, filter } => {
                write!(f, "JSON_OBJECTAGG({})", WithNull(std::slice::from_ref(pair), *on_null))?;
                write_filter(f, filter.as_ref())
            }
            Self::ArrayAggregate { value, order_by, on_null, filter } => {
                write!(f, "JSON_ARRAYAGG({value}{}", Listed(" ORDER BY ", order_by))?;
                write!(f, "{})", Prefixed(" ", on_null.as_ref()))?;
                write_filter(f, filter.as_ref())
            }
        }
    }
}

fn write_filter(f: &mut Formatter<'_>, filter: Option<&Expression>) -> fmt::Result {
    match filter {
        Some(filter) => write!(f, " FILTER (WHERE {filter})"),
        None => Ok(()),
    }
}

/// Items and what becomes of NULLs among them.
struct WithNull<'a, T>(&'a [T], Option<JsonNull>);

impl<T: Display> Display for WithNull<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let blank = if self.0.is_empty() { "" } else { " " };
        write!(f, "{}{}", commas(self.0), Prefixed(blank, self.1.as_ref()))
    }
}

/// `… ON EMPTY … ON ERROR`
struct Behaviors<'a>(Option<&'a JsonBehavior>, Option<&'a JsonBehavior>);

impl Display for Behaviors<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(behavior) = self.0 {
            write!(f, " {behavior} ON EMPTY")?;
        }
        match self.1 {
            Some(behavior) => write!(f, " {behavior} ON ERROR"),
            None => Ok(()),
        }
    }
}

impl Display for JsonBehavior {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error => f.write_str("ERROR"),
            Self::Null => f.write_str("NULL"),
            Self::Default(value) => write!(f, "DEFAULT {value}"),
            Self::True => f.write_str("TRUE"),
            Self::False => f.write_str("FALSE"),
            Self::Unknown => f.write_str("UNKNOWN"),
            Self::EmptyArray => f.write_str("EMPTY ARRAY"),
            Self::EmptyObject => f.write_str("EMPTY OBJECT"),
        }
    }
}

impl Display for JsonNull {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL ON NULL",
            Self::Absent => "ABSENT ON NULL",
        })
    }
}

impl Display for JsonPair {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "KEY {} VALUE {}", self.key, self.value)
    }
}

impl Display for Over {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Window(window) => window.fmt(f),
        }
    }
}

impl Display for WindowSpecification {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.base.as_ref().map(ToString::to_string));
        if !self.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", commas(&self.partition_by)));
        }
        if !self.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", commas(&self.order_by)));
        }
        parts.extend(self.frame.as_ref().map(ToString::to_string));
        write!(f, "({})", parts.join(" "))
    }
}

impl Display for WindowFrame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            FrameUnit::Rows => "ROWS",
            FrameUnit::Range => "RANGE",
        };
        match &self.end {
            Some(end) => write!(f, "{unit} BETWEEN {} AND {end}", self.start),
            None => write!(f, "{unit} {}", self.start),
        }
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            Self::Preceding(value) => write!(f, "{} PRECEDING", operand(value)),
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Following(value) => write!(f, "{} FOLLOWING", operand(value)),
            Self::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}

impl Display for NamedWindow {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.name, self.window)
    }
}
