use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flight {
    carrier: String,
    delay: Option<i32>,
}

fn decoder<T: Record>(whole: bool, header: &str) -> CsvDecoder<T> {
    let mut decoder = CsvFormat::default().decoder(whole);
    decoder.header(header.as_bytes()).unwrap();
    decoder
}

fn flight(carrier: &str, delay: Option<i32>) -> Flight {
    Flight { carrier: carrier.to_owned(), delay }
}

#[test]
fn columns_are_matched_by_name() {
    let mut decoder = decoder::<Flight>(false, "\u{feff}delay,ignored,carrier\r\n");
    assert_eq!(decoder.decode(b"-4,x,UA\r\n"), Ok(Some(flight("UA", Some(-4)))));
    assert_eq!(decoder.decode(b",,\"A, \"\"B\"\"\""), Ok(Some(flight("A, \"B\"", None))));
    assert_eq!(decoder.decode(b"\r\n"), Ok(None));
}

#[test]
fn a_bad_row_says_what_is_wrong_and_the_next_is_fine() {
    let mut decoder = decoder::<Flight>(false, "carrier,delay\n");
    for (row, problem) in [
        ("UA,soon\n", "column `delay`: invalid digit found in string (found `soon`)"),
        ("UA\n", "1 columns, but the header has 2"),
        (
            "\"UA,1\n",
            "a quoted field is not closed on its line; if fields contain newlines, read the files whole",
        ),
    ] {
        assert_eq!(decoder.decode(row.as_bytes()).unwrap_err().to_string(), problem);
        assert_eq!(decoder.decode(b"UA,1\n"), Ok(Some(flight("UA", Some(1)))));
    }
    let error = decoder.decode(b"\xff,1\n").unwrap_err();
    assert_eq!(error.column.as_deref(), Some("carrier"));
    assert!(error.problem.contains("utf-8"), "{error}");
}

#[test]
fn without_a_header_columns_are_matched_by_order() {
    let mut decoder = CsvFormat::<(String, u8)>::default().no_header().delimiter(b';').decoder(false);
    assert_eq!(decoder.decode(b"a,b;7\n"), Ok(Some(("a,b".to_owned(), 7))));
    assert_eq!(decoder.decode(b"a;b\n").unwrap_err().column.as_deref(), Some("2"));
}

#[test]
fn long_rows_find_room() {
    let names: Vec<_> = (0..100).map(|column| format!("column-{column}")).collect();
    let mut decoder = decoder::<BTreeMap<String, String>>(false, &names.join(","));
    let row = vec!["v".repeat(100); 100].join(",");
    assert_eq!(decoder.decode(row.as_bytes()).unwrap().unwrap().len(), 100);
}

proptest! {
    /// Whatever stands in the fields, the scan cuts rows where the writer ended them.
    #[test]
    fn rows_end_where_they_were_ended(rows in prop::collection::vec(("[a,\"\n\r ]{0,6}", "[a,\"\n\r ]{0,6}"), 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.serialize(row).unwrap());
        let bytes = writer.into_inner().unwrap();
        let mut decoder = CsvFormat::<(String, String)>::default().no_header().decoder(true);
        let (mut rest, mut found) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            let length = decoder.row_length(rest).unwrap();
            let (row, tail) = rest.split_at(length);
            found.extend(decoder.decode(row).unwrap());
            rest = tail;
        }
        prop_assert_eq!(found, rows);
    }
}
