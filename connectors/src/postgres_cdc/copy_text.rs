//! Reads rows in the text format of `COPY`, whose values are the same texts as in the stream of changes.

use bytes::{Bytes, BytesMut};
use millstream_runtime::{Error, ErrorKind, Result};

use super::record::ColumnValue;

/// Puts rows together out of pieces.
#[derive(Default)]
pub(super) struct CopyText {
    /// The beginning of a row whose end has not come.
    rest: BytesMut,
}

impl CopyText {
    /// Takes the next piece; hands each row that is whole to `take`.
    pub(super) fn feed(
        &mut self,
        piece: Bytes,
        columns: usize,
        mut take: impl FnMut(Vec<ColumnValue>) -> Result<()>,
    ) -> Result<()> {
        let mut bytes = if self.rest.is_empty() {
            piece
        } else {
            self.rest.extend_from_slice(&piece);
            std::mem::take(&mut self.rest).freeze()
        };
        // A newline inside a value is written as `\n`.
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let line = bytes.split_to(end);
            let _newline = bytes.split_to(1);
            take(row(&line, columns)?)?;
        }
        self.rest.extend_from_slice(&bytes);
        Ok(())
    }

    /// There are no more pieces.
    pub(super) fn end(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(damaged("the last row has no end")) }
    }
}

fn damaged(problem: &str) -> Error {
    Error::new(ErrorKind::External, format!("the server's answer to COPY cannot be read: {problem}"))
}

fn row(line: &Bytes, columns: usize) -> Result<Vec<ColumnValue>> {
    let mut values = Vec::with_capacity(columns);
    if columns > 0 {
        let mut start = 0;
        let ends = line.iter().enumerate().filter(|(_, byte)| **byte == b'\t').map(|(end, _)| end);
        for end in ends.chain([line.len()]) {
            values.push(value(line.slice(start..end))?);
            start = end + 1;
        }
    }
    if values.len() == columns { Ok(values) } else { Err(damaged("a row has another number of columns")) }
}

fn value(field: Bytes) -> Result<ColumnValue> {
    if field.as_ref() == b"\\N" {
        return Ok(ColumnValue::Null);
    }
    if !field.contains(&b'\\') {
        return Ok(ColumnValue::Text(field));
    }
    let mut text = BytesMut::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        text.extend_from_slice(&[match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match bytes.next().ok_or_else(|| damaged("an escape has no end"))? {
                b'b' => 0x08,
                b'f' => 0x0C,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 0x0B,
                other => *other,
            },
        }]);
    }
    Ok(ColumnValue::Text(text.freeze()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All rows of pieces.
    fn rows(pieces: &[&[u8]], columns: usize) -> Result<Vec<Vec<ColumnValue>>> {
        let (mut rows, mut copy) = (Vec::new(), CopyText::default());
        for piece in pieces {
            copy.feed(Bytes::copy_from_slice(piece), columns, |row| {
                rows.push(row);
                Ok(())
            })?;
        }
        copy.end()?;
        Ok(rows)
    }

    fn text(text: &str) -> ColumnValue {
        ColumnValue::Text(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn values_are_unescaped() {
        let read = rows(&[b"1\t\\N\t\n", br"\\N", b"\ta\\tb\\nc\\r\t\\\\\\b\\f\\v\n"], 3).unwrap();
        let expected = [
            vec![text("1"), ColumnValue::Null, text("")],
            vec![text("\\N"), text("a\tb\nc\r"), text("\\\u{8}\u{c}\u{b}")],
        ];
        assert_eq!(read, expected);
        assert_eq!(rows(&[b"\n\n"], 0).unwrap(), [vec![], vec![]], "a table without columns");
    }

    #[test]
    fn damage_is_an_error() {
        for (piece, columns, problem) in
            [(&b"1\t2\n"[..], 3, "number of columns"), (b"1", 1, "no end"), (b"1\\\n", 1, "escape")]
        {
            let error = rows(&[piece], columns).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    proptest! {
        #[test]
        fn pieces_may_end_anywhere(cut in 0..20_usize) {
            let whole = b"1\ta\\\\b\n2\t\\N\n3\t\\t\n";
            let cut = cut.min(whole.len());
            let (left, right) = whole.split_at(cut);
            prop_assert_eq!(rows(&[left, right], 2).unwrap(), rows(&[whole], 2).unwrap());
        }
    }
}
