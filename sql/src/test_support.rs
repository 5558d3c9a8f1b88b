//! Chunks as text, for tests of operators: `+I[1, a, null]`.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{ArrayRef, ArrowPrimitiveType};

use millstream_operators::Environment;
use millstream_operators::sink::{CollectSink, Collected};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::testing::{Emitted, OperatorHarness};
use millstream_state::Record;

use crate::chunk::{Chunk, RowKind, RowText};
use crate::plan::PhysicalPlan;
use crate::plan::changelog::describe;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};
use crate::{QueryJob, TableEnvironment, TableResult};

/// Columns of these names and types; a type that ends in `!` takes no NULL.
///
/// The types are `BIGINT`, `INT`, `DOUBLE`, `BOOLEAN`, `STRING`, `ROWTIME` and `PROCTIME`, which are timestamps in
/// milliseconds.
pub(crate) fn schema(columns: &[(&str, &str)]) -> Schema {
    let fields = columns.iter().map(|(name, data_type)| {
        let (data_type, nullable) = match data_type.strip_suffix('!') {
            Some(data_type) => (data_type, false),
            None => (*data_type, true),
        };
        let data_type = match data_type {
            "BIGINT" => SqlType::BigInt,
            "INT" => SqlType::Int,
            "DOUBLE" => SqlType::Double,
            "BOOLEAN" => SqlType::Boolean,
            "STRING" => SqlType::STRING,
            "ROWTIME" => SqlType::Timestamp(3, TimeKind::Rowtime),
            "PROCTIME" => SqlType::TimestampLtz(3, TimeKind::Proctime),
            other => panic!("no type {other} in tests"),
        };
        NamedField::new(*name, Field::new(data_type, nullable))
    });
    fields.collect()
}

/// The rows that texts are: a kind, and the values in brackets, with `, ` between them; timestamps are milliseconds.
pub(crate) fn chunk<S: AsRef<str>>(schema: &Schema, rows: &[S]) -> Chunk {
    let split = rows.iter().map(|row| {
        let row = row.as_ref();
        let (kind, values) = row.split_once('[').unwrap_or_else(|| panic!("no row: {row}"));
        let values = values.strip_suffix(']').unwrap_or_else(|| panic!("no row: {row}"));
        let values: Vec<&str> = values.split(", ").collect();
        assert_eq!(values.len(), schema.len(), "{row}");
        (RowKind::from_short(kind).unwrap_or_else(|| panic!("no kind: {row}")), values)
    });
    let split: Vec<_> = split.collect();
    let columns = schema.iter().enumerate().map(|(index, field)| {
        let values =
            split.iter().map(|(_, values)| values[index]).map(|value| (value != "null").then_some(value));
        column(&field.field.data_type, values.collect())
    });
    let columns: Vec<ArrayRef> = columns.collect();
    Chunk::new(columns, rows.len()).with_kinds(split.iter().map(|(kind, _)| *kind).collect())
}

fn column(data_type: &SqlType, values: Vec<Option<&str>>) -> ArrayRef {
    fn numbers<T: ArrowPrimitiveType>(data_type: &SqlType, values: &[Option<&str>]) -> ArrayRef
    where
        T::Native: std::str::FromStr<Err: std::fmt::Debug>,
    {
        let mut builder = PrimitiveBuilder::<T>::new().with_data_type(data_type.arrow());
        values.iter().for_each(|value| builder.append_option(value.map(|value| value.parse().unwrap())));
        Arc::new(builder.finish())
    }
    match data_type {
        SqlType::BigInt => numbers::<Int64Type>(data_type, &values),
        SqlType::Int => numbers::<Int32Type>(data_type, &values),
        SqlType::Double => numbers::<Float64Type>(data_type, &values),
        SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => {
            numbers::<TimestampMillisecondType>(data_type, &values)
        }
        SqlType::Boolean => {
            let mut builder = BooleanBuilder::new();
            values.iter().for_each(|value| builder.append_option(value.map(|value| value == "true")));
            Arc::new(builder.finish())
        }
        _ => {
            let mut builder = StringViewBuilder::new();
            values.iter().for_each(|value| builder.append_option(*value));
            Arc::new(builder.finish())
        }
    }
}

/// What an operator has emitted: the number of rows of a chunk, `w` and a watermark, `idle` or `active`.
pub(crate) fn emitted<I: Record>(harness: &OperatorHarness<I, Chunk>) -> Vec<String> {
    let emitted = harness.take_emitted().into_iter();
    emitted
        .map(|emitted| match emitted {
            Emitted::Record(chunk, _) => chunk.rows().to_string(),
            Emitted::Watermark(watermark) => format!("w{}", watermark.as_millis()),
            Emitted::Status(StreamStatus::Idle) => "idle".to_owned(),
            Emitted::Status(StreamStatus::Active) => "active".to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

/// The rows of chunks as Flink prints them.
pub(crate) fn rows(schema: &Schema, chunks: &[Chunk]) -> Vec<String> {
    let text = RowText::new(schema);
    let lines = chunks.iter().flat_map(|chunk| {
        (0..chunk.rows()).map(|row| {
            let mut line = String::new();
            text.write(chunk, row, &mut line);
            line
        })
    });
    lines.collect()
}

/// Runs the statements of a script, and the job of its last one, a query: the rows as Flink prints them.
pub(crate) fn query(script: &str) -> Vec<String> {
    let job = query_job(script);
    let environment = Environment::new().parallelism(2);
    let collected = Collected::default();
    let _sink = job.build(&environment).unwrap().sink_to(CollectSink::new(&collected));
    environment.execute("query").unwrap();
    rows(job.schema(), &collected.take())
}

/// How the last statement of a script, a query, runs: the operators from the end on, each with the changes that it gives.
pub(crate) fn plan(script: &str) -> Vec<String> {
    fn walk(plan: &PhysicalPlan, into: &mut Vec<String>) {
        into.push(format!("{}[{}]", describe(&plan.node), plan.changelog));
        plan.inputs.iter().for_each(|input| walk(input, into));
    }
    let mut operators = Vec::new();
    walk(query_job(script).plan(), &mut operators);
    operators
}

/// What is wrong with the last statement of a script.
pub(crate) fn error(script: &str) -> String {
    let mut environment = TableEnvironment::new();
    let (last, before) = statements(script);
    before.iter().for_each(|statement| drop(environment.execute_sql(statement).unwrap()));
    let failed = environment.execute_sql(&last).and_then(|result| match result {
        TableResult::Query(job) => job.build(&Environment::new()).map(drop),
        TableResult::Insert(job) => job.build(&Environment::new()),
        _ => Ok(()),
    });
    failed.unwrap_err().to_string()
}

fn statements(script: &str) -> (String, Vec<String>) {
    let mut all: Vec<String> = script.split(';').map(|statement| statement.trim().to_owned()).collect();
    all.retain(|statement| !statement.is_empty());
    (all.pop().unwrap(), all)
}

fn query_job(script: &str) -> QueryJob {
    let mut environment = TableEnvironment::new();
    let (last, before) = statements(script);
    before.iter().for_each(|statement| drop(environment.execute_sql(statement).unwrap()));
    match environment.execute_sql(&last) {
        Ok(TableResult::Query(job)) => *job,
        Ok(other) => panic!("no query: {other:?}"),
        Err(error) => panic!("{}", error.render(&last)),
    }
}
