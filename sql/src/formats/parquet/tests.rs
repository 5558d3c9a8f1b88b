use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, RowKind, RowText, Scalar};
use crate::connectors::Options;
use crate::error::SqlResult;
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

/// The options of a table; all must be known to the format.
fn options(schema: &Schema, pairs: &[(&str, &str)], zone: &Zone) -> SqlResult<ParquetOptions> {
    let pairs: BTreeMap<_, _> =
        pairs.iter().map(|(key, value)| (format!("parquet.{key}"), (*value).to_owned())).collect();
    let mut taken = Options::new(pairs);
    let options = ParquetOptions::new(&mut taken, schema, zone)?;
    taken.finish()?;
    Ok(options)
}

fn plain(schema: &Schema, pairs: &[(&str, &str)]) -> ParquetOptions {
    options(schema, pairs, &Zone::UTC).unwrap()
}

fn write(options: &ParquetOptions, chunks: &[Chunk]) -> Result<Bytes, String> {
    let (mut writer, mut bytes) = (ParquetWriter::new(options)?, Vec::new());
    chunks.iter().try_for_each(|chunk| writer.write(chunk, &mut bytes))?;
    writer.finish(&mut bytes)?;
    Ok(bytes.into())
}

/// A file that is read as far as its footer, which is fetched in two steps.
fn open(options: &ParquetOptions, columns: &[usize], file: &Bytes) -> Result<Arc<ParquetFile>, String> {
    let mut start = file.len().saturating_sub(10);
    loop {
        let tail = file.slice(start..);
        match ParquetFile::open(options, columns, file.len() as u64, tail)? {
            ParquetStep::Have(opened) => return Ok(Arc::new(opened)),
            ParquetStep::Needs(ranges) => start = usize::try_from(ranges[0].start).unwrap(),
            ParquetStep::End => panic!("neither a footer nor an error"),
        }
    }
}

/// The rows of a row group, and how many bytes had to be fetched.
fn read_group(
    file: &Arc<ParquetFile>,
    index: usize,
    skip: u64,
    bytes: &Bytes,
) -> Result<(Vec<Chunk>, u64), String> {
    let (mut block, mut chunks, mut fetched) = (file.row_group(index, skip)?, Vec::new(), 0);
    loop {
        match block.read()? {
            ParquetStep::Have(chunk) => chunks.push(chunk),
            ParquetStep::End => return Ok((chunks, fetched)),
            ParquetStep::Needs(ranges) => {
                fetched += ranges.iter().map(|range| range.end - range.start).sum::<u64>();
                let slices = ranges.iter().map(|range| bytes.slice(range.start as usize..range.end as usize));
                let slices = slices.collect();
                block.feed(ranges, slices)?;
            }
        }
    }
}

fn read(options: &ParquetOptions, columns: &[usize], bytes: &Bytes) -> Result<Vec<Chunk>, String> {
    let file = open(options, columns, bytes)?;
    let groups = file.row_groups().count();
    let read = (0..groups).map(|index| Ok(read_group(&file, index, 0, bytes)?.0));
    Ok(read.collect::<Result<Vec<_>, String>>()?.concat())
}

fn lines(chunks: &[Chunk], schema: &Schema) -> Vec<String> {
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

fn schema(columns: Vec<(&str, SqlType)>) -> Schema {
    columns.into_iter().map(|(name, data_type)| NamedField::new(name, Field::nullable(data_type))).collect()
}

fn timestamp(precision: u8) -> SqlType {
    SqlType::Timestamp(precision, TimeKind::Regular)
}

fn instant(precision: u8) -> SqlType {
    SqlType::TimestampLtz(precision, TimeKind::Regular)
}

/// Columns of one type each, of all that files have.
fn leaves() -> Vec<(&'static str, SqlType)> {
    vec![
        ("boolean", SqlType::Boolean),
        ("tinyint", SqlType::TinyInt),
        ("smallint", SqlType::SmallInt),
        ("int", SqlType::Int),
        ("bigint", SqlType::BigInt),
        ("float", SqlType::Float),
        ("double", SqlType::Double),
        ("decimal 5", SqlType::Decimal(5, 2)),
        ("decimal 18", SqlType::Decimal(18, 0)),
        ("decimal 38", SqlType::Decimal(38, 20)),
        ("char", SqlType::Char(5)),
        ("text", SqlType::STRING),
        ("binary", SqlType::Binary(3)),
        ("bytes", SqlType::BYTES),
        ("date", SqlType::Date),
        ("time", SqlType::Time(3)),
        ("seconds", timestamp(0)),
        ("millis", timestamp(3)),
        ("micros", timestamp(6)),
        ("nanos", timestamp(9)),
        ("instant", instant(3)),
        ("instant micros", instant(6)),
    ]
}

/// The same deep in other values, and NOT NULL.
fn all_columns() -> Schema {
    let leaf = |name: &str| leaves().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let nullable = |data_type: SqlType| Arc::new(Field::nullable(data_type));
    let required = |data_type: SqlType| Arc::new(Field::required(data_type));
    let row = |fields: Vec<(&str, Field)>| {
        SqlType::Row(fields.into_iter().map(|(name, field)| NamedField::new(name, field)).collect())
    };
    let inner = row(vec![
        ("time", Field::nullable(leaf("millis"))),
        ("text", Field::required(SqlType::STRING)),
        ("times", Field::nullable(SqlType::Array(required(leaf("micros"))))),
    ]);
    let mut columns = leaves();
    columns.extend([
        ("array", SqlType::Array(nullable(SqlType::Int))),
        ("array of texts", SqlType::Array(required(SqlType::STRING))),
        ("array of arrays", SqlType::Array(nullable(SqlType::Array(nullable(leaf("nanos")))))),
        ("map", SqlType::Map(required(SqlType::STRING), nullable(SqlType::BigInt))),
        ("map of times", SqlType::Map(required(leaf("millis")), nullable(leaf("instant")))),
        ("multiset", SqlType::Multiset(required(SqlType::STRING))),
        ("row", inner.clone()),
        ("array of rows", SqlType::Array(nullable(inner.clone()))),
        ("map of rows", SqlType::Map(required(SqlType::Int), required(inner))),
    ]);
    let required = NamedField::new("required", Field::required(SqlType::BigInt));
    let time = NamedField::new("required time", Field::required(leaf("micros")));
    schema(columns).iter().cloned().chain([required, time]).collect()
}

/// Numbers that look random and are the same for the same seed.
struct Numbers {
    state: u64,
    /// Whether there is nothing that other programs do not have.
    common: bool,
}

impl Numbers {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        range.start.wrapping_add((self.next() % range.start.abs_diff(range.end)).cast_signed())
    }
}

/// Adds any value of a type.
fn fill(column: &mut ColumnBuilder, numbers: &mut Numbers) -> Result<(), crate::chunk::ValueError> {
    let field = column.field().clone();
    if field.nullable && numbers.below(5) == 0 {
        return column.append_null();
    }
    let length = numbers.below(4);
    let text: String =
        (0..numbers.below(6)).map(|_| ['a', 'ß', '\u{1f600}', '\0'][numbers.below(4) as usize]).collect();
    // Instants of days from -4713 to 9999, which 96 bits have; nanoseconds of 64 bits do not get as far.
    let (first, last) =
        if numbers.common { (-2_208_988_800, 7_258_118_400) } else { (-210_866_803_200, 253_402_300_800) };
    match &field.data_type {
        SqlType::Boolean => column.append(Scalar::Boolean(numbers.below(2) == 0)),
        SqlType::TinyInt => column.append(Scalar::Integer(numbers.within(-128..128))),
        SqlType::SmallInt => column.append(Scalar::Integer(numbers.within(-32_768..32_768))),
        SqlType::Int => column.append(Scalar::Integer(i64::from(numbers.next() as i32))),
        SqlType::BigInt => column.append(Scalar::Integer(numbers.next().cast_signed())),
        SqlType::Float => column.append(Scalar::Float(f64::from(numbers.next() as i32 as f32 / 8.0))),
        SqlType::Double => column.append(Scalar::Float(numbers.next() as f64 / 3.0)),
        SqlType::Decimal(precision, _) => {
            let most = 10_i128.pow(u32::from(*precision));
            let number = i128::from(numbers.next().cast_signed()) * i128::from(numbers.next().cast_signed());
            column.append(Scalar::Decimal(number % most))
        }
        SqlType::Char(_) | SqlType::VarChar(_) => column.append(Scalar::Text(&text)),
        SqlType::Binary(_) | SqlType::VarBinary(_) => column.append(Scalar::Bytes(text.as_bytes())),
        SqlType::Date => column.append(Scalar::Integer(numbers.within(-700_000..2_900_000))),
        SqlType::Time(_) => column.append(Scalar::Integer(numbers.within(0..86_400_000))),
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => {
            let value = match precision {
                0..=3 => numbers.within(first * 1_000..last * 1_000),
                4..=6 => numbers.within(first * 1_000_000..last * 1_000_000),
                _ if numbers.common => numbers.within(first * 1_000_000..last * 1_000_000) * 1_000,
                _ => numbers.next().cast_signed(),
            };
            column.append(Scalar::Integer(value))
        }
        SqlType::Array(_) => {
            column.append_array(|elements| (0..length).try_for_each(|_| fill(elements, numbers)))
        }
        SqlType::Map(..) | SqlType::Multiset(_) => column.append_map(|keys, values| {
            // The same key twice is nothing that all programs take.
            let length = if numbers.common { length.min(1) } else { length };
            (0..length).try_for_each(|_| fill(keys, numbers).and_then(|()| fill(values, numbers)))
        }),
        SqlType::Row(_) => {
            column.append_row(|fields| fields.iter_mut().try_for_each(|field| fill(field, numbers)))
        }
        other => panic!("no value of {other}"),
    }
}

fn chunk(schema: &Schema, rows: usize, seed: u64) -> Chunk {
    filled(schema, rows, Numbers { state: seed, common: false })
}

fn filled(schema: &Schema, rows: usize, mut numbers: Numbers) -> Chunk {
    let mut builder = ChunkBuilder::new(schema);
    for _ in 0..rows {
        let appended = builder.append(RowKind::Insert, |columns| {
            columns.iter_mut().try_for_each(|column| fill(column, &mut numbers))
        });
        appended.unwrap();
    }
    builder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Rows of all types come back as they were written, whatever the options are.
    #[test]
    fn every_row_is_kept(
        seed in any::<u64>(),
        sizes in prop::collection::vec(0..40_usize, 0..5),
        compression in prop_oneof![
            Just("UNCOMPRESSED"), Just("snappy"), Just("GZIP"), Just("ZSTD"), Just("LZ4_RAW")
        ],
        version in prop_oneof![Just("PARQUET_1_0"), Just("PARQUET_2_0")],
        dictionary in prop_oneof![Just("true"), Just("false")],
        block in prop_oneof![Just("1"), Just("4000"), Just("134217728")],
        page in prop_oneof![Just("1"), Just("300"), Just("1048576")],
        zone in prop_oneof![Just(Zone::UTC), Just(Zone::of("Asia/Shanghai").unwrap())],
    ) {
        let schema = all_columns();
        let pairs = [
            ("compression", compression),
            ("writer.version", version),
            ("enable.dictionary", dictionary),
            ("block.size", block),
            ("page.size", page),
        ];
        let options = options(&schema, &pairs, &zone).unwrap();
        let chunks: Vec<_> = (0..).zip(&sizes).map(|(at, rows)| chunk(&schema, *rows, seed ^ at)).collect();
        let bytes = write(&options, &chunks).unwrap();
        let all: Vec<_> = (0..schema.len()).collect();
        prop_assert_eq!(lines(&read(&options, &all, &bytes).unwrap(), &schema), lines(&chunks, &schema));

        // Some of the columns, in another order, from any row on.
        let some = [29, 17, 0, 24];
        let (file, some_schema) = (open(&options, &some, &bytes).unwrap(), schema.project(&some));
        let mut expected = chunks.iter().filter(|chunk| !chunk.is_empty()).cloned().collect::<Vec<_>>();
        let groups: Vec<_> = file.row_groups().collect();
        prop_assert_eq!(groups.iter().map(|(_, rows)| *rows).sum::<u64>(), sizes.iter().sum::<usize>() as u64);
        if block == "1" {
            prop_assert_eq!(groups.len(), expected.len(), "each chunk is a row group");
            for (index, expected) in expected.drain(..).enumerate() {
                let columns: Vec<_> = some.iter().map(|column| expected.columns()[*column].clone()).collect();
                let expected = lines(&[expected.with_columns(columns)], &some_schema);
                let skip = (seed % groups[index].1) as usize;
                let (read, _) = read_group(&file, index, skip as u64, &bytes).unwrap();
                prop_assert_eq!(lines(&read, &some_schema), &expected[skip..]);
            }
        }
    }

    /// Numbers of 64 bits instead of 96: as precise as their unit.
    #[test]
    fn timestamps_of_64_bits_are_kept_in_their_unit(
        seed in any::<u64>(),
        rows in 1..60_usize,
        unit in prop_oneof![Just("millis"), Just("micros"), Just("nanos")],
    ) {
        // Nanoseconds of 64 bits end in 2262.
        let precision = match unit { "millis" => 3, "micros" => 6, _ => 9 };
        let nested = SqlType::Array(Arc::new(Field::nullable(timestamp(precision))));
        let columns = schema(vec![("local", timestamp(precision)), ("instant", instant(precision)), ("array", nested)]);
        let pairs = [("write.int64.timestamp", "true"), ("timestamp.time.unit", unit)];
        let options = options(&columns, &pairs, &Zone::of("Europe/Berlin").unwrap()).unwrap();
        let written = chunk(&columns, rows, seed);
        let bytes = write(&options, std::slice::from_ref(&written)).unwrap();
        let read = read(&options, &[0, 1, 2], &bytes).unwrap();
        prop_assert_eq!(lines(&read, &columns), lines(&[written], &columns));
    }

    /// Whatever is wrong with a file: an error, or other rows, but no panic and no end of memory.
    #[test]
    fn damaged_files_never_panic(seed in any::<u64>(), changes in prop::collection::vec(any::<(u16, u8)>(), 1..4), cut in any::<bool>()) {
        let schema = schema(vec![("n", SqlType::BigInt), ("s", SqlType::STRING), ("t", timestamp(3))]);
        let options = plain(&schema, &[]);
        let mut bytes = write(&options, &[chunk(&schema, 50, seed)]).unwrap().to_vec();
        for (place, byte) in changes {
            // The footer is what leads to all the rest.
            let from_end = usize::from(place) % bytes.len().min(700);
            let place = bytes.len() - 1 - from_end;
            bytes[place] = byte;
            if cut {
                bytes.truncate(place);
            }
            if bytes.is_empty() {
                return Ok(());
            }
        }
        let bytes = Bytes::from(bytes);
        if let Ok(file) = open(&options, &[0, 1, 2], &bytes) {
            let in_file = |index| {
                let mut block = file.row_group(index, 0)?;
                let ParquetStep::Needs(ranges) = block.read()? else { return Ok(()) };
                if ranges.iter().all(|range| range.end <= bytes.len() as u64) {
                    read_group(&file, index, 0, &bytes)?;
                }
                Ok::<_, String>(())
            };
            (0..file.row_groups().count()).for_each(|index| drop(in_file(index)));
        }
    }
}

#[test]
fn a_file_without_rows_is_a_file() {
    let schema = all_columns();
    let options = plain(&schema, &[]);
    let bytes = write(&options, &[]).unwrap();
    assert_eq!(&bytes[..4], b"PAR1");
    let file = open(&options, &[0, 1], &bytes).unwrap();
    assert_eq!(file.row_groups().count(), 0);
    assert!(read(&options, &[0, 1], &bytes).unwrap().is_empty());
}

#[test]
fn the_schema_is_the_one_that_flink_derives() {
    let fields = vec![
        NamedField::new("a", Field::nullable(timestamp(3))),
        NamedField::new("b", Field::required(SqlType::TinyInt)),
    ];
    let schema = schema(vec![
        ("s", SqlType::STRING),
        ("y", SqlType::BYTES),
        ("n", SqlType::SmallInt),
        ("d5", SqlType::Decimal(5, 2)),
        ("d9", SqlType::Decimal(9, 0)),
        ("d18", SqlType::Decimal(18, 3)),
        ("d38", SqlType::Decimal(38, 38)),
        ("day", SqlType::Date),
        ("time", SqlType::Time(0)),
        ("at", instant(9)),
        ("list", SqlType::Array(Arc::new(Field::nullable(SqlType::Int)))),
        (
            "map",
            SqlType::Map(
                Arc::new(Field::required(SqlType::STRING)),
                Arc::new(Field::nullable(SqlType::Double)),
            ),
        ),
        ("row", SqlType::Row(fields.into())),
    ]);
    let printed = |pairs: &[(&str, &str)]| {
        let mut text = Vec::new();
        parquet::schema::printer::print_schema(&mut text, &plain(&schema, pairs).layout.root);
        String::from_utf8(text).unwrap()
    };
    let expected = "message schema {
  OPTIONAL BYTE_ARRAY s (STRING);
  OPTIONAL BYTE_ARRAY y;
  OPTIONAL INT32 n (INTEGER(16,true));
  OPTIONAL FIXED_LEN_BYTE_ARRAY (3) d5 (DECIMAL(5,2));
  OPTIONAL FIXED_LEN_BYTE_ARRAY (4) d9 (DECIMAL(9,0));
  OPTIONAL FIXED_LEN_BYTE_ARRAY (8) d18 (DECIMAL(18,3));
  OPTIONAL FIXED_LEN_BYTE_ARRAY (16) d38 (DECIMAL(38,38));
  OPTIONAL INT32 day (DATE);
  OPTIONAL INT32 time (TIME(MILLIS,true));
  OPTIONAL INT96 at;
  OPTIONAL group list (LIST) {
    REPEATED group list {
      OPTIONAL INT32 element;
    }
  }
  OPTIONAL group map (MAP) {
    REPEATED group key_value {
      REQUIRED BYTE_ARRAY key (STRING);
      OPTIONAL DOUBLE value;
    }
  }
  OPTIONAL group row {
    OPTIONAL INT96 a;
    REQUIRED INT32 b (INTEGER(8,true));
  }
}
";
    assert_eq!(printed(&[]), expected);
    let int64 = printed(&[("write.int64.timestamp", "true")]);
    assert!(int64.contains("OPTIONAL INT64 at (TIMESTAMP(MICROS,true));"), "{int64}");
    assert!(int64.contains("OPTIONAL INT64 a (TIMESTAMP(MICROS,false));"), "{int64}");
}

#[test]
fn only_what_is_wanted_is_fetched() {
    let schema = schema(vec![("n", SqlType::BigInt), ("s", SqlType::STRING), ("m", SqlType::BigInt)]);
    let options = plain(&schema, &[("compression", "UNCOMPRESSED"), ("enable.dictionary", "false")]);
    let written = chunk(&schema, 3_000, 7);
    let bytes = write(&options, std::slice::from_ref(&written)).unwrap();
    let fetched = |columns: &[usize]| {
        let file = open(&options, columns, &bytes).unwrap();
        let (chunks, fetched) = read_group(&file, 0, 0, &bytes).unwrap();
        assert_eq!(chunks.iter().map(Chunk::rows).sum::<usize>(), 3_000);
        assert!(chunks.iter().all(|chunk| chunk.columns().len() == columns.len()));
        fetched
    };
    let (one, all, none) = (fetched(&[2]), fetched(&[0, 1, 2]), fetched(&[]));
    assert!(one < all / 2 && one > 3_000 * 6, "{one} of {all} bytes");
    assert_eq!(none, 0, "how many rows there are is in the footer");
}

#[test]
fn columns_are_found_by_name_and_those_that_are_missing_are_null() {
    let inner = |fields: &[(&str, SqlType)]| {
        SqlType::Row(
            fields.iter().map(|(name, kind)| NamedField::new(*name, Field::nullable(kind.clone()))).collect(),
        )
    };
    let written = schema(vec![
        ("a", SqlType::Int),
        ("row", inner(&[("x", SqlType::Int), ("y", SqlType::STRING)])),
        ("b", SqlType::STRING),
    ]);
    let bytes = write(&plain(&written, &[]), &[chunk(&written, 20, 3)]).unwrap();
    let wanted = schema(vec![
        ("b", SqlType::STRING),
        ("more", timestamp(3)),
        ("row", inner(&[("y", SqlType::STRING), ("z", SqlType::Double), ("x", SqlType::BigInt)])),
        ("a", SqlType::BigInt),
    ]);
    let read = read(&plain(&wanted, &[]), &[0, 1, 2, 3], &bytes).unwrap();
    let original = chunk(&written, 20, 3);
    let lines = lines(&read, &wanted);
    let originals = super::tests::lines(&[original], &written);
    for (line, original) in lines.iter().zip(&originals) {
        // +I[a, +I[x, y], b] and +I[b, null, +I[y, null, x], a].
        let parts = |line: &str| {
            line.replace("+I[", "").replace(']', "").split(", ").map(str::to_owned).collect::<Vec<_>>()
        };
        let (read, written) = (parts(line), parts(original));
        match (read.as_slice(), written.as_slice()) {
            ([b, more, y, z, x, a], [a1, x1, y1, b1]) => {
                assert_eq!((b, y, x, a), (b1, y1, x1, a1), "{line} of {original}");
                assert_eq!((more.as_str(), z.as_str()), ("null", "null"), "{line}");
            }
            ([b, more, row, a], [a1, row1, b1]) => {
                assert_eq!((b, more.as_str(), row, a), (b1, "null", row1, a1), "{line} of {original}");
            }
            _ => panic!("{line} of {original}"),
        }
    }
    assert_eq!(lines.len(), 20);
}

#[test]
fn a_column_of_another_type_is_named() {
    let written = schema(vec![
        ("n", SqlType::BigInt),
        ("d", SqlType::Decimal(10, 2)),
        ("list", SqlType::Array(Arc::new(Field::nullable(SqlType::Int)))),
    ]);
    let bytes = write(&plain(&written, &[]), &[chunk(&written, 3, 1)]).unwrap();
    let row = SqlType::Row([NamedField::new("x", Field::nullable(SqlType::Int))].into());
    let cases = [
        ("n", SqlType::STRING, "the column `n` is Int64 in the file, and STRING in the table"),
        ("n", timestamp(3), "the column `n` is Int64 in the file, and TIMESTAMP(3) in the table"),
        (
            "d",
            SqlType::Decimal(10, 3),
            "the column `d` is Decimal128(10, 2) in the file, and DECIMAL(10, 3) in the table",
        ),
        ("list", SqlType::Int, "the column `list` is List"),
        (
            "list",
            SqlType::Array(Arc::new(Field::nullable(SqlType::STRING))),
            "`list.element` is Int32 in the file",
        ),
        ("d", row, "the column `d` is Decimal128(10, 2) in the file, and ROW<`x` INT> in the table"),
    ];
    for (name, data_type, expected) in cases {
        let wanted = schema(vec![(name, data_type)]);
        let error = open(&plain(&wanted, &[]), &[0], &bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    // A column that is not asked for may be anything.
    let wanted = schema(vec![("n", SqlType::STRING), ("d", SqlType::Decimal(10, 2))]);
    assert!(open(&plain(&wanted, &[]), &[1], &bytes).is_ok());
}

#[test]
fn values_that_do_not_fit_are_errors() {
    let written = schema(vec![("n", SqlType::BigInt), ("d", SqlType::Decimal(10, 2)), ("s", SqlType::BYTES)]);
    let mut rows = ChunkBuilder::new(&written);
    let appended = rows.append(RowKind::Insert, |columns| {
        columns[0].append(Scalar::Integer(300))?;
        columns[1].append(Scalar::Decimal(123_456))?;
        columns[2].append(Scalar::Bytes(b"\xff"))
    });
    appended.unwrap();
    rows.append(RowKind::Insert, |_| Ok(())).unwrap();
    let bytes = write(&plain(&written, &[]), &[rows.finish().unwrap()]).unwrap();
    let required = |name: &str, data_type| {
        [NamedField::new(name.to_owned(), Field::required(data_type))].into_iter().collect::<Schema>()
    };
    let cases = [
        (schema(vec![("n", SqlType::TinyInt)]), "column `n`: 300 is out of the range of TINYINT"),
        (schema(vec![("d", SqlType::Decimal(5, 2))]), "column `d`: 1234.56 is too large"),
        (schema(vec![("s", SqlType::STRING)]), "column `s`: Encountered non-UTF-8 data"),
        (required("n", SqlType::BigInt), "column `n`: NULL, but it is BIGINT NOT NULL"),
        (
            required("other", SqlType::BigInt),
            "the column `other` is not in the file, and it is BIGINT NOT NULL",
        ),
    ];
    for (wanted, expected) in cases {
        let error = read(&plain(&wanted, &[]), &[0], &bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let smaller = schema(vec![("n", SqlType::SmallInt), ("d", SqlType::Decimal(6, 2))]);
    let read = read(&plain(&smaller, &[]), &[0, 1], &bytes).unwrap();
    assert_eq!(lines(&read, &smaller), ["+I[300, 1234.56]", "+I[null, null]"]);
}

/// The decoder checks what is marked as a text in the old way alone.
#[test]
fn bytes_that_are_no_text_are_none_whatever_the_file_calls_them() {
    for kind in ["(STRING)", "(UTF8)", "(JSON)", "(ENUM)", ""] {
        let message = format!("message m {{ OPTIONAL BYTE_ARRAY s {kind}; }}");
        let root = Arc::new(parquet::schema::parser::parse_message_type(&message).unwrap());
        let file = |bytes: &'static [u8]| {
            let mut writer =
                parquet::file::writer::SerializedFileWriter::new(Vec::new(), root.clone(), Arc::default())
                    .unwrap();
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let values = [bytes.into()];
            column
                .typed::<parquet::data_type::ByteArrayType>()
                .write_batch(&values, Some(&[1, 0]), None)
                .unwrap();
            column.close().unwrap();
            group.close().unwrap();
            Bytes::from(writer.into_inner().unwrap())
        };
        let (texts, bytes) = (schema(vec![("s", SqlType::STRING)]), schema(vec![("s", SqlType::BYTES)]));
        let read = |schema: &Schema, content| {
            let chunks = read(&plain(schema, &[]), &[0], &file(content));
            chunks.map(|chunks| lines(&chunks, schema)).map_err(|error| error.contains("UTF"))
        };
        let (good, bad) = ("grün".as_bytes(), &b"gr\xfcn, and more than twelve bytes"[..]);
        assert_eq!(read(&texts, good), Ok(vec!["+I[grün]".to_owned(), "+I[null]".to_owned()]), "{kind}");
        assert_eq!(read(&texts, bad), Err(true), "{kind}");
        assert!(read(&bytes, good).is_ok_and(|rows| rows[0].starts_with("+I[[103, 114, -61, -68")), "{kind}");
    }
}

/// What the clock of the session shows is an instant in files, unless they are to be read as in Greenwich.
#[test]
fn timestamps_of_96_bits_are_those_of_the_session() {
    let columns = schema(vec![("local", timestamp(3)), ("instant", instant(3))]);
    let mut rows = ChunkBuilder::new(&columns);
    let appended = rows.append(RowKind::Insert, |columns| {
        columns[0].append(Scalar::Integer(0))?;
        columns[1].append(Scalar::Integer(0))
    });
    appended.unwrap();
    let row = rows.finish().unwrap();
    let shanghai = Zone::of("Asia/Shanghai").unwrap();
    let written = write(&options(&columns, &[], &shanghai).unwrap(), std::slice::from_ref(&row)).unwrap();
    let shown =
        |options: &ParquetOptions, bytes: &Bytes| lines(&read(options, &[0, 1], bytes).unwrap(), &columns);
    let epoch = "+I[1970-01-01T00:00:00, 1970-01-01T00:00:00Z]";
    assert_eq!(
        shown(&options(&columns, &[], &shanghai).unwrap(), &written),
        lines(std::slice::from_ref(&row), &columns)
    );
    let elsewhere = shown(&plain(&columns, &[]), &written);
    assert!(elsewhere[0].contains("1969-12-31T16:00"), "{elsewhere:?}, not {epoch}");
    let utc = options(&columns, &[("utc-timezone", "true")], &shanghai).unwrap();
    let written = write(&utc, std::slice::from_ref(&row)).unwrap();
    assert_eq!(shown(&plain(&columns, &[]), &written), lines(&[row], &columns));
}

#[test]
fn a_timestamp_that_files_do_not_have_is_an_error() {
    let columns = schema(vec![("t", timestamp(3))]);
    let rows = |value| {
        let mut rows = ChunkBuilder::new(&columns);
        rows.append(RowKind::Insert, |columns| columns[0].append(Scalar::Integer(value))).unwrap();
        rows.finish().unwrap()
    };
    let error = write(&plain(&columns, &[]), &[rows(i64::MIN)]).unwrap_err();
    assert!(
        error.contains("column `t`: the timestamp -9223372036854775808 is before the first Julian day"),
        "{error}"
    );
    let nanos = plain(&columns, &[("write.int64.timestamp", "true"), ("timestamp.time.unit", "nanos")]);
    let error = write(&nanos, &[rows(253_402_300_799_000)]).unwrap_err();
    assert!(
        error.contains("column `t`: 253402300799000 milliseconds since 1970 are out of the range"),
        "{error}"
    );
}

#[test]
fn options_that_are_wrong_are_refused() {
    let columns = schema(vec![("n", SqlType::Int)]);
    let cases = [
        ("compression", "LZO", "'parquet.compression' = 'LZO' is not supported"),
        ("compression", "zip", "Invalid value 'zip' for option 'parquet.compression'"),
        ("block.size", "128MB", "Invalid value '128MB' for option 'parquet.block.size'"),
        ("block.size", "0", "Invalid value '0' for option 'parquet.block.size'"),
        ("utc-timezone", "maybe", "Invalid value 'maybe' for option 'parquet.utc-timezone'"),
        ("timestamp.time.unit", "seconds", "it must be millis, micros or nanos"),
        ("writer.version", "3", "it must be PARQUET_1_0 or PARQUET_2_0"),
        ("memory.pool.ratio", "0.5", "the option 'parquet.memory.pool.ratio' is not supported"),
        ("block.sise", "1", "Unsupported options: parquet.block.sise"),
    ];
    for (key, value, expected) in cases {
        let error = options(&columns, &[(key, value)], &Zone::UTC).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let level = [("compression", "zstd"), ("compression.codec.zstd.level", "99")];
    assert!(options(&columns, &level, &Zone::UTC).unwrap_err().to_string().contains("from 1 to 22"));
    let interval = schema(vec![("i", SqlType::IntervalDayTime)]);
    let error = options(&interval, &[], &Zone::UTC).unwrap_err().to_string();
    assert!(error.contains("column `i`: Unsupported type: INTERVAL"), "{error}");
}

/// Files are read by pyarrow and DuckDB, and what those have read is written by them and read again. Needs a Python that has
/// both: `MILLSTREAM_PYTHON`.
#[test]
fn others_read_what_is_written() {
    let Some(python) = std::env::var_os("MILLSTREAM_PYTHON") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parquet/rewrite.py");
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (directory.path().join("ours.parquet"), directory.path().join("theirs.parquet"));
    let schema = all_columns();
    let all: Vec<_> = (0..schema.len()).collect();
    for int64 in ["false", "true"] {
        for (seed, compression) in
            ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"].into_iter().enumerate()
        {
            let pairs = [
                ("write.int64.timestamp", int64),
                ("timestamp.time.unit", "nanos"),
                ("compression", compression),
                ("writer.version", if seed % 2 == 0 { "PARQUET_1_0" } else { "PARQUET_2_0" }),
                ("page.size", "2000"),
                ("block.size", "20000"),
            ];
            let options = plain(&schema, &pairs);
            let numbers = |part: u64| Numbers { state: seed as u64 + part * 100, common: true };
            let chunks: Vec<_> = (0..4).map(|part| filled(&schema, 100, numbers(part))).collect();
            std::fs::write(&ours, write(&options, &chunks).unwrap()).unwrap();
            for reader in ["pyarrow", "duckdb"] {
                let run = std::process::Command::new(&python)
                    .arg(script)
                    .arg(reader)
                    .arg(&ours)
                    .arg(&theirs)
                    .output();
                let run = run.unwrap();
                assert!(run.status.success(), "{reader}: {}", String::from_utf8_lossy(&run.stderr));
                let rewritten = Bytes::from(std::fs::read(&theirs).unwrap());
                let read = lines(&read(&options, &all, &rewritten).unwrap(), &schema);
                for (read, written) in read.iter().zip(lines(&chunks, &schema)) {
                    assert_eq!(*read, written, "{reader}, {compression}");
                }
                assert_eq!(read.len(), 400);
            }
        }
    }
}
