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
    format.encoder(columns).unwrap().encode_file(&chunk, true, &mut bytes).unwrap();
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut builder) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (row, more) = rest.split_at(decoder.part_length(rest).unwrap());
        decoder.decode_part(row, &mut builder).unwrap();
        rest = more;
    }
    assert_eq!(lines(&builder.finish().unwrap(), columns), lines(&chunk, columns));
}

/// What rows are that are written as inserts and deletes.
fn as_inserts_and_deletes(chunk: &Chunk) -> Chunk {
    let kinds = chunk.kinds().iter(chunk.rows());
    let kinds = kinds.map(|kind| if kind.is_accumulation() { RowKind::Insert } else { RowKind::Delete });
    chunk.clone().with_kinds(kinds.collect())
}

/// Those of the columns that Avro has, under names that it has.
fn avro_columns() -> (Schema, Vec<usize>) {
    let kept: Vec<_> = (0..12).filter(|column| *column != 10).collect();
    let columns = columns().project(&kept);
    let named = columns
        .iter()
        .enumerate()
        .map(|(index, column)| NamedField::new(format!("c{index}"), column.field.clone()));
    (named.collect(), kept)
}

/// The rows of a container file, read part by part.
fn read_container(format: &Format, columns: &Schema, bytes: &[u8]) -> Vec<String> {
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut builder) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    let (header, mut rest) = bytes.split_at(decoder.part_length(bytes).unwrap());
    decoder.header(header).unwrap();
    while !rest.is_empty() {
        let (part, more) = rest.split_at(decoder.part_length(rest).unwrap());
        decoder.decode_part(part, &mut builder).unwrap();
        rest = more;
    }
    lines(&builder.finish().unwrap(), columns)
}

proptest! {
    #[test]
    fn avro_keeps_every_row_and_is_read_by_others(
        rows in rows(),
        codec in prop_oneof![Just("null"), Just("deflate"), Just("snappy")],
    ) {
        let (avro_columns, kept) = avro_columns();
        let chunk = chunk(&rows, &columns());
        let chunk = chunk.with_columns(kept.iter().map(|column| chunk.columns()[*column].clone()).collect::<Vec<_>>());
        let expected = lines(&chunk, &avro_columns);
        let options = [("avro.codec", codec), ("avro.timestamp_mapping.legacy", "false")];
        let format = format("avro", &options, &avro_columns).unwrap();
        let mut encoder = format.encoder(&avro_columns).unwrap();

        let all: Vec<_> = (0..avro_columns.len()).collect();
        let (mut decoder, mut read) = (format.decoder(&avro_columns, &all), ChunkBuilder::new(&avro_columns));
        for row in 0..chunk.rows() {
            let mut message = Vec::new();
            encoder.encode(&chunk, row, &mut message).unwrap();
            prop_assert_eq!(decoder.decode(&message, &mut read), Ok(1));
        }
        prop_assert_eq!(&lines(&read.finish().unwrap(), &avro_columns), &expected);

        let mut ours = Vec::new();
        encoder.encode_file(&chunk, true, &mut ours).unwrap();
        prop_assert_eq!(&read_container(&format, &avro_columns, &ours), &expected);
        // What the reference implementation reads, and writes again.
        let reader = apache_avro::Reader::new(ours.as_slice()).unwrap();
        let schema = reader.writer_schema().clone();
        let mut writer = apache_avro::Writer::new(&schema, Vec::new()).unwrap();
        for value in reader {
            writer.append_value(value.unwrap()).unwrap();
        }
        let theirs = writer.into_inner().unwrap();
        prop_assert_eq!(&read_container(&format, &avro_columns, &theirs), &expected);
    }

    #[test]
    fn bytes_that_are_no_avro_never_panic(bytes in vec(any::<u8>(), 0..200), start in 0..300_usize) {
        let (avro_columns, _) = avro_columns();
        let format = format("avro", &[("avro.timestamp_mapping.legacy", "false")], &avro_columns).unwrap();
        let mut decoder = format.decoder(&avro_columns, &[0, 3, 9, 10]);
        let mut read = ChunkBuilder::new(&avro_columns.project(&[0, 3, 9, 10]));
        let _ = decoder.decode(&bytes, &mut read);
        let _ = decoder.header(&bytes);
        // A file that is right up to some byte.
        let mut file = Vec::new();
        let mut rows = ChunkBuilder::new(&avro_columns);
        rows.append(RowKind::Insert, |_| Ok(())).unwrap();
        let rows = rows.finish().unwrap();
        format.encoder(&avro_columns).unwrap().encode_file(&rows, true, &mut file).unwrap();
        file.truncate(start);
        file.extend_from_slice(&bytes);
        let length = decoder.part_length(&file).unwrap_or(file.len()).min(file.len());
        if decoder.header(&file[..length]).is_ok() {
            let _ = decoder.decode_part(&file[length..], &mut read);
        }
        drop(read.finish());
    }

    #[test]
    fn changelogs_keep_every_row(
        rows in rows(),
        kinds in vec(0..4_usize, 20),
        name in prop_oneof![Just("debezium-json"), Just("canal-json"), Just("maxwell-json")],
        skip in any::<bool>(),
    ) {
        let columns = columns();
        let chunk = chunk(&rows, &columns);
        let kinds = kinds.iter().map(|kind| RowKind::ALL[*kind]).take(chunk.rows());
        let chunk = chunk.clone().with_kinds(kinds.collect());
        let option = format!("{name}.encode.ignore-null-fields");
        let format = format(name, &[(&option, if skip { "true" } else { "false" })], &columns).unwrap();
        let all: Vec<_> = (0..columns.len()).collect();
        let (mut decoder, mut encoder) = (format.decoder(&columns, &all), format.encoder(&columns).unwrap());
        let mut read = ChunkBuilder::new(&columns);
        for row in 0..chunk.rows() {
            let mut message = Vec::new();
            encoder.encode(&chunk, row, &mut message).unwrap();
            prop_assert_eq!(decoder.decode(&message, &mut read), Ok(1));
        }
        let expected = as_inserts_and_deletes(&chunk);
        prop_assert_eq!(lines(&read.finish().unwrap(), &columns), lines(&expected, &columns));
    }

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
