//! The options of the connectors, apart from those of formats.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_connectors::http::{BatchFormat, DeliveryGuarantee, RetryPolicy, WebhookMethod};

use crate::connectors::Options;
use crate::connectors::options::parse_bytes;
use crate::error::{SqlError, SqlResult};

/// What `scan.mode` may be.
pub(super) const MODES: &str = "the modes are: event-stream, lines, poll";
/// How often a URL is asked for, unless the table says it.
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// How often in a row something is tried again, unless the table says it.
const ATTEMPTS: u32 = 10;

/// Where the server is.
pub(super) struct ServerOptions {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) root_certificates: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
}

impl ServerOptions {
    pub(super) fn take(options: &mut Options, schemes: [&str; 2]) -> SqlResult<Self> {
        let url = options.require("url")?;
        if !schemes.iter().any(|scheme| url.starts_with(&format!("{scheme}://"))) {
            return Err(invalid(
                "url",
                &url,
                &format!("it begins with {}:// or {}://", schemes[0], schemes[1]),
            ));
        }
        let headers = options.take_prefixed("headers.");
        let root_certificates = options.take("tls.root-certificates");
        let connect_timeout = options.duration("connection.timeout")?;
        Ok(Self { url, headers, root_certificates, connect_timeout })
    }
}

/// How a server is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanMode {
    EventStream,
    Lines,
    Poll(Duration),
}

impl ScanMode {
    pub(super) fn take(options: &mut Options) -> SqlResult<Option<Self>> {
        let mode = options.take("scan.mode");
        let interval = options.duration("scan.poll.interval")?;
        let mode = match mode.as_deref().map(str::trim) {
            None => None,
            Some("event-stream") => Some(Self::EventStream),
            Some("lines") => Some(Self::Lines),
            Some("poll") => Some(Self::Poll(interval.unwrap_or(POLL_INTERVAL))),
            Some(other) => return Err(invalid("scan.mode", other, MODES)),
        };
        if interval.is_some() && !matches!(mode, Some(Self::Poll(_))) {
            return Err(SqlError::validation("'scan.poll.interval' is for 'scan.mode' = 'poll' alone"));
        }
        Ok(mode)
    }
}

/// When a source connects again, and when it ends.
pub(super) struct SourceOptions {
    pub(super) reconnect: RetryPolicy,
    pub(super) ends_on_close: Option<bool>,
}

impl SourceOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let initial = Duration::from_millis(500);
        Ok(Self {
            reconnect: retry_policy(options, "scan.reconnect", initial)?,
            ends_on_close: options.boolean("scan.end-on-close")?,
        })
    }
}

/// How rows are sent.
pub(super) struct SinkOptions {
    pub(super) method: WebhookMethod,
    pub(super) batch_size: usize,
    pub(super) batch_format: Option<BatchFormat>,
    pub(super) batch_bytes: Option<usize>,
    pub(super) flush_interval: Option<Duration>,
    pub(super) in_flight: usize,
    pub(super) request_timeout: Option<Duration>,
    pub(super) retry: RetryPolicy,
    pub(super) skips_rejected: bool,
    pub(super) guarantee: DeliveryGuarantee,
    pub(super) key_header: Option<String>,
    pub(super) parallelism: Option<u32>,
}

impl SinkOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let method = match options.take("insert-method").as_deref().map(str::trim) {
            None | Some("POST") => WebhookMethod::Post,
            Some("PUT") => WebhookMethod::Put,
            Some("PATCH") => WebhookMethod::Patch,
            Some(other) => return Err(invalid("insert-method", other, "it must be POST, PUT or PATCH")),
        };
        let batch_format = match options.take("sink.batch.format").as_deref().map(str::trim) {
            None => None,
            Some("json-array") => Some(BatchFormat::JsonArray),
            Some("lines") => Some(BatchFormat::Lines),
            Some(other) => return Err(invalid("sink.batch.format", other, "it must be json-array or lines")),
        };
        let skips_rejected = match options.take("sink.on-rejection").as_deref().map(str::trim) {
            None | Some("fail") => false,
            Some("skip") => true,
            Some(other) => return Err(invalid("sink.on-rejection", other, "it must be fail or skip")),
        };
        let guarantee = match options.take("sink.delivery-guarantee").as_deref().map(str::trim) {
            None | Some("at-least-once") => DeliveryGuarantee::AtLeastOnce,
            Some("exactly-once") => DeliveryGuarantee::ExactlyOnce,
            Some(other) => {
                let expected = "it must be at-least-once or exactly-once";
                return Err(invalid("sink.delivery-guarantee", other, expected));
            }
        };
        let size = |text: String| {
            let bytes = parse_bytes(&text).and_then(|bytes| usize::try_from(bytes).ok());
            bytes.ok_or_else(|| invalid("sink.flush-buffer.size", &text, "it must be a size such as '1MB'"))
        };
        Ok(Self {
            method,
            batch_size: above_zero(options, "sink.batch.max-size")?.unwrap_or(1),
            batch_format,
            batch_bytes: options.take("sink.flush-buffer.size").map(size).transpose()?,
            flush_interval: options.duration("sink.flush-buffer.timeout")?,
            in_flight: above_zero(options, "sink.requests.max-inflight")?.unwrap_or(1),
            request_timeout: options.duration("sink.request.timeout")?,
            retry: retry_policy(options, "sink.retry", Duration::from_millis(100))?,
            skips_rejected,
            guarantee,
            key_header: options.take("sink.idempotency-key.header"),
            parallelism: above_zero(options, "sink.parallelism")?,
        })
    }
}

/// What `….initial-backoff`, `….max-backoff` and `….attempts` say.
fn retry_policy(options: &mut Options, prefix: &str, initial: Duration) -> SqlResult<RetryPolicy> {
    let initial = options.duration(&format!("{prefix}.initial-backoff"))?.unwrap_or(initial);
    let most = options.duration(&format!("{prefix}.max-backoff"))?.unwrap_or(Duration::from_secs(30));
    let key = format!("{prefix}.attempts");
    let attempts = match options.take(&key).as_deref().map(str::trim) {
        None => Some(ATTEMPTS),
        Some("infinite") => None,
        Some(text) => {
            Some(text.parse().map_err(|_| invalid(&key, text, "it must be a number, or infinite"))?)
        }
    };
    Ok(RetryPolicy::new(initial, most).max_attempts(attempts))
}

fn above_zero<T: std::str::FromStr + Default + PartialEq>(
    options: &mut Options,
    key: &str,
) -> SqlResult<Option<T>> {
    match options.parse::<T>(key, "a number")? {
        Some(number) if number == T::default() => {
            Err(SqlError::validation(format!("Option '{key}' must be above 0")))
        }
        number => Ok(number),
    }
}

fn invalid(option: &str, value: &str, expected: &str) -> SqlError {
    SqlError::validation(format!("Invalid value '{value}' for option '{option}': {expected}"))
}
