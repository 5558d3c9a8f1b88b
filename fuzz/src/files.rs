//! Files that a `FileSource` reads: text, CSV, JSON lines, and any of them packed.
//!
//! The first byte says how large splits are. However a file is cut, the records are the same.

use std::fmt::Debug;
use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::executor::block_on;
use millstream::Result;
use millstream::connectors::files::{BadRecord, CsvFormat, FileSource, Format, JsonLinesFormat, TextFormat};
use millstream::source::{Source, SourceStatus};
use millstream::testing::{SourceHarness, source_operator};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::codec::Event;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    number: Option<i64>,
    ratio: f64,
}

/// Reads `content` as a file of this name to its end.
fn read<F: Format>(
    name: &str,
    content: &[u8],
    format: F,
    set: impl FnOnce(FileSource<F>) -> FileSource<F>,
) -> Result<Vec<String>>
where
    F::Record: Debug,
{
    let store = Arc::new(InMemory::new());
    let payload = PutPayload::from(content.to_vec());
    block_on(store.put(&Path::from(name), payload)).expect("memory");
    let source = set(FileSource::with_format(name, format).store(store)).on_error(BadRecord::Skip);
    let splits = block_on(source.discover())?;
    let mut harness = SourceHarness::new(source_operator(source, splits, 0, 1))?;
    // A split of a byte takes a call or two.
    let status = harness.run(4 * content.len() + 1_000)?;
    assert_eq!(status, SourceStatus::Ended, "it goes on for ever");
    Ok(harness.take_records().iter().map(|record| format!("{record:?}")).collect())
}

/// Reads a file cut as its first byte says, and uncut: both give the same.
fn cut_and_uncut<F: Format>(bytes: &[u8], format: F) -> Option<Vec<String>>
where
    F::Record: Debug,
{
    let (first, content) = bytes.split_first()?;
    let cut = read("file", content, format.clone(), |source| source.split_bytes(u64::from(*first) + 1));
    let uncut = read("file", content, format, |source| source.split_bytes(u64::MAX));
    match (cut, uncut) {
        (Ok(mut cut), Ok(uncut)) => {
            // Splits are read side by side.
            let mut sorted = uncut.clone();
            cut.sort_unstable();
            sorted.sort_unstable();
            assert_eq!(cut, sorted);
            Some(uncut)
        }
        (Err(_), Err(_)) => None,
        (cut, uncut) => panic!("cut: {cut:?}, uncut: {uncut:?}"),
    }
}

pub fn text(bytes: &[u8]) {
    let Some(lines) = cut_and_uncut(bytes, TextFormat) else { return };
    let content = bytes.get(1..).unwrap_or_default();
    if let Ok(content) = std::str::from_utf8(content) {
        let expected = content.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap_or(line));
        let expected = expected.map(|line| format!("{:?}", line.strip_suffix('\r').unwrap_or(line)));
        assert!(expected.eq(lines));
    }
}

pub fn csv(bytes: &[u8]) {
    cut_and_uncut(bytes, CsvFormat::<Row>::default());
    cut_and_uncut(bytes, CsvFormat::<(String, Option<i64>)>::default().no_header().delimiter(b';'));
    let content = bytes.get(1..).unwrap_or_default();
    let _ = read("file", content, CsvFormat::<Row>::default(), FileSource::whole_files);
}

pub fn json_lines(bytes: &[u8]) {
    cut_and_uncut(bytes, JsonLinesFormat::<Event>::default());
    cut_and_uncut(bytes, JsonLinesFormat::<Row>::default());
}

pub fn gzip(bytes: &[u8]) {
    let _ = read("file.gz", bytes, TextFormat, |source| source);
    let packed = read("file.gz", &pack(bytes), TextFormat, |source| source);
    let plain = read("file", bytes, TextFormat, |source| source);
    assert_eq!(packed.expect("a packed file"), plain.expect("a plain file"));
}

fn pack(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

pub fn valid_text() -> Vec<Vec<u8>> {
    vec![b"\x03first\nsecond\r\n\nlast".to_vec(), "\u{1f}größer\n".as_bytes().to_vec()]
}

pub fn valid_csv() -> Vec<Vec<u8>> {
    vec![
        b"\x05name,number,ratio\na,1,0.5\n\"b, \"\"c\"\"\",,1e3\n".to_vec(),
        b"\x02ratio,other,number,name\r\n1,x,-7,n\r\n".to_vec(),
        b"\x09a;1\n\"b;\n\";2\n".to_vec(),
    ]
}

pub fn valid_json_lines() -> Vec<Vec<u8>> {
    let events = br#"@"Opened"
{"Moved":{"from":"a\u00df","amount":-3,"at":5}}
{"Closed":[null,0.5,"x",true]}
"#;
    let rows = b"\x01{\"name\":\"a\",\"number\":null,\"ratio\":1.5}\n\n".to_vec();
    vec![events.to_vec(), rows]
}

pub fn valid_gzip() -> Vec<Vec<u8>> {
    let members = [pack(b"one\ntwo\n"), pack(b"three")].concat();
    vec![pack(b"a line\nanother\n"), members, Vec::new()]
}
