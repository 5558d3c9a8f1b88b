//! What is written is read again.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::chunk::Scalar;

type Row = (
    (Option<bool>, Option<i64>, Option<f64>, Option<f64>),
    (Option<i64>, Option<String>, Option<Vec<u8>>),
    (Option<i32>, Option<i32>, Option<i64>, Option<i64>),
    Option<Vec<Option<i64>>>,
);

fn columns() -> Schema {
    schema([
        ("boolean", SqlType::Boolean),
        ("bigint", SqlType::BigInt),
        ("float", SqlType::Float),
        ("double", SqlType::Double),
        ("decimal", SqlType::Decimal(30, 5)),
        ("text, \"quoted\"", SqlType::STRING),
        ("bytes", SqlType::BYTES),
        ("date", SqlType::Date),
        ("time", SqlType::Time(3)),
        ("micros", timestamp(6)),
        ("nanos", instant(9)),
        ("array", array(SqlType::BigInt)),
    ])
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = prop_oneof![any::<String>(), "[ ,;\"'\\\\\n\r\ta-c]{0,30}"];
    let float = any::<f32>().prop_map(f64::from);
    // An array whose only element is NULL is written as a NULL is.
    let numbers = vec(of(any::<i64>()), 0..4).prop_filter("only NULL", |numbers| numbers != &[None]);
    let row = (
        (of(any::<bool>()), of(any::<i64>()), of(float), of(any::<f64>())),
        (of(any::<i64>()), of(text), of(vec(any::<u8>(), 0..40))),
        (
            of(-700_000..2_900_000_i32),
            of(0..86_400_000_i32),
            of(-60_000_000_000_000_000..200_000_000_000_000_000_i64),
            of(any::<i64>()),
        ),
        of(numbers),
    );
    vec(row, 1..20)
}

fn chunk(rows: &[Row], columns: &Schema) -> Chunk {
    fn scalar<'a, T>(value: Option<T>, make: impl FnOnce(T) -> Scalar<'a>) -> Scalar<'a> {
        value.map_or(Scalar::Null, make)
    }
    let mut builder = ChunkBuilder::new(columns);
    for ((boolean, bigint, float, double), (decimal, text, bytes), (date, time, micros, nanos), array) in rows
    {
        let scalars = [
            scalar(*boolean, Scalar::Boolean),
            scalar(*bigint, Scalar::Integer),
            scalar(*float, Scalar::Float),
            scalar(*double, Scalar::Float),
            scalar(*decimal, |value| Scalar::Decimal(value.into())),
            scalar(text.as_deref(), Scalar::Text),
            scalar(bytes.as_deref(), Scalar::Bytes),
            scalar(*date, |value| Scalar::Integer(value.into())),
            scalar(*time, |value| Scalar::Integer(value.into())),
            scalar(*micros, Scalar::Integer),
            scalar(*nanos, Scalar::Integer),
        ];
        let appended = builder.append(RowKind::Insert, |columns| {
            columns.iter_mut().zip(scalars).try_for_each(|(column, scalar)| column.append(scalar))?;
            let column = &mut columns[scalars.len()];
            match array {
                None => column.append_null(),
                Some(numbers) => column.append_array(|elements| {
                    numbers.iter().try_for_each(|number| elements.append(scalar(*number, Scalar::Integer)))
                }),
            }
        });
        appended.unwrap();
    }
    builder.finish().unwrap()
}

/// Writes rows and reads them as files are read: row after row, each where the one before has ended.
fn assert_round_trip(format: &Format, columns: &Schema, rows: &[Row]) {
    let chunk = chunk(rows, columns);
    let mut bytes = Vec::new();
    format.encoder(columns).encode(&chunk, &mut bytes).unwrap();
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut builder) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (row, more) = rest.split_at(decoder.row_length(rest).unwrap());
        builder.append(RowKind::Insert, |columns| decoder.decode(row, columns)).unwrap();
        rest = more;
    }
    assert_eq!(lines(&builder.finish().unwrap(), columns), lines(&chunk, columns));
}

proptest! {
    #[test]
    fn json_keeps_every_row(rows in rows(), iso in any::<bool>(), plain in any::<bool>(), skip in any::<bool>()) {
        let columns = columns();
        let [plain, skip] = [plain, skip].map(|flag| if flag { "true" } else { "false" });
        let options = [
            ("json.timestamp-format.standard", if iso { "ISO-8601" } else { "SQL" }),
            ("json.encode.decimal-as-plain-number", plain),
            ("json.encode.ignore-null-fields", skip),
        ];
        assert_round_trip(&format("json", &options, &columns).unwrap(), &columns, &rows);
    }

    #[test]
    fn csv_keeps_every_row(rows in rows(), escape in any::<bool>(), delimiter in "[,|; ]") {
        let columns = columns();
        let mut options = vec![
            ("csv.null-literal", "NOTHING"),
            ("csv.array-element-delimiter", "/"),
            ("csv.field-delimiter", &*delimiter),
        ];
        options.extend(escape.then_some(("csv.escape-character", "\\")));
        assert_round_trip(&format("csv", &options, &columns).unwrap(), &columns, &rows);
    }
}
