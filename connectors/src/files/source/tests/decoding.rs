//! Rows out of bytes: every row once, whatever the ranges, the pieces and the points of return.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::super::fetch::FetchPlan;
use super::super::split_reading::{SplitReading, Stop, begins_file};
use super::*;
use crate::files::format::Decoder;
use crate::files::location::FoundFile;

/// What happens while a file is read, over and over: how many rows are read before the reader dies
/// and is restored, and how many bytes come at once.
#[derive(Clone, Debug)]
struct Fate {
    split_bytes: u64,
    lives: Vec<usize>,
    pieces: Vec<usize>,
}

fn fate() -> impl Strategy<Value = Fate> {
    let lives = prop::collection::vec(1..6_usize, 1..6);
    let pieces = prop::collection::vec(1..20_usize, 1..6);
    (1..40_u64, lives, pieces).prop_map(|(split_bytes, lives, pieces)| Fate { split_bytes, lives, pieces })
}

/// Reads a file split by split; each life of a reader ends with a snapshot that the next begins with.
fn read_file<F: Format>(format: &F, name: &str, content: &[u8], whole: bool, fate: &Fate) -> Vec<F::Record> {
    let file = FoundFile { name: name.to_owned(), size: content.len() as u64 };
    let cutting =
        Cutting { split_bytes: fate.split_bytes, whole_files: whole, recursive: false, gzip: false };
    let header_length = format.decoder(whole).row_length(content).unwrap_or(content.len());
    let (mut lives, mut pieces) = (fate.lives.iter().cycle(), fate.pieces.iter().cycle());
    let mut records = Vec::new();
    for split in cut(&file, None, cutting) {
        let mut split = Some(split);
        while let Some(begun) = split.take() {
            let mut plan = FetchPlan::of(&begun);
            let header = (format.has_header() && !begins_file(&begun)).then(|| &content[..header_length]);
            let decoder = format.decoder(begun.whole);
            let mut reading = SplitReading::new(begun, decoder, format.has_header(), header).unwrap();
            let mut budget = *lives.next().unwrap();
            let mut fetched: &[u8] = &[];
            loop {
                let stop = reading.read(&mut budget, |row| {
                    records.push(row.unwrap());
                    Ok(())
                });
                match stop.unwrap() {
                    Stop::Budget if budget == 0 => {
                        split = Some(reading.split());
                        break;
                    }
                    Stop::Budget => {}
                    Stop::Done => break,
                    Stop::Hungry if fetched.is_empty() => match plan.advance() {
                        Some(range) => fetched = &content[range.start as usize..range.end as usize],
                        None => reading.end().unwrap(),
                    },
                    Stop::Hungry => {
                        let (piece, rest) = fetched.split_at(fetched.len().min(*pieces.next().unwrap()));
                        reading.feed(Bytes::copy_from_slice(piece));
                        fetched = rest;
                    }
                }
            }
        }
    }
    records
}

/// The lines of a text as this crate counts them.
fn lines(content: &str) -> Vec<String> {
    let mut lines: Vec<_> = content.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    lines.into_iter().map(str::to_owned).collect()
}

/// Packs bytes into a gzip file of several members, cut at these places.
fn pack(content: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut bounds: Vec<_> =
        cuts.iter().map(|cut| cut % (content.len() + 1)).chain([0, content.len()]).collect();
    bounds.sort_unstable();
    let members = bounds.windows(2).map(|bound| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&content[bound[0]..bound[1]]).unwrap();
        encoder.finish().unwrap()
    });
    members.flatten().collect()
}

proptest! {
    #[test]
    fn every_line_once(content in "([a-c]{0,12}\r?\n){0,12}[a-c]{0,5}", fate in fate()) {
        prop_assert_eq!(read_file(&TextFormat, "f", content.as_bytes(), false, &fate), lines(&content));
        prop_assert_eq!(read_file(&TextFormat, "f", content.as_bytes(), true, &fate), lines(&content));
    }

    #[test]
    fn every_line_of_a_packed_file_once(
        content in "([a-c]{0,12}\n){0,12}[a-c]{0,5}",
        cuts in prop::collection::vec(any::<usize>(), 0..4),
        fate in fate(),
    ) {
        let packed = pack(content.as_bytes(), &cuts);
        prop_assert_eq!(read_file(&TextFormat, "f.gz", &packed, false, &fate), lines(&content));
    }

    #[test]
    fn every_csv_row_once(rows in prop::collection::vec(("[a-c,\"]{0,4}", any::<u8>()), 0..12), fate in fate()) {
        let content = csv_file(&rows);
        let format = CsvFormat::<Row>::default();
        let expected: Vec<_> = rows.iter().map(Row::from).collect();
        prop_assert_eq!(&read_file(&format, "f", &content, false, &fate), &expected);
        prop_assert_eq!(&read_file(&format, "f.gz", &pack(&content, &[]), false, &fate), &expected);
    }

    #[test]
    fn quoted_newlines_are_fine_in_whole_files(
        rows in prop::collection::vec(("[a-c,\"\n\r]{0,4}", any::<u8>()), 0..12),
        fate in fate(),
    ) {
        let content = csv_file(&rows);
        let format = CsvFormat::<Row>::default();
        let expected: Vec<_> = rows.iter().map(Row::from).collect();
        prop_assert_eq!(&read_file(&format, "f", &content, true, &fate), &expected);
        prop_assert_eq!(&read_file(&format, "f.gz", &pack(&content, &[7]), false, &fate), &expected);
    }
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Row {
    number: u8,
    text: String,
}

impl From<&(String, u8)> for Row {
    fn from((text, number): &(String, u8)) -> Self {
        Self { number: *number, text: text.clone() }
    }
}

/// A file of such rows; its columns stand in another order than the fields.
fn csv_file(rows: &[(String, u8)]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["text", "number"]).unwrap();
    rows.iter().for_each(|row| writer.serialize(row).unwrap());
    writer.into_inner().unwrap()
}

#[test]
fn damaged_gzip_is_an_error_that_names_the_file() {
    let whole = pack("some lines\n".repeat(100).as_bytes(), &[]);
    let mut changed = whole.clone();
    let last = changed.len() - 6;
    changed[last] ^= 1;
    for content in
        [&whole[..whole.len() - 3], &whole[..whole.len() / 2], &whole[..5], &changed[..], b"plain text"]
    {
        let file = FoundFile { name: "f.gz".to_owned(), size: content.len() as u64 };
        let cutting = Cutting { split_bytes: 1, whole_files: false, recursive: false, gzip: false };
        let split = cut(&file, None, cutting).remove(0);
        let mut reading = SplitReading::new(split, TextFormat.decoder(true), false, None).unwrap();
        reading.feed(Bytes::copy_from_slice(content));
        let read = |reading: &mut SplitReading<_>| reading.read(&mut 1000, |_| Ok(())).map(drop);
        let error =
            read(&mut reading).and_then(|()| reading.end()).and_then(|()| read(&mut reading)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("`f.gz`"), "{error}");
    }
}

#[test]
fn ranges_cover_a_file_and_pieces_cover_a_range() {
    let file = FoundFile { name: "f".to_owned(), size: 5 << 20 };
    let cutting = Cutting { split_bytes: 2 << 20, whole_files: false, recursive: false, gzip: false };
    let splits = cut(&file, None, cutting);
    assert_eq!(
        splits.iter().map(|split| (split.start, split.end)).collect::<Vec<_>>(),
        [(0, 2 << 20), (2 << 20, 4 << 20), (4 << 20, 5 << 20)]
    );
    let mut plan = FetchPlan::of(&splits[1]);
    let mut next = plan.next();
    assert_eq!(next, (2 << 20) - 1);
    while let Some(range) = plan.advance() {
        assert_eq!(range.start, next);
        next = range.end;
    }
    assert_eq!(next, 5 << 20);
    assert!(cut(&FoundFile { name: "empty".to_owned(), size: 0 }, None, cutting).is_empty());
}
