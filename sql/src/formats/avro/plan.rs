//! How values of a writer's schema become values of columns: Avro's schema resolution, where the reader's schema is the
//! table's.
//!
//! Records are matched by the names of their fields. What a column's type does not have is an error where it is met, so that
//! a union may have branches that no value takes. Beyond the specification, units of time and scales of decimals are
//! converted, enums are text, and fixed bytes are bytes.

use std::sync::Arc;

use super::schema::{Logical, Record, Schema, Type};
use crate::types::{Field, NamedField, SqlType};

/// How bytes become a value of a column.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    Null,
    Boolean,
    /// An `int` or `long`, in another unit of time where that is one.
    Integer(Unit),
    /// An `int` or `long` that becomes a FLOAT or DOUBLE.
    IntegerAsFloat,
    Float,
    Double,
    Text,
    Bytes,
    Fixed(usize),
    Enum(Arc<[String]>),
    /// A decimal of so many bytes, or as many as are said, times a power of ten; its column has so many digits.
    Decimal {
        size: Option<usize>,
        factor: i128,
        precision: u8,
    },
    Array(Box<Plan>),
    /// A map; a MULTISET is one of numbers.
    Map(Box<Plan>),
    Row(Arc<RecordPlan>),
    /// A union with null at one of two places, and the plan of the other.
    Optional {
        null: i64,
        value: Box<Plan>,
    },
    Union(Vec<Plan>),
    /// A value of this type cannot be one of the column; why.
    Mismatch(Arc<str>),
}

/// What a unit of time is multiplied with, or divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Same,
    Times(i64),
    Through(i64),
}

/// How the bytes of a record become fields.
#[derive(Clone, Debug)]
pub(super) struct RecordPlan {
    /// In the order of the bytes.
    pub(super) steps: Vec<Step>,
    pub(super) names: Arc<[NamedField]>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A value that nobody asks for.
    Skip(Type),
    /// The value of a field, by its position.
    Read(usize, Plan),
}

/// Resolves a record with the columns of a table.
///
/// # Errors
/// If a column that is NOT NULL is not in the record.
pub(super) fn resolve_record(
    schema: &Schema,
    record: &Record,
    columns: &[NamedField],
) -> Result<RecordPlan, String> {
    for column in columns {
        if !column.field.nullable && !record.fields.iter().any(|(name, _)| **name == *column.name) {
            return Err(format!(
                "column `{}` is {}, and record {} has no field of that name",
                column.name, column.field, record.name
            ));
        }
    }
    let steps = record.fields.iter().map(|(name, found)| {
        Ok(match columns.iter().position(|column| *column.name == **name) {
            None => Step::Skip(found.clone()),
            Some(position) => {
                let field = columns.get(position).map(|column| &column.field);
                let plan = field.map_or_else(|| Ok(Plan::Null), |field| resolve(schema, found, field));
                Step::Read(position, plan.map_err(|problem| format!("column `{name}`: {problem}"))?)
            }
        })
    });
    Ok(RecordPlan { steps: steps.collect::<Result<_, String>>()?, names: columns.iter().cloned().collect() })
}

/// Resolves a type with a column's.
fn resolve(schema: &Schema, found: &Type, field: &Field) -> Result<Plan, String> {
    let found = schema.resolve(found);
    if let Type::Union(branches) = found {
        return resolve_union(schema, branches, field);
    }
    let plan = match (found, &field.data_type) {
        (Type::Null, _) => Plan::Null,
        (Type::Boolean, SqlType::Boolean) => Plan::Boolean,
        (Type::Int(_), SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::Date)
        | (Type::Int(_) | Type::Long(_), SqlType::BigInt) => Plan::Integer(Unit::Same),
        (Type::Int(logical) | Type::Long(logical), SqlType::Time(_)) => {
            Plan::Integer(logical.unit(1).unwrap_or(Unit::Same))
        }
        (Type::Long(logical), SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _)) => {
            Plan::Integer(logical.unit(unit_of(*precision)).unwrap_or(Unit::Same))
        }
        (Type::Int(_) | Type::Long(_), SqlType::Float | SqlType::Double) => Plan::IntegerAsFloat,
        (Type::Float, SqlType::Float | SqlType::Double) => Plan::Float,
        (Type::Double, SqlType::Double) => Plan::Double,
        (Type::String | Type::Bytes(_), SqlType::Char(_) | SqlType::VarChar(_)) => Plan::Text,
        (Type::String | Type::Bytes(_), SqlType::Binary(_) | SqlType::VarBinary(_)) => Plan::Bytes,
        (Type::Fixed(size, _), SqlType::Binary(_) | SqlType::VarBinary(_)) => Plan::Fixed(*size),
        (Type::Enum(symbols), SqlType::Char(_) | SqlType::VarChar(_)) => Plan::Enum(symbols.clone()),
        (Type::Bytes(logical), SqlType::Decimal(precision, scale)) => {
            logical.decimal(None, *precision, *scale)?
        }
        (Type::Fixed(size, logical), SqlType::Decimal(precision, scale)) => {
            logical.decimal(Some(*size), *precision, *scale)?
        }
        (Type::Array(element), SqlType::Array(field)) => {
            Plan::Array(Box::new(resolve(schema, element, field)?))
        }
        (Type::Map(value), SqlType::Map(key, field)) if key.data_type.is_text() => {
            Plan::Map(Box::new(resolve(schema, value, field)?))
        }
        (Type::Map(value), SqlType::Multiset(element)) if element.data_type.is_text() => {
            Plan::Map(Box::new(resolve(schema, value, &Field::required(SqlType::Int))?))
        }
        (Type::Record(record), SqlType::Row(names)) => {
            Plan::Row(Arc::new(resolve_record(schema, record, names)?))
        }
        (found, data_type) => {
            return Err(format!("{} of Avro is no {data_type}", found.describe()));
        }
    };
    Ok(plan)
}

fn resolve_union(schema: &Schema, branches: &[Type], field: &Field) -> Result<Plan, String> {
    if let [first, second] = branches {
        let null = match (first, second) {
            (Type::Null, other) => Some((0, other)),
            (other, Type::Null) => Some((1, other)),
            _ => None,
        };
        if let Some((null, value)) = null {
            return Ok(Plan::Optional { null, value: Box::new(resolve(schema, value, field)?) });
        }
    }
    let plans = branches.iter().map(|branch| {
        resolve(schema, branch, field).unwrap_or_else(|problem| Plan::Mismatch(problem.into()))
    });
    let plans: Vec<_> = plans.collect();
    if plans.iter().all(|plan| matches!(plan, Plan::Mismatch(_) | Plan::Null)) {
        return Err(format!("{} of Avro is no {}", Type::Union(branches.into()).describe(), field.data_type));
    }
    Ok(Plan::Union(plans))
}

/// The unit of a timestamp column, as a power of a thousandth.
const fn unit_of(precision: u8) -> u8 {
    match precision {
        0..=3 => 1,
        4..=6 => 2,
        _ => 3,
    }
}

impl Logical {
    /// How the unit becomes another; `None` if this is no time.
    fn unit(self, wanted: u8) -> Option<Unit> {
        let Self::Time(power) = self else { return None };
        let factor = 1000_i64.pow(u32::from(power.abs_diff(wanted)));
        Some(match power.cmp(&wanted) {
            std::cmp::Ordering::Less => Unit::Times(factor),
            std::cmp::Ordering::Equal => Unit::Same,
            std::cmp::Ordering::Greater => Unit::Through(factor),
        })
    }

    /// A decimal of a column.
    fn decimal(self, size: Option<usize>, precision: u8, scale: u8) -> Result<Plan, String> {
        let written = match self {
            Self::Decimal { scale } => scale,
            // Bytes that say nothing of themselves have the column's scale.
            _ => u32::from(scale),
        };
        let factor = u32::from(scale).checked_sub(written).and_then(|power| 10_i128.checked_pow(power));
        let factor = factor.ok_or_else(|| {
            format!("decimals of scale {written} do not fit into DECIMAL({precision}, {scale}): declare a larger scale")
        })?;
        Ok(Plan::Decimal { size, factor, precision })
    }
}
