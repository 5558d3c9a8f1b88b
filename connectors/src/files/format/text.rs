//! Plain text, a record a line.

use super::{Decoder, Format, RowError, without_line_end};

/// Lines of UTF-8 text, without their line ends. An empty line is a record too.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextFormat;

/// Decodes lines of text.
#[derive(Debug)]
pub struct TextDecoder;

impl Format for TextFormat {
    type Record = String;
    type Decoder = TextDecoder;

    fn kind(&self) -> &'static str {
        "text files"
    }

    fn decoder(&self, _whole: bool) -> TextDecoder {
        TextDecoder
    }
}

impl Decoder for TextDecoder {
    type Record = String;

    #[inline]
    fn decode(&mut self, row: &[u8]) -> Result<Option<String>, RowError> {
        match std::str::from_utf8(without_line_end(row)) {
            Ok(line) => Ok(Some(line.to_owned())),
            Err(error) => Err(RowError::new(format!("not UTF-8: {error}"))),
        }
    }
}
