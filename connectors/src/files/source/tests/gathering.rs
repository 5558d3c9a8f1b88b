//! Decoders that gather rows into records, and what they know of their file.

use millstream_runtime::chain::SourceStatus;
use proptest::prelude::*;

use super::*;
use crate::files::format::{Decoder, Gathered, RowError};
use crate::files::testing::FailingStore;

/// A number a line; records are numbers with the name of their file.
#[derive(Clone)]
struct Numbers;

struct NumberDecoder {
    file: String,
    numbers: Vec<u64>,
}

impl Format for Numbers {
    type Record = (String, Vec<u64>);
    type Decoder = NumberDecoder;

    fn kind(&self) -> &'static str {
        "numbers"
    }

    fn decoder(&self, _: bool) -> NumberDecoder {
        NumberDecoder { file: String::new(), numbers: Vec::new() }
    }

    fn decoder_of(&self, file: &str, _: bool) -> NumberDecoder {
        NumberDecoder { file: file.to_owned(), numbers: Vec::new() }
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(100)
    }
}

impl Decoder for NumberDecoder {
    type Record = (String, Vec<u64>);

    fn decode(&mut self, row: &[u8]) -> std::result::Result<Option<Self::Record>, RowError> {
        let text = String::from_utf8_lossy(row);
        self.numbers.push(text.trim().parse().map_err(|_| RowError::new("no number"))?);
        Ok(None)
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Self::Record>>> {
        let numbers = std::mem::take(&mut self.numbers);
        let rows = numbers.len() as u64;
        Ok((rows > 0).then(|| Gathered { record: (self.file.clone(), numbers), rows, bytes: 8 * rows }))
    }
}

fn source(store: &Arc<FailingStore>) -> FileSource<Numbers> {
    FileSource::with_format("in", Numbers).store(store.clone()).recursive()
}

fn lines(range: std::ops::Range<u64>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}

#[test]
fn records_stand_for_as_many_rows_as_there_are() {
    let store = FailingStore::new();
    store.write("in/x=1/a", lines(0..250));
    store.write("in/x=2/b/c", lines(250..300));
    store.write("in/.hidden/d", "not this\n");
    store.write("in/x=1/_e", "not this\n");
    let mut harness = start(&source(&store), 0, 1);
    assert_eq!(harness.run(usize::MAX).unwrap(), SourceStatus::Ended);
    let records = harness.take_records();
    let sizes: Vec<_> = records.iter().map(|(file, numbers)| (file.as_str(), numbers.len())).collect();
    assert_eq!(sizes, [("in/x=1/a", 100), ("in/x=1/a", 100), ("in/x=1/a", 50), ("in/x=2/b/c", 50)]);
    assert!(records.into_iter().flat_map(|(_, numbers)| numbers).eq(0..300));
    assert_eq!(harness.counters().records_out, 300);
}

#[test]
fn the_line_of_a_bad_row_is_known_wherever_reading_begins() {
    for split_bytes in [50, 1 << 20] {
        let store = FailingStore::new();
        store.write("in/a", format!("{}x\n{}", lines(0..123), lines(0..10)));
        let mut harness = start(&source(&store).split_bytes(split_bytes), 0, 1);
        let error = harness.run(usize::MAX).unwrap_err().to_string();
        assert!(error.contains("`in/a`: line 124, the row at byte 382 cannot be read: no number"), "{error}");
        // What was read before went out all the same: it is not read again after a restore.
        assert!(harness.take_records().into_iter().flat_map(|(_, numbers)| numbers).eq(0..123));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn restores_lose_and_repeat_nothing(
        lives in prop::collection::vec((1..4_u32, 0..6_usize), 1..5),
        split_bytes in 1..2_000_u64,
    ) {
        let store = FailingStore::new();
        store.write("in/a", lines(0..1_000));
        let source = source(&store).split_bytes(split_bytes);
        let (mut read, mut snapshots) = (Vec::new(), None::<Vec<_>>);
        for (parallelism, steps) in lives.into_iter().chain([(2, usize::MAX)]) {
            let harnesses = (0..parallelism).map(|subtask| {
                let mut harness = match &snapshots {
                    None => start(&source, subtask, parallelism),
                    Some(snapshots) => restore(&source, subtask, parallelism, snapshots),
                };
                harness.run(steps).unwrap();
                read.extend(harness.take_records().into_iter().flat_map(|(_, numbers)| numbers));
                harness.snapshot(1).unwrap()
            });
            snapshots = Some(harnesses.collect());
        }
        read.sort_unstable();
        prop_assert!(read.into_iter().eq(0..1_000));
    }
}
