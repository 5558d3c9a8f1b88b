//! Where a CSV row ends if its fields may contain newlines.

/// What the scan is inside of.
#[derive(Clone, Copy)]
enum Inside {
    /// The start of a field: only here a quote opens one that is quoted.
    Start,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: its end, or the first half of an escaped quote.
    Quote,
}

/// The length of the first row including its line end; `None` if it does not end in `bytes`. Quotes
/// mean here exactly what they mean to the parser that the row is handed to.
pub(super) fn quoted_row_length(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut inside = Inside::Start;
    for (at, byte) in bytes.iter().enumerate() {
        inside = match (inside, *byte) {
            (Inside::Quoted, b'"') => Inside::Quote,
            (Inside::Quoted, _) => Inside::Quoted,
            (_, b'\n') => return Some(at + 1),
            (Inside::Start | Inside::Quote, b'"') => Inside::Quoted,
            (_, byte) if byte == delimiter => Inside::Start,
            _ => Inside::Plain,
        };
    }
    None
}
