//! Calls of aggregate functions.

use std::fmt;

use crate::error::{SqlError, SqlResult};
use crate::types::{Field, Schema, SqlType};

/// The aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    /// `COUNT(*)`, `COUNT(x, …)`: rows of which no argument is NULL.
    Count,
    /// `SUM(x)`; NULL for no value.
    Sum,
    /// `AVG(x)`: in integers for integers, as in Flink.
    Average,
    /// `MIN(x)`
    Minimum,
    /// `MAX(x)`
    Maximum,
    /// `FIRST_VALUE(x)`: by arrival.
    FirstValue,
    /// `LAST_VALUE(x)`: by arrival.
    LastValue,
    /// `LISTAGG(x [, separator])`
    ListAggregate,
    /// The only value: more than one row fails the job. What a scalar subquery is.
    SingleValue,
}

/// A call of an aggregate function over columns of its input.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// Which.
    pub function: AggregateFunction,
    /// The arguments, by position.
    pub arguments: Vec<usize>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// A column of type BOOLEAN, by position: rows for which it is not TRUE do not count.
    pub filter: Option<usize>,
    /// The type of the result.
    pub field: Field,
}

/// A column of what the first phase of an aggregate hands to the second, behind the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartialColumn {
    /// What the call of this number has accumulated.
    Accumulator(usize),
    /// How many rows there are, less those that are taken back.
    RowCount,
    /// The different values of these arguments, and how often each is there.
    Distinct(Vec<usize>),
}

impl PartialColumn {
    /// All that calls need; calls with the same arguments share their different values.
    pub fn of(calls: &[AggregateCall], retracts: bool) -> Vec<Self> {
        let plain = calls.iter().enumerate().filter(|(_, call)| !call.distinct);
        let mut columns: Vec<Self> = plain.map(|(index, _)| Self::Accumulator(index)).collect();
        columns.extend(retracts.then_some(Self::RowCount));
        for call in calls.iter().filter(|call| call.distinct) {
            let distinct = Self::Distinct(call.arguments.clone());
            if !columns.contains(&distinct) {
                columns.push(distinct);
            }
        }
        columns
    }
}

impl AggregateCall {
    /// The call with the types of its arguments, for descriptions of state.
    pub(crate) fn describe(&self, input: &Schema) -> String {
        let arguments = self.arguments.iter().map(|argument| input.field(*argument).data_type.to_string());
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        format!("{}({distinct}{})", self.function, arguments.collect::<Vec<_>>().join(", "))
    }
}

impl AggregateFunction {
    /// Those that queries may name.
    pub const ALL: [Self; 9] = [
        Self::Count,
        Self::Sum,
        Self::Average,
        Self::Minimum,
        Self::Maximum,
        Self::FirstValue,
        Self::LastValue,
        Self::ListAggregate,
        Self::SingleValue,
    ];

    /// The function of this name, in whatever case it is written.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "COUNT" => Self::Count,
            "SUM" => Self::Sum,
            "AVG" => Self::Average,
            "MIN" => Self::Minimum,
            "MAX" => Self::Maximum,
            "FIRST_VALUE" => Self::FirstValue,
            "LAST_VALUE" => Self::LastValue,
            "LISTAGG" => Self::ListAggregate,
            "SINGLE_VALUE" => Self::SingleValue,
            _ => return None,
        })
    }

    /// The type of the result for arguments of these types; `grouped` says whether there is a GROUP BY, without which
    /// a group may have no row.
    ///
    /// # Errors
    /// If the arguments do not fit.
    pub fn infer(self, arguments: &[Field], grouped: bool) -> SqlResult<Field> {
        let mismatch = || {
            let types: Vec<_> = arguments.iter().map(|field| format!("<{}>", field.data_type)).collect();
            SqlError::validation(format!(
                "Cannot apply '{self}' to arguments of type '{self}({})'",
                types.join(", ")
            ))
        };
        let nullable = |field: &Field| field.nullable || !grouped;
        match (self, arguments) {
            (Self::Count, _) => Ok(Field::required(SqlType::BigInt)),
            (Self::Sum, [only]) if only.data_type.is_numeric() => {
                let data_type = match only.data_type {
                    SqlType::Decimal(_, scale) => SqlType::Decimal(38, scale),
                    ref other => other.clone(),
                };
                Ok(Field::new(data_type, nullable(only)))
            }
            (Self::Average, [only]) if only.data_type.is_numeric() => {
                let data_type = match only.data_type {
                    SqlType::Decimal(_, scale) => SqlType::Decimal(38, scale.max(6)),
                    ref other => other.clone(),
                };
                Ok(Field::new(data_type, nullable(only)))
            }
            (Self::Minimum | Self::Maximum, [only]) if is_ordered(&only.data_type) => {
                Ok(Field::new(only.data_type.clone().materialized(), nullable(only)))
            }
            (Self::FirstValue | Self::LastValue, [only]) => {
                Ok(Field::new(only.data_type.clone().materialized(), nullable(only)))
            }
            (Self::SingleValue, [only]) => Ok(Field::nullable(only.data_type.clone().materialized())),
            (Self::ListAggregate, [only] | [only, _]) if only.data_type.is_text() => {
                Ok(Field::new(SqlType::STRING, nullable(only)))
            }
            _ => Err(mismatch()),
        }
    }
}

const fn is_ordered(data_type: &SqlType) -> bool {
    !matches!(data_type, SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_))
}

impl fmt::Display for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Average => "AVG",
            Self::Minimum => "MIN",
            Self::Maximum => "MAX",
            Self::FirstValue => "FIRST_VALUE",
            Self::LastValue => "LAST_VALUE",
            Self::ListAggregate => "LISTAGG",
            Self::SingleValue => "SINGLE_VALUE",
        })
    }
}
