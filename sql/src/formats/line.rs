//! What surrounds a row in a file.

use std::str;

use crate::chunk::ValueError;

/// A row without its line end: `\n` or `\r\n`.
pub(super) fn without_line_end(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// A row without the mark that some programs put at the start of a UTF-8 file.
pub(super) fn without_byte_order_mark(row: &[u8]) -> &[u8] {
    row.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(row)
}

/// A row as text.
pub(super) fn text(row: &[u8]) -> Result<&str, ValueError> {
    str::from_utf8(row).map_err(|error| {
        ValueError::new(format!("the row is not UTF-8 from byte {} on", error.valid_up_to() + 1))
    })
}
