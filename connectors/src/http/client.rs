//! The client of HTTP.

use std::path::Path;
use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};
use reqwest::Client;
use reqwest::redirect::Policy;
use url::Url;

use super::headers::Headers;
use crate::tls_failure;

/// A connection that nothing comes through is probed so often, so that one is noticed whose server is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A client that sends these headers with each request, and trusts the certificates in this file beside those of the system.
pub(super) fn client(
    headers: &Headers,
    root_certificates: Option<&Path>,
    connect_timeout: Duration,
    redirects: Policy,
) -> Result<Client> {
    let headers = headers.map().map_err(|problem| Error::new(ErrorKind::InvalidJob, problem))?;
    Client::builder()
        .default_headers(headers)
        .connect_timeout(connect_timeout)
        .tcp_keepalive(KEEP_ALIVE)
        .redirect(redirects)
        .tls_backend_preconfigured(crate::tls::client_config_trusting(root_certificates)?)
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::InvalidJob, "a client of HTTP cannot be made").caused_by(error)
        })
}

/// What is wrong with a URL, if it has none of these schemes, or no host.
pub(super) fn url_problem(url: &str, schemes: [&str; 2]) -> Option<String> {
    let expected = || format!("write {}://host/path or {}://host/path", schemes[0], schemes[1]);
    match Url::parse(url) {
        Err(error) => Some(format!("`{url}` is no URL: {error}: {}", expected())),
        Ok(parsed) if !schemes.contains(&parsed.scheme()) => {
            Some(format!("`{url}` has the scheme `{}`: {}", parsed.scheme(), expected()))
        }
        Ok(parsed) if !parsed.has_host() => Some(format!("`{url}` has no host: {}", expected())),
        Ok(_) => None,
    }
}

/// A URL for errors and logs: what identifies its user is left out, and what is asked for.
pub(super) fn shown(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    // Neither fails where there is a host.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_query(None);
    parsed.to_string()
}

/// The error of a job whose server is not trusted; `None` if an error is about something else.
pub(super) fn untrusted(url: &str, error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let distrust = tls_failure::find(error).filter(|error| tls_failure::is_distrust(error))?;
    let problem = format!(
        "`{}` is not trusted: {}: if its certificate is signed by somebody whom the system does not know, name a file with \
         theirs in `root_certificates` (in SQL `tls.root-certificates`)",
        shown(url),
        distrust
    );
    Some(Error::new(ErrorKind::InvalidJob, problem))
}

/// The causes of an error, outermost last, without the URL, which may have a secret in it.
pub(super) fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        causes.push(error.to_string());
        source = error.source();
    }
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_asked_are_refused() {
        let problem = |url| url_problem(url, ["http", "https"]);
        assert_eq!(problem("https://example.com/a?b=c"), None);
        assert!(problem("example.com").unwrap().contains("is no URL"));
        assert!(problem("ws://example.com").unwrap().contains("has the scheme `ws`: write http://host/path"));
        assert!(problem("http://").unwrap().contains("is no URL"));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown("https://me:secret@example.com/a?token=secret"), "https://example.com/a");
        assert_eq!(shown("nothing"), "nothing");
    }
}
