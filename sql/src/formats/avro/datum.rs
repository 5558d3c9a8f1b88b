//! One record of bytes into columns.

use super::input::{Input, Problem};
use super::plan::{Plan, RecordPlan, Step, Unit};
use super::schema::{Schema, Type};
use crate::chunk::{ColumnBuilder, Scalar, ValueError};

/// How deep types may be in each other, so that a schema that has itself as a part cannot exhaust the stack.
const DEEPEST: usize = 64;
/// How many elements without bytes an array may have: they cost nothing to send.
const EMPTY_ELEMENTS: usize = 1 << 16;

impl RecordPlan {
    /// Appends the fields of a record, one to each column.
    ///
    /// # Errors
    /// What is wrong, with the field.
    pub(super) fn read(
        &self,
        schema: &Schema,
        input: &mut Input<'_>,
        fields: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        for step in &self.steps {
            match step {
                Step::Skip(unread) => skip(schema, unread, input, 0).map_err(ValueError::new)?,
                Step::Read(position, plan) => {
                    let Some(field) = fields.get_mut(*position) else { continue };
                    plan.read(schema, input, field).map_err(|error| {
                        let name = self.names.get(*position);
                        name.map_or_else(|| error.clone(), |name| error.clone().in_field(&name.name))
                    })?;
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    fn read(
        &self,
        schema: &Schema,
        input: &mut Input<'_>,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        let scalar = match self {
            Self::Null => Ok(Scalar::Null),
            Self::Boolean => input.boolean().map(Scalar::Boolean),
            Self::Integer(unit) => input.long().and_then(|value| unit.convert(value)).map(Scalar::Integer),
            #[allow(clippy::cast_precision_loss, reason = "as Avro's promotions do")]
            Self::IntegerAsFloat => input.long().map(|value| Scalar::Float(value as f64)),
            Self::Float => input.float().map(|value| Scalar::Float(value.into())),
            Self::Double => input.double().map(Scalar::Float),
            Self::Text => input.text().map(Scalar::Text),
            Self::Bytes => input.bytes().map(Scalar::Bytes),
            Self::Fixed(size) => input.take(*size, "fixed bytes").map(Scalar::Bytes),
            Self::Enum(symbols) => input.count().and_then(|index| {
                let symbol = symbols.get(index).map(|symbol| Scalar::Text(symbol));
                symbol.ok_or_else(|| format!("the enum has no symbol {index}"))
            }),
            Self::Decimal { size, factor, precision } => read_decimal(input, *size, *factor, *precision),
            Self::Array(element) => {
                return column.append_array(|elements| {
                    let mut index = 0;
                    each(input, |input| {
                        index += 1;
                        element.read(schema, input, elements).map_err(|error| error.in_element(index))
                    })
                });
            }
            Self::Map(value) => {
                return column.append_map(|keys, values| {
                    each(input, |input| {
                        let key = input.text().map_err(ValueError::new)?;
                        keys.append(Scalar::Text(key))?;
                        let read = value.read(schema, input, values);
                        read.map_err(|error| error.in_field(&format!("['{key}']")))
                    })
                });
            }
            Self::Row(record) => return column.append_row(|fields| record.read(schema, input, fields)),
            Self::Optional { null, value } => match input.long() {
                Ok(branch) if branch == *null => Ok(Scalar::Null),
                Ok(0 | 1) => return value.read(schema, input, column),
                Ok(branch) => Err(format!("the union has no branch {branch}")),
                Err(problem) => Err(problem),
            },
            Self::Union(branches) => {
                let branch = input.count().and_then(|index| {
                    branches.get(index).ok_or_else(|| format!("the union has no branch {index}"))
                });
                match branch {
                    Ok(branch) => return branch.read(schema, input, column),
                    Err(problem) => Err(problem),
                }
            }
            Self::Mismatch(problem) => Err(problem.to_string()),
        };
        column.append_result(scalar)
    }
}

impl Unit {
    #[inline]
    fn convert(self, value: i64) -> Result<i64, Problem> {
        match self {
            Self::Same => Ok(value),
            Self::Times(factor) => {
                value.checked_mul(factor).ok_or_else(|| format!("the time {value} is out of range"))
            }
            Self::Through(factor) => Ok(value.div_euclid(factor)),
        }
    }
}

/// A decimal: a number of big-endian bytes in two's complement. One with too many digits for its column is NULL, as in Flink.
fn read_decimal(
    input: &mut Input<'_>,
    size: Option<usize>,
    factor: i128,
    precision: u8,
) -> Result<Scalar<'static>, Problem> {
    let bytes = match size {
        Some(size) => input.take(size, "fixed bytes")?,
        None => input.bytes()?,
    };
    let limit = 10_i128.checked_pow(precision.into()).unwrap_or(i128::MAX);
    let value = unscaled(bytes).and_then(|value| value.checked_mul(factor));
    let value = value.filter(|value| -limit < *value && *value < limit);
    Ok(value.map_or(Scalar::Null, Scalar::Decimal))
}

/// A number of big-endian bytes; `None` if it does not fit.
fn unscaled(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let sign = if negative { 0xff } else { 0 };
    let spare = bytes.len().saturating_sub(size_of::<i128>());
    let (extension, value) = bytes.split_at(spare);
    if extension.iter().any(|byte| *byte != sign) {
        return None;
    }
    let start = if negative { -1_i128 } else { 0 };
    let found = value.iter().fold(start, |number, byte| (number << 8) | i128::from(*byte));
    // The first byte of those that count has the sign, too.
    (spare == 0 || (found < 0) == negative).then_some(found)
}

/// Calls for each element of an array or map.
fn each<E: From<ElementProblem>>(
    input: &mut Input<'_>,
    mut element: impl FnMut(&mut Input<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut empty = 0;
    loop {
        let count = input.part().map_err(ElementProblem)?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            let before = input.position();
            element(input)?;
            if input.position() == before {
                empty += 1;
                if empty > EMPTY_ELEMENTS {
                    let problem = format!("more than {EMPTY_ELEMENTS} elements that have no bytes");
                    return Err(ElementProblem(problem).into());
                }
            }
        }
    }
}

/// Why an array or map ends too early.
struct ElementProblem(Problem);

impl From<ElementProblem> for ValueError {
    fn from(problem: ElementProblem) -> Self {
        Self::new(problem.0)
    }
}

impl From<ElementProblem> for Problem {
    fn from(problem: ElementProblem) -> Self {
        problem.0
    }
}

/// Passes over a value.
pub(super) fn skip(
    schema: &Schema,
    unread: &Type,
    input: &mut Input<'_>,
    depth: usize,
) -> Result<(), Problem> {
    if depth > DEEPEST {
        return Err(format!("types are in each other more than {DEEPEST} times"));
    }
    match schema.resolve(unread) {
        Type::Null => Ok(()),
        Type::Boolean => input.boolean().map(drop),
        Type::Int(_) | Type::Long(_) | Type::Enum(_) => input.long().map(drop),
        Type::Float => input.take(4, "a float").map(drop),
        Type::Double => input.take(8, "a double").map(drop),
        Type::Bytes(_) | Type::String => input.bytes().map(drop),
        Type::Fixed(size, _) => input.take(*size, "fixed bytes").map(drop),
        Type::Array(element) => each(input, |input| skip(schema, element, input, depth + 1)),
        Type::Map(value) => each(input, |input| {
            input.bytes()?;
            skip(schema, value, input, depth + 1)
        }),
        Type::Union(branches) => {
            let index = input.count()?;
            let branch = branches.get(index).ok_or_else(|| format!("the union has no branch {index}"))?;
            skip(schema, branch, input, depth + 1)
        }
        Type::Record(record) => {
            record.fields.iter().try_for_each(|(_, field)| skip(schema, field, input, depth + 1))
        }
        Type::Named(name) => Err(format!("there is no type '{name}'")),
    }
}
