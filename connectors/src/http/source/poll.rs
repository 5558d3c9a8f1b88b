//! What is at a URL, if it is not what was there before.

use reqwest::header::{ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{RequestBuilder, StatusCode};

use super::split::HttpSplit;

/// Says in a request what is known.
pub(super) fn conditional(mut request: RequestBuilder, known: &HttpSplit) -> RequestBuilder {
    if let Some(etag) = &known.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(since) = &known.last_modified {
        request = request.header(IF_MODIFIED_SINCE, since);
    }
    request
}

/// Keeps of an answer what identifies it.
pub(super) fn note(known: &mut HttpSplit, headers: &HeaderMap) {
    let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
    (known.etag, known.last_modified) = (text(ETAG), text(LAST_MODIFIED));
}

/// Whether an answer says that there is nothing new.
pub(super) fn is_unchanged(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT)
}
