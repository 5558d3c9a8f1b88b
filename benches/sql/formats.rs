//! JSON and CSV to columns.

use std::collections::BTreeMap;
use std::hint::black_box;

use millstream::sql::chunk::ChunkBuilder;
use millstream::sql::connectors::Options;
use millstream::sql::formats::Format;

use crate::measure::Table;
use crate::rows::{operator, row};

const ROWS: usize = 200_000;
/// What reading JSON is to reach, in bytes a nanosecond.
const ASKED: f64 = 0.6;

pub fn run(table: &Table) {
    let schema = operator("SELECT k, v, s FROM t", |plan| plan.schema.len() == 3).schema;
    let json = |(key, value): (i64, i64)| {
        format!(r#"{{"k":{key},"v":{value},"s":"text {key:015}","more":{{"a":[1,2]}}}}"#)
    };
    let csv = |(key, value): (i64, i64)| format!("{key},{value},text {key:015}");
    let lines = |line: &dyn Fn((i64, i64)) -> String| -> Vec<String> {
        (0..ROWS as u64).map(|number| line(row(number, 1_000_000))).collect()
    };
    for (name, texts) in [("json", lines(&json)), ("csv", lines(&csv))] {
        let bytes = texts.iter().map(String::len).sum::<usize>() as f64 / ROWS as f64;
        let format = Format::new(name, &mut Options::new(BTreeMap::new()), &schema).unwrap();
        let (schema, plain) = (schema.clone(), texts.clone());
        table.line(
            &format!("{name}: read 3 columns of {bytes:.0} bytes"),
            bytes / ASKED,
            ROWS,
            || {
                Box::new(move || {
                    let mut decoder = format.decoder(&schema, &[0, 1, 2]);
                    let mut rows = ChunkBuilder::new(&schema);
                    for (count, text) in (1..).zip(&texts) {
                        decoder.decode(text.as_bytes(), &mut rows).unwrap();
                        if count % 4_096 == 0 {
                            black_box(rows.finish().unwrap());
                        }
                    }
                })
            },
            || {
                // Numbers and the first text, by the places of what is not a digit.
                Box::new(move || {
                    let (mut numbers, mut lengths) = (Vec::with_capacity(2 * ROWS), Vec::with_capacity(ROWS));
                    for text in &plain {
                        let mut fields =
                            text.split([',', ':', '"', '{', '}']).filter(|part| !part.is_empty());
                        numbers.extend(fields.by_ref().filter_map(|part| part.parse::<i64>().ok()).take(2));
                        lengths.extend(fields.find(|part| part.starts_with("text")).map(str::to_owned));
                    }
                    black_box((numbers, lengths));
                })
            },
        );
    }
}
