use std::sync::Arc;

use super::{ChunkBuilder, ColumnBuilder, ValueError};
use crate::chunk::{Chunk, RowKind, RowText, Scalar};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

fn schema(fields: impl IntoIterator<Item = Field>) -> Schema {
    fields.into_iter().enumerate().map(|(index, field)| NamedField::new(format!("c{index}"), field)).collect()
}

fn lines(chunk: &Chunk, schema: &Schema) -> Vec<String> {
    let text = RowText::new(schema);
    let line = |row| {
        let mut line = String::new();
        text.write(chunk, row, &mut line);
        line
    };
    (0..chunk.rows()).map(line).collect()
}

/// The column's values as rows print them, and the error of each text.
fn cast(data_type: &SqlType, text: &str) -> Result<String, String> {
    let schema = schema([Field::nullable(data_type.clone())]);
    let mut builder = ChunkBuilder::new(&schema);
    let value = Scalar::of_text(data_type, text, &Zone::of("+02:00").unwrap());
    let appended = builder.append(RowKind::Insert, |columns| columns[0].append_result(value));
    let chunk = builder.finish().unwrap();
    assert_eq!(chunk.rows(), usize::from(appended.is_ok()));
    appended.map_err(|error| error.to_string())?;
    Ok(lines(&chunk, &schema).remove(0))
}

#[test]
fn text_becomes_what_a_cast_makes_of_it() {
    let regular = TimeKind::Regular;
    let cases = [
        (SqlType::Boolean, "yes", "true"),
        (SqlType::TinyInt, " -128 ", "-128"),
        (SqlType::SmallInt, "12.9", "12"),
        (SqlType::Int, "2147483647", "2147483647"),
        (SqlType::BigInt, "-9223372036854775808", "-9223372036854775808"),
        (SqlType::Float, "0.1", "0.1"),
        (SqlType::Double, "1e10", "1.0E10"),
        (
            SqlType::Decimal(38, 18),
            "12345678901234567890.123456789",
            "12345678901234567890.123456789000000000",
        ),
        (SqlType::Char(2), "abc", "abc"),
        (SqlType::STRING, " ä ", " ä "),
        (SqlType::BYTES, "a\u{80}", "[97, -62, -128]"),
        (SqlType::Date, "2020-10-10", "2020-10-10"),
        (SqlType::Time(3), "10:00:05.5", "10:00:05.500"),
        (SqlType::Timestamp(3, regular), "2020-10-10 00:00:05.123", "2020-10-10T00:00:05.123"),
        (SqlType::Timestamp(6, regular), "2020-10-10", "2020-10-10T00:00"),
        (SqlType::TimestampLtz(9, regular), "2020-10-10 00:00:00", "2020-10-09T22:00:00Z"),
        (SqlType::IntervalDayTime, "86400000", "PT24H"),
        (SqlType::IntervalYearMonth, "18", "P1Y6M"),
    ];
    for (data_type, text, expected) in cases {
        assert_eq!(cast(&data_type, text), Ok(format!("+I[{expected}]")), "{data_type} of {text:?}");
    }
}

#[test]
fn text_that_is_no_value_says_why() {
    let cases = [
        (SqlType::Boolean, "maybe", "'maybe' is no BOOLEAN"),
        (SqlType::TinyInt, "128", "128 is out of the range of TINYINT"),
        (SqlType::Int, "x", "the text has a character that numbers of this type do not have"),
        (SqlType::Decimal(3, 1), "100", "the number is out of the range of its type: use a wider type"),
        (SqlType::Date, "today", "'today' is no DATE"),
        (SqlType::Timestamp(3, TimeKind::Rowtime), "x", "'x' is no TIMESTAMP(3)"),
        (SqlType::Array(Arc::new(Field::nullable(SqlType::Int))), "[1]", "text cannot be cast to ARRAY<INT>"),
    ];
    for (data_type, text, expected) in cases {
        assert_eq!(cast(&data_type, text), Err(expected.to_owned()), "{data_type} of {text:?}");
    }
}

fn numbers(builder: &mut ColumnBuilder, numbers: &[i64]) -> Result<(), ValueError> {
    builder.append_array(|elements| {
        numbers.iter().enumerate().try_for_each(|(index, number)| {
            elements.append(Scalar::Integer(*number)).map_err(|error| error.in_element(index + 1))
        })
    })
}

#[test]
fn nested_values_stay_in_step_whatever_fails() {
    let array = SqlType::Array(Arc::new(Field::required(SqlType::TinyInt)));
    let map =
        SqlType::Map(Arc::new(Field::nullable(SqlType::STRING)), Arc::new(Field::required(SqlType::Int)));
    let row = SqlType::Row(Arc::new([
        NamedField::new("a", Field::required(SqlType::Int)),
        NamedField::new("b", Field::nullable(array.clone())),
    ]));
    let schema = schema([Field::required(array), Field::nullable(map), Field::required(row)]);
    let mut builder = ChunkBuilder::new(&schema);
    let mut rows = [
        // Everything is there.
        (vec![1, 2], Some(1), vec![3], None),
        // An element is out of range: of the first column, of the nested one.
        (vec![1, 200], Some(1), vec![], Some("column `[2]`: 200 is out of the range of TINYINT")),
        (vec![], Some(1), vec![300], Some("column `b[1]`: 300 is out of the range of TINYINT")),
        // What may not be NULL is left out.
        (vec![4], None, vec![5], Some("NULL, but it is INT NOT NULL")),
        (vec![], Some(7), vec![], None),
    ]
    .into_iter();
    let outcomes: Vec<_> = rows
        .by_ref()
        .map(|(array, value, nested, expected)| {
            let outcome = builder.append(RowKind::Insert, |columns| {
                let [first, second, third] = columns else { panic!("three columns") };
                numbers(first, &array)?;
                second.append_map(|keys, values| {
                    keys.append(Scalar::Text("k"))?;
                    match value {
                        Some(value) => values.append(Scalar::Integer(value)),
                        None => values.append_null(),
                    }
                })?;
                third.append_row(|fields| {
                    fields[0].append(Scalar::Integer(9))?;
                    numbers(&mut fields[1], &nested).map_err(|error| error.in_field("b"))
                })
            });
            (outcome.err().map(|error| error.to_string()), expected.map(str::to_owned))
        })
        .collect();
    for (outcome, expected) in outcomes {
        assert_eq!(outcome, expected);
    }
    let chunk = builder.finish().unwrap();
    assert_eq!(lines(&chunk, &schema), ["+I[[1, 2], {k=1}, +I[9, [3]]]", "+I[[], {k=7}, +I[9, []]]"]);
}

#[test]
fn what_a_row_leaves_out_is_null_or_an_error() {
    let schema = schema([Field::nullable(SqlType::STRING), Field::required(SqlType::Int)]);
    let mut builder = ChunkBuilder::new(&schema);
    builder.append(RowKind::Delete, |columns| columns[1].append(Scalar::Integer(1))).unwrap();
    let error = builder.append(RowKind::Insert, |columns| columns[0].append(Scalar::Text("x"))).unwrap_err();
    let error = error.named(|column| schema.names().nth(column));
    assert_eq!(error.to_string(), "column `c1`: NULL, but it is INT NOT NULL");
    assert_eq!(builder.rows(), 1);
    assert_eq!(lines(&builder.finish().unwrap(), &schema), ["-D[null, 1]"]);
    assert_eq!(builder.finish().unwrap().rows(), 0);
}
