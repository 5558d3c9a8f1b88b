//! The options of stores: out of the environment, out of a program, out of a URL.

use std::time::Duration;

use url::form_urlencoded;

use super::provider::Provider;
use crate::suggestion::nearest;
use crate::{Result, StateError};

/// How often a request is tried again unless said otherwise.
const MAX_RETRIES: usize = 12;
/// For how long a request is tried again unless said otherwise. The credentials that it was signed with must last.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);

/// What must not stand in a URL, with and without the prefix of a provider.
const SECRETS: &[&str] = &[
    "access_key",
    "access_key_id",
    "account_key",
    "bearer_token",
    "client_secret",
    "encryption_key",
    "fabric_session_token",
    "master_key",
    "sas_key",
    "sas_token",
    "secret_access_key",
    "service_account_key",
    "session_token",
    "sse_customer_key_base64",
    "storage_access_key",
    "storage_account_key",
    "storage_account_master_key",
    "storage_client_secret",
    "storage_sas_key",
    "storage_sas_token",
    "storage_token",
    "token",
];

/// What is suggested to those who misspell an option: those that can stand in a URL.
const COMMON: &[&str] = &[
    "allow_http",
    "allow_invalid_certificates",
    "checksum_algorithm",
    "connect_timeout",
    "disable_bulk_delete",
    "disable_tagging",
    "endpoint",
    "max_retries",
    "metadata_endpoint",
    "proxy_url",
    "read_timeout",
    "region",
    "request_payer",
    "retry_timeout",
    "s3_express",
    "server_side_encryption",
    "skip_signature",
    "timeout",
    "unsigned_payload",
    "use_emulator",
    "user_agent",
    "virtual_hosted_style_request",
];

/// The options of one store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gathered {
    /// Those of the provider; later ones win.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) max_retries: usize,
    pub(super) retry_timeout: Duration,
}

/// The place that a URL names, and the options behind it, which begin with `?`. A path of the local disk has none.
pub fn split_options(location: &str) -> (&str, &str) {
    let is_local = location.starts_with("file:") || !location.contains("://");
    match location.find('?').filter(|_| !is_local) {
        Some(at) => location.split_at_checked(at).unwrap_or((location, "")),
        None => (location, ""),
    }
}

/// The place of this name below a path or URL, with the same options.
pub fn child_of(location: &str, name: &str) -> String {
    let (place, options) = split_options(location);
    format!("{}/{name}{options}", place.trim_end_matches('/'))
}

/// The options of a store: of the environment, over those the program's, over those the ones in the URL.
///
/// # Errors
/// [`StateError::Usage`] for an option that there is not, or that must not stand in a URL.
pub(super) fn gather(
    provider: Provider,
    set: &[(String, String)],
    query: &str,
    location: &str,
) -> Result<Gathered> {
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?.to_ascii_lowercase(), value.into_string().ok()?))
    });
    gather_from(provider, environment, set, query, location)
}

fn gather_from(
    provider: Provider,
    environment: impl Iterator<Item = (String, String)>,
    set: &[(String, String)],
    query: &str,
    location: &str,
) -> Result<Gathered> {
    let mut gathered = Gathered { pairs: Vec::new(), max_retries: MAX_RETRIES, retry_timeout: RETRY_TIMEOUT };
    // The environment has much that is for others. An empty variable is one that is not set.
    let own = environment.filter(|(name, value)| {
        name.starts_with(provider.prefix()) && provider.has_option(name) && !value.is_empty()
    });
    gathered.pairs.extend(own);
    for (name, value) in set {
        gathered.take(provider, name, value)?;
    }
    for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        refuse_secret(&name, location)?;
        gathered.take(provider, &name, &value)?;
    }
    gathered.allow_http();
    Ok(gathered)
}

impl Gathered {
    fn take(&mut self, provider: Provider, name: &str, value: &str) -> Result<()> {
        let invalid = |what: &str| {
            StateError::Usage(format!(
                "the option `{name}` of an object store must be {what}, and not `{value}`"
            ))
        };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "max_retries" => self.max_retries = value.parse().map_err(|_| invalid("a number"))?,
            "retry_timeout" => {
                let seconds = value.trim_end_matches('s').parse();
                self.retry_timeout =
                    Duration::from_secs(seconds.map_err(|_| invalid("a number of seconds"))?);
            }
            _ if provider.has_option(&name) => self.pairs.push((name, value.to_owned())),
            // It is for the stores of somebody else.
            _ if Provider::ALL.iter().any(|other| *other != provider && other.has_option(&name)) => {}
            _ => return Err(unknown(&name)),
        }
        Ok(())
    }

    /// Takes an endpoint that begins with `http://` at its word, unless that is forbidden.
    fn allow_http(&mut self) {
        let is_said = self.pairs.iter().any(|(name, _)| name.ends_with("allow_http"));
        let mut endpoints = self.pairs.iter().filter(|(name, _)| name.contains("endpoint"));
        let is_http = |value: &str| value.trim().to_ascii_lowercase().starts_with("http://");
        if !is_said && endpoints.next_back().is_some_and(|(_, value)| is_http(value)) {
            self.pairs.push(("allow_http".to_owned(), "true".to_owned()));
        }
    }
}

fn refuse_secret(name: &str, location: &str) -> Result<()> {
    let name = name.to_ascii_lowercase();
    let prefixes = Provider::ALL.iter().map(|provider| provider.prefix());
    let bare = prefixes.fold(name.as_str(), |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
    if SECRETS.contains(&bare) {
        let (place, _) = split_options(location);
        return Err(StateError::Usage(format!(
            "`{place}`: the option `{name}` must not stand in a URL, which ends up in logs: say it by an environment variable"
        )));
    }
    Ok(())
}

fn unknown(name: &str) -> StateError {
    let prefixes = Provider::ALL.iter().map(|provider| provider.prefix());
    let bare = prefixes.fold(name, |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
    let hint = match nearest(bare, COMMON) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("common ones are {}", COMMON.join(", ")),
    };
    StateError::Usage(format!("no object store has the option `{name}`; {hint}"))
}

#[cfg(test)]
mod tests;
