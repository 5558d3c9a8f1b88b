//! CSV (RFC 4180), read with `serde`.

mod scan;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use csv::ByteRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use millstream_state::Record;

use super::{Decoder, Format, RowError, without_byte_order_mark, without_line_end};
use scan::quoted_row_length;

/// CSV with a header row, whose names are matched with the fields of `T`. Blank lines are passed over.
#[derive(Debug)]
pub struct CsvFormat<T> {
    delimiter: u8,
    has_header: bool,
    _record: PhantomData<fn() -> T>,
}

impl<T> Clone for CsvFormat<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> Default for CsvFormat<T> {
    fn default() -> Self {
        Self { delimiter: b',', has_header: true, _record: PhantomData }
    }
}

impl<T> CsvFormat<T> {
    /// The same format with another character between the fields.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// The same format without a header row: columns are matched by their order.
    #[must_use]
    pub fn no_header(self) -> Self {
        Self { has_header: false, ..self }
    }
}

impl<T: Record> Format for CsvFormat<T> {
    type Record = T;
    type Decoder = CsvDecoder<T>;

    fn kind(&self) -> &'static str {
        "CSV files"
    }

    fn has_header(&self) -> bool {
        self.has_header
    }

    fn decoder(&self, whole: bool) -> CsvDecoder<T> {
        let reader =
            ReaderBuilder::new().delimiter(self.delimiter).terminator(Terminator::Any(b'\n')).build();
        CsvDecoder {
            reader,
            delimiter: self.delimiter,
            whole,
            header: None,
            row: ByteRecord::new(),
            text: vec![0; 1024],
            ends: vec![0; 32],
            _record: PhantomData,
        }
    }
}

/// Decodes rows of CSV.
pub struct CsvDecoder<T> {
    reader: Reader,
    delimiter: u8,
    whole: bool,
    header: Option<ByteRecord>,
    /// The row at hand, kept for its memory.
    row: ByteRecord,
    /// Where the parser puts the fields' text, and where each ends in it.
    text: Vec<u8>,
    ends: Vec<usize>,
    _record: PhantomData<fn() -> T>,
}

impl<T> CsvDecoder<T> {
    /// Splits a row into the fields of `self.row`.
    fn parse(&mut self, row: &[u8]) -> Result<(), RowError> {
        let (mut text_length, mut fields) = (0, 0);
        // The line end is handed over by itself, so that a `\r` before it is no part of a field.
        for (mut input, is_last) in [(row, false), (b"\n".as_slice(), true)] {
            while !input.is_empty() {
                let text = self.text.get_mut(text_length..).unwrap_or_default();
                let ends = self.ends.get_mut(fields..).unwrap_or_default();
                let (result, read, written, ended) = self.reader.read_record(input, text, ends);
                input = input.get(read..).unwrap_or_default();
                text_length += written;
                fields += ended;
                match result {
                    ReadRecordResult::InputEmpty if is_last => {
                        self.reader.reset();
                        return Err(RowError::new(if self.whole {
                            "a quoted field is not closed"
                        } else {
                            "a quoted field is not closed on its line; if fields contain newlines, \
                             read the files whole"
                        }));
                    }
                    ReadRecordResult::InputEmpty => break,
                    ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                    ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                    ReadRecordResult::Record if is_last => break,
                    ReadRecordResult::Record | ReadRecordResult::End => {
                        self.reader.reset();
                        return Err(RowError::new("there is a newline outside of quotes"));
                    }
                }
            }
        }
        self.row.clear();
        let mut start = 0;
        for end in self.ends.iter().take(fields) {
            self.row.push_field(self.text.get(start..*end).unwrap_or_default());
            start = *end;
        }
        Ok(())
    }

    /// What the error of a deserialiser means, with the column it happened in.
    fn row_error(&self, error: &csv::Error) -> RowError {
        let csv::ErrorKind::Deserialize { err, .. } = error.kind() else {
            return RowError::new(error.to_string());
        };
        let index = err.field().and_then(|index| usize::try_from(index).ok());
        let Some(index) = index else { return RowError::new(err.kind().to_string()) };
        let name = self.header.as_ref().and_then(|header| header.get(index));
        let column =
            name.map_or_else(|| (index + 1).to_string(), |name| String::from_utf8_lossy(name).into_owned());
        let found = String::from_utf8_lossy(self.row.get(index).unwrap_or_default());
        RowError { column: Some(column), problem: format!("{} (found `{found}`)", err.kind()) }
    }
}

impl<T: Record> Decoder for CsvDecoder<T> {
    type Record = T;

    fn header(&mut self, row: &[u8]) -> Result<(), RowError> {
        self.parse(without_byte_order_mark(without_line_end(row)))?;
        self.header = Some(self.row.clone());
        Ok(())
    }

    #[inline]
    fn row_length(&mut self, bytes: &[u8]) -> Option<usize> {
        let newline = memchr::memchr(b'\n', bytes);
        if !self.whole {
            return newline.map(|newline| newline + 1);
        }
        let line = newline.and_then(|newline| bytes.get(..=newline));
        match memchr::memchr(b'"', line.unwrap_or(bytes)) {
            None => line.map(<[u8]>::len),
            Some(_) => quoted_row_length(bytes, self.delimiter),
        }
    }

    fn decode(&mut self, row: &[u8]) -> Result<Option<T>, RowError> {
        let row = without_line_end(row);
        if row.is_empty() {
            return Ok(None);
        }
        self.parse(row)?;
        if let Some(header) = self.header.as_ref().filter(|header| header.len() != self.row.len()) {
            let problem = format!("{} columns, but the header has {}", self.row.len(), header.len());
            return Err(RowError::new(problem));
        }
        self.row.deserialize(self.header.as_ref()).map(Some).map_err(|error| self.row_error(&error))
    }
}
