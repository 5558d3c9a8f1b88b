//! Events of a stream, as
//! [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation) say it.

use std::time::Duration;

use bytes::Bytes;
use memchr::memchr2;
use millstream_runtime::{Error, ErrorKind, Result};

use crate::delimited::LONGEST_RECORD;
use crate::http::message::Message;

/// What a stream may begin with, and what is no part of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the events of a stream.
#[derive(Default)]
pub(super) struct EventStream {
    /// What came behind the last end of a line.
    rest: Vec<u8>,
    has_begun: bool,
    /// A line feed that comes next belongs to the carriage return before.
    skips_line_feed: bool,
    data: Vec<u8>,
    event_type: Vec<u8>,
    id: Option<String>,
    /// The id of the last event that is complete, if one has set it.
    last_event_id: Option<String>,
    retry: Option<Duration>,
}

impl EventStream {
    /// Appends the events that `bytes` complete.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if there is no end of an event.
    pub(super) fn feed(&mut self, bytes: &[u8], messages: &mut Vec<Message>) -> Result<()> {
        self.rest.extend_from_slice(bytes);
        if !self.has_begun {
            if self.rest.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.rest) {
                return Ok(());
            }
            self.has_begun = true;
            if self.rest.starts_with(BYTE_ORDER_MARK) {
                self.rest.drain(..BYTE_ORDER_MARK.len());
            }
        }
        let rest = std::mem::take(&mut self.rest);
        let mut left = rest.as_slice();
        while !left.is_empty() {
            if std::mem::take(&mut self.skips_line_feed) {
                left = left.strip_prefix(b"\n").unwrap_or(left);
            }
            let Some((line, behind)) = memchr2(b'\n', b'\r', left).and_then(|end| left.split_at_checked(end))
            else {
                break;
            };
            self.skips_line_feed = behind.starts_with(b"\r");
            left = behind.get(1..).unwrap_or_default();
            self.line(line, messages);
        }
        self.rest = left.to_vec();
        let length = self.rest.len() + self.data.len();
        if length <= LONGEST_RECORD {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            format!("{length} bytes of an event without its end: does the server send `text/event-stream`?"),
        ))
    }

    fn line(&mut self, line: &[u8], messages: &mut Vec<Message>) {
        if line.is_empty() {
            return self.dispatch(messages);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at_checked(colon).unwrap_or((line, b""));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.event_type = value.to_vec(),
            b"id" if !value.contains(&0) => self.id = Some(String::from_utf8_lossy(value).into_owned()),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let digits = std::str::from_utf8(value).ok();
                self.retry = digits.and_then(|digits| digits.parse().ok()).map(Duration::from_millis);
            }
            // A comment begins with a colon, and others are to be passed over.
            _ => {}
        }
    }

    /// The event is complete. One without data is none, but its id counts.
    fn dispatch(&mut self, messages: &mut Vec<Message>) {
        if let Some(id) = &self.id {
            self.last_event_id = Some(id.clone());
        }
        let event_type = std::mem::take(&mut self.event_type);
        let mut data = std::mem::take(&mut self.data);
        if data.pop().is_none() {
            return;
        }
        let event_type =
            (!event_type.is_empty()).then(|| String::from_utf8_lossy(&event_type).into_owned().into());
        messages.push(Message { body: Bytes::from(data), event_type });
    }

    /// The id of the last event, if this stream has set one; an empty one says that there is none any more.
    pub(super) fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }

    /// How long the server wants to be left alone when the stream has ended, if it has said so.
    pub(super) const fn retry(&self) -> Option<Duration> {
        self.retry
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The events of a stream, with their types, and the last id.
    fn events(pieces: &[&[u8]]) -> (Vec<(String, Option<String>)>, Option<String>) {
        let (mut stream, mut messages) = (EventStream::default(), Vec::new());
        pieces.iter().for_each(|piece| stream.feed(piece, &mut messages).unwrap());
        let text = |message: Message| {
            (String::from_utf8(message.body.to_vec()).unwrap(), message.event_type.map(String::from))
        };
        (messages.into_iter().map(text).collect(), stream.last_event_id)
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let cases: [(&str, &[&str], Option<&str>); 12] = [
            ("data: a\n\ndata:b\n\n", &["a", "b"], None),
            ("data: a\r\ndata: b\r\n\r\n", &["a\nb"], None),
            ("data: a\rdata:  b\r\r", &["a\n b"], None),
            ("id: 1\ndata: a\n\nid: 2\ndata: half", &["a"], Some("1")),
            ("id: 1\ndata: a\n\nid\ndata: b\n\n", &["a", "b"], Some("")),
            ("id: 1\n\n", &[], Some("1")),
            ("id: a\0b\ndata: a\n\n", &["a"], None),
            (": comment\n\n:\n\n", &[], None),
            ("data\n\n", &[""], None),
            ("data\ndata\n\n", &["\n"], None),
            ("event: x\n\ndata: a\nother: b\n\n", &["a"], None),
            ("\u{feff}data: a\n\n", &["a"], None),
        ];
        for (text, expected, id) in cases {
            let (events, last) = events(&[text.as_bytes()]);
            let data: Vec<_> = events.into_iter().map(|(data, _)| data).collect();
            assert_eq!(
                (data.as_slice(), last.as_deref()),
                (expected.map_to_strings().as_slice(), id),
                "{text:?}"
            );
        }
    }

    trait MapToStrings {
        fn map_to_strings(&self) -> Vec<String>;
    }

    impl MapToStrings for &[&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }

    #[test]
    fn an_event_has_a_type_and_a_stream_says_when_to_come_back() {
        let (mut stream, mut messages) = (EventStream::default(), Vec::new());
        stream.feed(b"retry: 250\nevent: tick\ndata: 1\n\nretry: soon\ndata: 2\n\n", &mut messages).unwrap();
        let types: Vec<_> = messages.iter().map(|message| message.event_type.as_deref()).collect();
        assert_eq!(
            (types.as_slice(), stream.retry()),
            ([Some("tick"), None].as_slice(), Some(Duration::from_millis(250)))
        );
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let (mut stream, mut messages) = (EventStream::default(), Vec::new());
        let piece = [b"data: ".as_slice(), &vec![b'a'; LONGEST_RECORD / 2], b"\n"].concat();
        stream.feed(&piece, &mut messages).unwrap();
        let error = stream.feed(&piece, &mut messages).unwrap_err();
        assert!(error.to_string().contains("bytes of an event without its end"), "{error}");
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_bytes_come(
            text in "(\u{feff})?(data: a|id: [0-9]|event: b|:c|\r|\n|\r\n){0,20}",
            cuts in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[bytes]));
        }
    }
}
