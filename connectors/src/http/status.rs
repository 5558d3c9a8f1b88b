//! What an answer's status and headers say about trying again.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// What an answer means for whoever has asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Accepted,
    /// The same may be accepted later: after so long, if the server says it.
    Later(Option<Duration>),
    /// The same is refused again.
    Refused,
}

impl Verdict {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        match status {
            _ if status.is_success() => Self::Accepted,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Self::Later(retry_after(headers))
            }
            _ if status.is_server_error() => Self::Later(retry_after(headers)),
            _ => Self::Refused,
        }
    }
}

/// How long the server wants to be left alone. A point in time is compared with the server's own clock, as far as it says what
/// that is: ours may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, now) = (httpdate::parse_http_date(after).ok()?, httpdate::parse_http_date(text(DATE)?).ok()?);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn what_cannot_be_mended_by_waiting_is_refused() {
        let cases = [
            (200, Verdict::Accepted),
            (202, Verdict::Accepted),
            (204, Verdict::Accepted),
            (301, Verdict::Refused),
            (400, Verdict::Refused),
            (404, Verdict::Refused),
            (408, Verdict::Later(None)),
            (429, Verdict::Later(None)),
            (500, Verdict::Later(None)),
            (503, Verdict::Later(None)),
        ];
        for (status, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Verdict::of(status, &HeaderMap::new()), expected, "{status}");
        }
    }

    #[test]
    fn a_server_says_when_it_may_be_asked_again() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("7", None, Some(7)),
            (" 0 ", None, Some(0)),
            ("Sun, 06 Nov 1994 08:50:00 GMT", Some(date), Some(23)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(date), Some(0)),
            ("Sun, 06 Nov 1994 08:50:00 GMT", None, None),
            ("-3", None, None),
            ("soon", Some(date), None),
        ];
        for (after, now, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            now.map(|now| headers.insert(DATE, HeaderValue::from_static(now)));
            let verdict = Verdict::of(StatusCode::SERVICE_UNAVAILABLE, &headers);
            assert_eq!(verdict, Verdict::Later(seconds.map(Duration::from_secs)), "{after:?} {now:?}");
        }
    }
}
