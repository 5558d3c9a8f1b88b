//! Conditions in paths: `[?(@.price > 10 && @.name == 'x')]`.

use std::cmp::Ordering;

use super::compile::{Compiled, PathError, Reader, invalid};
use super::{Json, Path};

/// A condition on a value.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    /// A path that leads to something.
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Constant(Json),
    /// From the value that is tested, or from the root.
    Path {
        from_root: bool,
        path: Path,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl PartialEq for Condition {
    /// Conditions are not compared.
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Condition {
    pub(super) fn read(reader: &mut Reader<'_>) -> Compiled<Self> {
        let mut alternatives = vec![Self::conjunction(reader)?];
        loop {
            reader.blanks();
            if !reader.eat("||") {
                break;
            }
            alternatives.push(Self::conjunction(reader)?);
        }
        Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Self::Any(alternatives) })
    }

    fn conjunction(reader: &mut Reader<'_>) -> Compiled<Self> {
        let mut parts = vec![Self::simple(reader)?];
        loop {
            reader.blanks();
            if !reader.eat("&&") {
                break;
            }
            parts.push(Self::simple(reader)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Self::All(parts) })
    }

    fn simple(reader: &mut Reader<'_>) -> Compiled<Self> {
        reader.blanks();
        if reader.eat("!") {
            return Ok(Self::Not(Box::new(Self::simple(reader)?)));
        }
        if reader.eat("(") {
            let condition = Self::read(reader)?;
            reader.blanks();
            return if reader.eat(")") { Ok(condition) } else { invalid("a parenthesis is not closed") };
        }
        let left = Operand::read(reader)?;
        reader.blanks();
        let operators = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (sign, operator) in operators {
            if reader.eat(sign) {
                reader.blanks();
                return Ok(Self::Compare(left, operator, Operand::read(reader)?));
            }
        }
        if reader.rest.starts_with([')', '&', '|']) {
            return Ok(Self::Exists(left));
        }
        Err(PathError::Unsupported("this operator in a filter of a path".to_owned()))
    }

    pub(super) fn holds(&self, value: &Json, root: &Json) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(value, root)),
            Self::All(parts) => parts.iter().all(|part| part.holds(value, root)),
            Self::Not(part) => !part.holds(value, root),
            Self::Exists(operand) => operand.value(value, root).is_some(),
            Self::Compare(left, operator, right) => {
                let (left, right) = (left.value(value, root), right.value(value, root));
                match (left, right) {
                    (Some(left), Some(right)) => operator.holds(&left, &right),
                    // What is not there differs from all else.
                    (left, right) => *operator == Operator::NotEqual && left.is_some() != right.is_some(),
                }
            }
        }
    }
}

impl Operand {
    fn read(reader: &mut Reader<'_>) -> Compiled<Self> {
        for (sign, from_root) in [("@", false), ("$", true)] {
            if reader.eat(sign) {
                let (steps, length) = reader.steps()?;
                if length {
                    return Err(PathError::Unsupported("a function in a filter of a path".to_owned()));
                }
                return Ok(Self::Path { from_root, path: Path::relative(steps) });
            }
        }
        if reader.rest.starts_with(['\'', '"']) {
            return Ok(Self::Constant(Json::Text(reader.quoted()?)));
        }
        // A number or a word ends where something else begins.
        let end = reader.rest.find([' ', ')', '&', '|', '=', '<', '>', '!']).unwrap_or(reader.rest.len());
        let (text, rest) = reader.rest.split_at(end);
        let Ok(value) = super::super::parse::parse(text) else {
            return invalid(format!("'{text}' is no value"));
        };
        reader.rest = rest;
        Ok(Self::Constant(value))
    }

    fn value(&self, current: &Json, root: &Json) -> Option<Json> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Path { from_root, path } => {
                let from = if *from_root { root } else { current };
                path.find(from).ok().map(std::borrow::Cow::into_owned)
            }
        }
    }
}

impl Operator {
    fn holds(self, left: &Json, right: &Json) -> bool {
        let order = match (left, right) {
            (Json::Text(left), Json::Text(right)) => Some(left.cmp(right)),
            (Json::Integer(left) | Json::Decimal(left), Json::Integer(right) | Json::Decimal(right)) => {
                let number = |text: &str| text.parse::<f64>().ok();
                number(left).zip(number(right)).and_then(|(left, right)| left.partial_cmp(&right))
            }
            (left, right) if left == right => Some(Ordering::Equal),
            _ => None,
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}
