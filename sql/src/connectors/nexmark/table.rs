//! `nexmark`: the events as a table. Only the columns, and of a row only the fields, that a query reads are made.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, Int32Array, Int64Array, StructArray, TimestampMillisecondArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use millstream_operators::Stream;
use millstream_runtime::{Error, ErrorKind, Result};

use super::{EventKind, Generator, Options};
use crate::chunk::{Chunk, arrow_error};
use crate::connectors::{Connector, GeneratedRows, RowGenerator, ScanContext, TableSource};
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;
use crate::types::{NamedField, SqlType, TimeKind};

pub(in crate::connectors) const CONNECTOR: Connector = Connector {
    name: "nexmark",
    lookup: None,
    source: Some(|cx, options| {
        let pairs = options.take_prefixed("");
        let options =
            Options::parse(pairs.iter()).map_err(|error| SqlError::validation(error.to_string()))?;
        check(cx.table)?;
        Ok(Box::new(Nexmark { options }))
    }),
    sink: None,
};

/// The columns that the table must have.
const EVENT_TYPE: &str = "event_type";

/// Where a value of an event comes from.
#[derive(Clone, Copy, Debug)]
enum Leaf {
    EventType,
    Number(EventKind, fn(&Generator, u64) -> i64),
    Time(EventKind, fn(&Generator, u64) -> i64),
    Text(EventKind, fn(&Generator, u64, &mut String)),
}

/// Name and source of each field of persons, auctions and bids.
const PERSON: &[(&str, Leaf)] = {
    use EventKind::Person as P;
    &[
        ("id", Leaf::Number(P, Generator::person_id)),
        ("name", Leaf::Text(P, Generator::person_name)),
        ("emailAddress", Leaf::Text(P, Generator::person_email_address)),
        ("creditCard", Leaf::Text(P, Generator::person_credit_card)),
        ("city", Leaf::Text(P, |generator, number, out| out.push_str(generator.person_city(number)))),
        ("state", Leaf::Text(P, |generator, number, out| out.push_str(generator.person_state(number)))),
        ("dateTime", Leaf::Time(P, Generator::timestamp_millis)),
        ("extra", Leaf::Text(P, Generator::person_extra)),
    ]
};
const AUCTION: &[(&str, Leaf)] = {
    use EventKind::Auction as A;
    &[
        ("id", Leaf::Number(A, Generator::auction_id)),
        ("itemName", Leaf::Text(A, Generator::auction_item_name)),
        ("description", Leaf::Text(A, Generator::auction_description)),
        ("initialBid", Leaf::Number(A, Generator::auction_initial_bid)),
        ("reserve", Leaf::Number(A, Generator::auction_reserve)),
        ("dateTime", Leaf::Time(A, Generator::timestamp_millis)),
        ("expires", Leaf::Time(A, Generator::auction_expires_millis)),
        ("seller", Leaf::Number(A, Generator::auction_seller)),
        ("category", Leaf::Number(A, Generator::auction_category)),
        ("extra", Leaf::Text(A, Generator::auction_extra)),
    ]
};
const BID: &[(&str, Leaf)] = {
    use EventKind::Bid as B;
    &[
        ("auction", Leaf::Number(B, Generator::bid_auction)),
        ("bidder", Leaf::Number(B, Generator::bid_bidder)),
        ("price", Leaf::Number(B, Generator::bid_price)),
        ("channel", Leaf::Text(B, Generator::bid_channel)),
        ("url", Leaf::Text(B, Generator::bid_url)),
        ("dateTime", Leaf::Time(B, Generator::timestamp_millis)),
        ("extra", Leaf::Text(B, Generator::bid_extra)),
    ]
};
/// Name, kind and fields of a column of events.
type EventColumn = (&'static str, EventKind, &'static [(&'static str, Leaf)]);
const EVENTS: [EventColumn; 3] = [
    ("person", EventKind::Person, PERSON),
    ("auction", EventKind::Auction, AUCTION),
    ("bid", EventKind::Bid, BID),
];

impl Leaf {
    fn data_type(self) -> SqlType {
        match self {
            Self::EventType => SqlType::Int,
            Self::Number(..) => SqlType::BigInt,
            Self::Time(..) => SqlType::Timestamp(3, TimeKind::Regular),
            Self::Text(..) => SqlType::STRING,
        }
    }
}

/// The fields of the events of a column.
fn fields_of(column: &str) -> Option<(EventKind, &'static [(&'static str, Leaf)])> {
    EVENTS.iter().find(|(name, ..)| *name == column).map(|(_, kind, fields)| (*kind, *fields))
}

/// Each column must be one of the table's that the connector has, with the types of that.
fn check(table: &crate::catalog::Table) -> SqlResult<()> {
    for position in table.stored_columns() {
        let Some(column) = table.columns.get(position) else { continue };
        made(&NamedField::new(column.name.clone(), column.field.clone()))?;
    }
    Ok(())
}

/// What makes a column.
#[derive(Clone, Debug)]
enum Made {
    Leaf(Leaf),
    Row { kind: EventKind, fields: Arc<[(Made, NamedField)]> },
}

fn made(column: &NamedField) -> SqlResult<Made> {
    if &*column.name == EVENT_TYPE {
        return leaf(Leaf::EventType, column, EVENT_TYPE);
    }
    let Some((kind, known)) = fields_of(&column.name) else {
        let error = SqlError::validation(format!("the connector 'nexmark' has no column '{}'", column.name));
        return Err(error.with_hint("it has: event_type, person, auction, bid"));
    };
    let SqlType::Row(fields) = &column.field.data_type else {
        return Err(SqlError::validation(format!(
            "column '{}' of 'nexmark' is a ROW, not {}",
            column.name, column.field
        )));
    };
    let fields = fields.iter().map(|field| {
        let found = known.iter().find(|(name, _)| **name == *field.name);
        let (_, found) = found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let error =
                SqlError::validation(format!("'{}' of 'nexmark' has no field '{}'", column.name, field.name));
            error.with_hint(match nearest(&field.name, &names) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("it has: {}", names.join(", ")),
            })
        })?;
        Ok((leaf(*found, field, &format!("{}.{}", column.name, field.name))?, field.clone()))
    });
    Ok(Made::Row { kind, fields: fields.collect::<SqlResult<_>>()? })
}

fn leaf(leaf: Leaf, column: &NamedField, name: &str) -> SqlResult<Made> {
    let (has, is) = (&column.field.data_type, leaf.data_type());
    if has.clone().materialized() == is || has.is_text() && is.is_text() {
        return Ok(Made::Leaf(leaf));
    }
    Err(SqlError::validation(format!("'{name}' of 'nexmark' is of type {is}, not {has}")))
}

struct Nexmark {
    options: Options,
}

impl TableSource for Nexmark {
    fn reads_fields(&self) -> bool {
        true
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let table = cx.table.schema();
        let columns = cx.columns.iter().map(|path| {
            let column =
                table.get(path.root()).ok_or_else(|| SqlError::validation("a column that is not there"))?;
            match (made(column)?, path.fields()) {
                (Made::Row { fields, .. }, [field]) => {
                    let field = fields.get(*field).map(|(made, _)| made.clone());
                    field.ok_or_else(|| SqlError::validation("a field that is not there"))
                }
                (whole, _) => Ok(whole),
            }
        });
        let events =
            Events { generator: Generator::new(&self.options), columns: columns.collect::<SqlResult<_>>()? };
        let rate = (!self.options.max_emit_speed()).then(|| rate_of(&self.options));
        let source = GeneratedRows::new("Nexmark", Arc::new(events), self.options.event_count(), rate);
        let source = source.stays_open(self.options.keep_alive());
        Ok(cx.environment.from_source(source))
    }
}

struct Events {
    generator: Generator,
    columns: Vec<Made>,
}

impl RowGenerator for Events {
    fn generate(&self, positions: &[u64], _: i64) -> Result<Chunk> {
        let numbers: Vec<u64> =
            positions.iter().map(|position| self.generator.number_at(*position)).collect();
        let kinds: Vec<EventKind> = numbers.iter().map(|number| self.generator.kind(*number)).collect();
        let columns = self.columns.iter().map(|column| self.column(column, &numbers, &kinds));
        Ok(Chunk::new(columns.collect::<Result<Vec<_>>>()?, positions.len()))
    }
}

impl Events {
    fn column(&self, column: &Made, numbers: &[u64], kinds: &[EventKind]) -> Result<ArrayRef> {
        let generator = &self.generator;
        let events = || numbers.iter().zip(kinds);
        Ok(match column {
            Made::Leaf(Leaf::EventType) => {
                Arc::new(Int32Array::from_iter_values(kinds.iter().map(|kind| *kind as i32)))
            }
            Made::Leaf(Leaf::Number(of, value)) => {
                let values = events().map(|(number, kind)| (kind == of).then(|| value(generator, *number)));
                Arc::new(values.collect::<Int64Array>())
            }
            Made::Leaf(Leaf::Time(of, value)) => {
                let values = events().map(|(number, kind)| (kind == of).then(|| value(generator, *number)));
                Arc::new(values.collect::<TimestampMillisecondArray>())
            }
            Made::Leaf(Leaf::Text(of, write)) => {
                let mut builder = StringViewBuilder::with_capacity(numbers.len());
                let mut text = String::with_capacity(256);
                for (number, kind) in events() {
                    if kind == of {
                        text.clear();
                        write(generator, *number, &mut text);
                        builder.append_value(&text);
                    } else {
                        builder.append_null();
                    }
                }
                Arc::new(builder.finish())
            }
            Made::Row { kind: of, fields } => {
                let columns = fields.iter().map(|(made, _)| self.column(made, numbers, kinds));
                let columns = columns.collect::<Result<Vec<_>>>()?;
                let valid = NullBuffer::new(kinds.iter().map(|kind| kind == of).collect::<BooleanBuffer>());
                let row = SqlType::Row(fields.iter().map(|(_, field)| field.clone()).collect());
                let DataType::Struct(fields) = row.arrow() else {
                    return Err(Error::new(ErrorKind::Internal, "a row that is no struct"));
                };
                Arc::new(StructArray::try_new(fields, columns, Some(valid)).map_err(arrow_error)?)
            }
        })
    }
}

/// Events a second.
#[allow(clippy::cast_precision_loss, reason = "a rate need not be that exact")]
fn rate_of(options: &Options) -> f64 {
    options.first_event_rate as f64
}
