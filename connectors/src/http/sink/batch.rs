//! Records that are sent together.

use std::time::Duration;

use super::serializer::JSON;

/// What stands around records that are sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchFormat {
    /// An array of JSON: brackets around them, and commas between them.
    JsonArray,
    /// A line each: a line feed behind each of them.
    Lines,
}

/// When records are sent that wait for others.
#[derive(Clone, Debug)]
pub(super) struct Batching {
    /// `None` for records one by one, with nothing around them.
    pub(super) format: Option<BatchFormat>,
    /// Above 0.
    pub(super) most_records: usize,
    pub(super) most_bytes: usize,
    /// Zero for no limit.
    pub(super) interval: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self { format: None, most_records: 1, most_bytes: 1 << 20, interval: Duration::from_secs(1) }
    }
}

impl Batching {
    /// The media type of requests, where that of records is known.
    pub(super) fn content_type(&self, of_records: Option<&'static str>) -> Option<&'static str> {
        match self.format {
            None => of_records,
            Some(BatchFormat::JsonArray) => Some(JSON),
            Some(BatchFormat::Lines) if of_records == Some(JSON) => Some("application/x-ndjson"),
            Some(BatchFormat::Lines) => of_records,
        }
    }
}

/// A request under construction.
#[derive(Default)]
pub(super) struct Gathering {
    body: Vec<u8>,
    records: u64,
}

/// The body of a request, and how many records are in it.
pub(super) type Body = (Vec<u8>, u64);

impl Gathering {
    pub(super) const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Adds a record; hands over the bodies that are full by that: what was gathered before, if the record is too long for it,
    /// and what is gathered now.
    pub(super) fn add(&mut self, record: &[u8], batching: &Batching, full: &mut Vec<Body>) {
        if !self.is_empty() && self.body.len() + record.len() > batching.most_bytes {
            full.extend(self.take(batching));
        }
        if batching.format == Some(BatchFormat::JsonArray) {
            self.body.push(if self.is_empty() { b'[' } else { b',' });
        }
        self.body.extend_from_slice(record);
        if batching.format == Some(BatchFormat::Lines) {
            self.body.push(b'\n');
        }
        self.records += 1;
        if self.records >= batching.most_records as u64 || self.body.len() >= batching.most_bytes {
            full.extend(self.take(batching));
        }
    }

    /// What was gathered; `None` if that is nothing.
    pub(super) fn take(&mut self, batching: &Batching) -> Option<Body> {
        if self.is_empty() {
            return None;
        }
        let Self { mut body, records } = std::mem::take(self);
        if batching.format == Some(BatchFormat::JsonArray) {
            body.push(b']');
        }
        Some((body, records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(format: Option<BatchFormat>, records: usize, bytes: usize, all: &[&str]) -> Vec<(String, u64)> {
        let batching = Batching { format, most_records: records, most_bytes: bytes, ..Batching::default() };
        let (mut gathering, mut full) = (Gathering::default(), Vec::new());
        all.iter().for_each(|record| gathering.add(record.as_bytes(), &batching, &mut full));
        full.extend(gathering.take(&batching));
        assert!(gathering.take(&batching).is_none(), "nothing is left");
        full.into_iter().map(|(body, records)| (String::from_utf8(body).unwrap(), records)).collect()
    }

    #[test]
    fn records_are_framed_and_cut_into_requests() {
        let of = |bodies: &[(&str, u64)]| -> Vec<_> {
            bodies.iter().map(|(body, records)| ((*body).to_owned(), *records)).collect()
        };
        let array = Some(BatchFormat::JsonArray);
        assert_eq!(bodies(None, 1, 100, &["1", "2"]), of(&[("1", 1), ("2", 1)]));
        assert_eq!(bodies(array, 2, 100, &["1", "2", "3"]), of(&[("[1,2]", 2), ("[3]", 1)]));
        assert_eq!(
            bodies(Some(BatchFormat::Lines), 2, 100, &["1", "2", "3"]),
            of(&[("1\n2\n", 2), ("3\n", 1)])
        );
        // The bytes count, too, and a long record is sent on its own.
        assert_eq!(
            bodies(array, 9, 6, &["1", "2", "34567890", "4"]),
            of(&[("[1,2]", 2), ("[34567890]", 1), ("[4]", 1)])
        );
        assert_eq!(bodies(array, 9, 100, &[]), []);
    }

    #[test]
    fn lines_of_json_have_a_media_type_of_their_own() {
        let of = |format| Batching { format, ..Batching::default() }.content_type(Some(JSON));
        assert_eq!(of(None), Some(JSON));
        assert_eq!(of(Some(BatchFormat::JsonArray)), Some(JSON));
        assert_eq!(of(Some(BatchFormat::Lines)), Some("application/x-ndjson"));
    }
}
