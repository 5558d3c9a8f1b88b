//! From bytes that come in pieces to the records between delimiters: lines, as a rule.

use memchr::memmem::Finder;
use millstream_runtime::{Error, ErrorKind, Result};

/// A record is this long at most, in bytes: what has no end would fill the memory.
pub(crate) const LONGEST_RECORD: usize = 64 << 20;

/// Cuts what it is given into records.
pub(crate) struct Delimited {
    /// What the bytes come from, for errors.
    origin: &'static str,
    delimiter: Finder<'static>,
    /// What came behind the last delimiter.
    rest: Vec<u8>,
    /// So much of it has been searched, and no delimiter begins there.
    searched: usize,
}

impl Delimited {
    /// `origin` is what the bytes come from, in words that follow "bytes of".
    pub(crate) fn new(origin: &'static str, delimiter: &str) -> Self {
        Self { origin, delimiter: Finder::new(delimiter).into_owned(), rest: Vec::new(), searched: 0 }
    }

    /// Hands over the records that `bytes` complete.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if there is no end of a record.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
        self.rest.extend_from_slice(bytes);
        let length = self.delimiter.needle().len();
        let mut start = 0;
        while let Some(found) =
            self.rest.get(self.searched..).and_then(|unsearched| self.delimiter.find(unsearched))
        {
            let end = self.searched + found;
            self.rest
                .get(start..end)
                .map(|record| self.without_return(record))
                .into_iter()
                .for_each(&mut each);
            start = end + length;
            self.searched = start;
        }
        self.rest.drain(..start);
        // A delimiter may have begun at the end.
        self.searched = (self.rest.len() + 1).saturating_sub(length);
        if self.rest.len() <= LONGEST_RECORD {
            return Ok(());
        }
        let problem = format!(
            "{} bytes of {} without a delimiter ({:?}): is it the one that the server sends?",
            self.rest.len(),
            self.origin,
            String::from_utf8_lossy(self.delimiter.needle())
        );
        Err(Error::new(ErrorKind::InvalidInput, problem))
    }

    /// No more follows: what came behind the last delimiter is a record, unless there was nothing.
    pub(crate) fn end(&mut self) -> Option<Vec<u8>> {
        let record = std::mem::take(&mut self.rest);
        self.searched = 0;
        (!record.is_empty()).then(|| self.without_return(&record).to_vec())
    }

    /// Forgets what came behind the last delimiter.
    #[cfg(feature = "socket")]
    pub(crate) fn clear(&mut self) {
        self.rest.clear();
        self.searched = 0;
    }

    fn without_return<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        let is_line = self.delimiter.needle() == b"\n";
        record.strip_suffix(b"\r").filter(|_| is_line).unwrap_or(record)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(delimiter: &str, pieces: &[&[u8]]) -> Vec<String> {
        let (mut delimited, mut records) = (Delimited::new("the test", delimiter), Vec::new());
        let text = |record: &[u8]| String::from_utf8_lossy(record).into_owned();
        for piece in pieces {
            delimited.feed(piece, |record| records.push(text(record))).unwrap();
        }
        records.extend(delimited.end().map(|record| text(&record)));
        records
    }

    /// A delimiter, the pieces that come, and the records in them.
    type Case = (&'static str, &'static [&'static [u8]], &'static [&'static str]);

    #[test]
    fn records_stand_between_delimiters() {
        let cases: [Case; 7] = [
            ("\n", &[b"a\nb\n"], &["a", "b"]),
            ("\n", &[b"a\r\n\r\nb\r"], &["a", "", "b"]),
            ("\n", &[b"a", b"", b"b\nc"], &["ab", "c"]),
            ("--", &[b"a-", b"-b-c--", b"-d"], &["a", "b-c", "-d"]),
            ("|", &[b"a\r|b\nc|"], &["a\r", "b\nc"]),
            ("\n", &[b"\xc3", b"\xa4\n\xff\n"], &["ä", "\u{fffd}"]),
            ("\n", &[], &[]),
        ];
        for (delimiter, pieces, expected) in cases {
            assert_eq!(records(delimiter, pieces), expected, "{delimiter:?} {pieces:?}");
        }
    }

    #[test]
    fn a_record_without_an_end_is_refused() {
        let mut delimited = Delimited::new("the socket", "\n");
        let piece = vec![b'a'; LONGEST_RECORD / 2];
        delimited.feed(&piece, |_| ()).unwrap();
        delimited.feed(&piece, |_| ()).unwrap();
        let error = delimited.feed(b"a", |_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("the socket without a delimiter (\"\\n\")"), "{error}");
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_how_the_bytes_come(
            text in "[ab;]{0,40}",
            delimiter in "[ab;]{1,3}",
            cuts in proptest::collection::vec(0_usize..40, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let mut expected: Vec<&str> = text.split(&delimiter).collect();
            expected.pop_if(|last| last.is_empty());
            prop_assert_eq!(records(&delimiter, &pieces), expected);
        }
    }
}
