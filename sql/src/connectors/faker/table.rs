//! `faker`: values of expressions.
//!
//! As the connector [flink-faker](https://github.com/knaufk/flink-faker), but that values come from the option `seed` (0
//! unless set), so that every run makes the same; those that count from now, as `date.past` does, move with the clock.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use millstream_operators::Stream;

use super::{Expression, Random};
use crate::chunk::{Chunk, ColumnBuilder, Scalar, ValueError, quoted};
use crate::connectors::fields::{FieldGenerator, GeneratedTable, Leaf, Length, RowContext, Shape, null_rate};
use crate::connectors::{Connector, Options, ScanContext, TableSource};
use crate::error::{SqlError, SqlResult};
use crate::types::zone::Zone;
use crate::types::{Field, SqlType};

pub(in crate::connectors) const CONNECTOR: Connector = Connector {
    name: "faker",
    lookup: None,
    source: Some(|cx, options| {
        let zone = Zone::of(&cx.session.build_context().time_zone)
            .map_err(|error| SqlError::validation(error.to_string()))?;
        let mut builder = Builder { options, zone, fields: 0 };
        let mut columns = Vec::new();
        for position in cx.table.stored_columns() {
            let Some(column) = cx.table.columns.get(position) else { continue };
            let field = builder.field(&format!("fields.{}", column.name), &column.field)?;
            columns.push((position, Arc::new(field)));
        }
        Ok(Box::new(Faker(GeneratedTable::new("Faker", columns, options)?)))
    }),
    sink: None,
};

struct Faker(GeneratedTable<Fake>);

impl TableSource for Faker {
    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        self.0.scan(cx)
    }
}

struct Builder<'a> {
    options: &'a mut Options,
    zone: Zone,
    fields: u64,
}

impl Builder<'_> {
    fn field(&mut self, prefix: &str, field: &Field) -> SqlResult<FieldGenerator<Fake>> {
        let id = self.fields;
        self.fields += 1;
        let null_rate = null_rate(self.options, prefix, field.nullable)?;
        let shape = match &field.data_type {
            // The expression and the rate stand at the collection, and are its elements'.
            SqlType::Array(element) => {
                Shape::Array(self.length(prefix)?, Box::new(self.element(prefix, element)?))
            }
            SqlType::Multiset(element) => {
                Shape::Multiset(self.length(prefix)?, Box::new(self.element(prefix, element)?))
            }
            SqlType::Map(key, value) => {
                let length = self.length(prefix)?;
                let key = Box::new(self.field(&format!("{prefix}.key"), key)?);
                Shape::Map(length, key, Box::new(self.field(&format!("{prefix}.value"), value)?))
            }
            SqlType::Row(fields) => {
                let fields = fields.iter().map(|field| {
                    Ok((field.name.clone(), self.field(&format!("{prefix}.{}", field.name), &field.field)?))
                });
                Shape::Row(fields.collect::<SqlResult<_>>()?)
            }
            data_type => Shape::Leaf(self.leaf(prefix, data_type)?),
        };
        Ok(FieldGenerator { id, null_rate, shape })
    }

    /// The elements of a collection. What they consist of has options of its own below those of the collection.
    fn element(&mut self, prefix: &str, element: &Field) -> SqlResult<FieldGenerator<Fake>> {
        if let SqlType::Array(_) | SqlType::Multiset(_) = element.data_type {
            return Err(SqlError::unsupported(format!(
                "'{prefix}': elements of type {element} are not supported: '{prefix}.length' would be that of both"
            )));
        }
        Ok(FieldGenerator { null_rate: 0.0, ..self.field(prefix, element)? })
    }

    fn leaf(&mut self, prefix: &str, data_type: &SqlType) -> SqlResult<Fake> {
        let key = format!("{prefix}.expression");
        let text = self.options.require(&key)?;
        let expression = Expression::parse(&text)
            .map_err(|error| SqlError::validation(format!("option '{key}': {error}")))?;
        Ok(Fake { expression, data_type: data_type.clone(), zone: self.zone.clone(), key })
    }

    fn length(&mut self, prefix: &str) -> SqlResult<Length> {
        let most = self.options.parse(&format!("{prefix}.length"), "a number")?.unwrap_or(1);
        Ok(Length { most, varies: false })
    }
}

/// Values of an expression.
#[derive(Debug)]
struct Fake {
    expression: Expression,
    data_type: SqlType,
    zone: Zone,
    /// The option that the expression stands in.
    key: String,
}

impl Leaf for Fake {
    fn append(
        &self,
        column: &mut ColumnBuilder,
        random: &mut Random,
        row: RowContext,
    ) -> Result<(), ValueError> {
        let mut text = String::new();
        // An instant is written in UTC and read in UTC; all others have the clock of the session's zone.
        let now = match self.data_type {
            SqlType::TimestampLtz(..) => row.now,
            _ => self.zone.to_local(row.now, 3).unwrap_or(row.now),
        };
        self.expression.generate(random, now, &mut text);
        // A time comes as nanoseconds of the day too.
        let nanos = match self.data_type {
            SqlType::Time(_) => text.parse::<i64>().ok(),
            _ => None,
        };
        let value = match nanos {
            Some(nanos) => Ok(Scalar::Integer(nanos.rem_euclid(86_400_000_000_000) / 1_000_000)),
            None => Scalar::of_text(&self.data_type, &text, &Zone::UTC),
        };
        let value = value.map_err(|problem| format!("'{}' made {}: {problem}", self.key, quoted(&text)));
        column.append_result(value)
    }
}
