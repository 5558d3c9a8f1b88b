//! What a client of the endpoint asks for.

/// What a client asks for, as far as it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The metrics, or the head of that answer.
    Metrics {
        only_head: bool,
    },
    OtherPath,
    OtherMethod,
    /// Its end has not come yet.
    Incomplete,
    TooLong,
    Malformed,
}

/// More headers than any client of this sends.
const HEADERS: usize = 64;

impl Request {
    /// Reads a request from the bytes that have come.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(httparse::Status::Partial) => return Self::Incomplete,
            Err(httparse::Error::TooManyHeaders) => return Self::TooLong,
            Err(_) => return Self::Malformed,
            Ok(httparse::Status::Complete(_)) => {}
        }
        let path = request.path.and_then(|path| path.split('?').next());
        match (request.method, path) {
            (Some(method @ ("GET" | "HEAD")), Some("/" | "/metrics")) => {
                Self::Metrics { only_head: method == "HEAD" }
            }
            (Some("GET" | "HEAD"), _) => Self::OtherPath,
            _ => Self::OtherMethod,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let parse = |line: &str| Request::parse(format!("{line} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes());
        assert_eq!(parse("GET /metrics"), Request::Metrics { only_head: false });
        assert_eq!(parse("GET /metrics?name[]=x"), Request::Metrics { only_head: false });
        assert_eq!(parse("HEAD /"), Request::Metrics { only_head: true });
        assert_eq!(parse("GET /secrets"), Request::OtherPath);
        assert_eq!(parse("POST /metrics"), Request::OtherMethod);
        assert_eq!(Request::parse(b"GET /metrics HTTP/1.1\r\nHost: he"), Request::Incomplete);
        assert_eq!(Request::parse(b"\x16\x03\x01\x02\x00"), Request::Malformed);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
        assert_eq!(Request::parse(many.as_bytes()), Request::TooLong);
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::parse(&bytes);
        }
    }
}
