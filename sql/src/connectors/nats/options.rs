//! The options of the connector, apart from those of formats.

use millstream_connectors::nats::{DeliveryGuarantee, LostMessages, NatsConnection, StreamPosition};
use millstream_state::Timestamp;

use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};

/// Where the streams are.
pub(super) struct NatsOptions {
    pub(super) connection: NatsConnection,
    streams: Vec<String>,
    pub(super) subjects: Vec<String>,
}

impl NatsOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let connection = connection(options)?;
        let streams = list(&options.require("stream")?);
        let subjects = list(&options.take("subject").unwrap_or_default());
        if streams.is_empty() {
            return Err(SqlError::validation("Option 'stream' names no stream"));
        }
        Ok(Self { connection, streams, subjects })
    }

    /// What is read: a stream, and others.
    pub(super) fn streams_to_read(&self) -> SqlResult<(&str, impl Iterator<Item = &str>)> {
        let mut streams = self.streams.iter().map(String::as_str);
        let first = streams.next().ok_or_else(|| SqlError::validation("Option 'stream' names no stream"))?;
        Ok((first, streams))
    }

    /// What is written: a stream and a subject of it.
    pub(super) fn target(&self) -> SqlResult<(&str, &str)> {
        match (self.streams.as_slice(), self.subjects.as_slice()) {
            ([stream], [subject]) => Ok((stream, subject)),
            ([_], []) => {
                Err(SqlError::validation("Option 'subject' is needed to write: the subject of the messages"))
            }
            _ => Err(SqlError::validation(
                "The 'nats' sink writes one stream and one subject: set 'stream' and 'subject' to one name each",
            )),
        }
    }
}

/// Names between semicolons.
fn list(text: &str) -> Vec<String> {
    text.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn connection(options: &mut Options) -> SqlResult<NatsConnection> {
    let mut connection = NatsConnection::new(options.require("servers")?);
    let login = [
        ("username", options.take("username")),
        ("token", options.take("token")),
        ("nkey", options.take("nkey")),
        ("credentials-file", options.take("credentials-file")),
    ];
    let password = options.take("password");
    let mut given = login.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let (first, second) = (given.next(), given.next());
    if let (Some((one, _)), Some((other, _))) = (&first, &second) {
        return Err(SqlError::validation(format!("'{one}' and '{other}' exclude each other")));
    }
    if password.is_some() != matches!(first, Some(("username", _))) {
        return Err(SqlError::validation("'username' and 'password' need each other"));
    }
    connection = match first {
        None => connection,
        Some(("username", user)) => connection.user_and_password(user, password.unwrap_or_default()),
        Some(("token", token)) => connection.token(token),
        Some(("nkey", seed)) => connection.nkey(seed),
        Some((_, path)) => connection.credentials_file(path),
    };
    if let Some(path) = options.take("tls.root-certificates") {
        connection = connection.root_certificates(path);
    }
    connection = match (options.take("tls.client-certificate"), options.take("tls.client-key")) {
        (None, None) => connection,
        (Some(certificate), Some(key)) => connection.client_certificate(certificate, key),
        _ => {
            return Err(SqlError::validation(
                "'tls.client-certificate' and 'tls.client-key' need each other",
            ));
        }
    };
    if let Some(requires) = options.boolean("tls.required")? {
        connection = connection.require_tls(requires);
    }
    if let Some(domain) = options.take("jetstream.domain") {
        connection = connection.domain(domain);
    }
    if let Some(timeout) = options.duration("retry-timeout")? {
        connection = connection.retry_timeout(timeout);
    }
    Ok(connection)
}

/// What is read of the streams.
pub(super) struct SourceOptions {
    pub(super) start: StreamPosition,
    pub(super) stop: Option<StreamPosition>,
    pub(super) on_lost: LostMessages,
    pub(super) parallelism: Option<u32>,
}

impl SourceOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let start = match options.take("scan.startup.mode").as_deref().map(str::trim) {
            None | Some("earliest") => StreamPosition::earliest(),
            Some("latest") => StreamPosition::latest(),
            Some("timestamp") => timestamp(options, "scan.startup.timestamp-millis")?,
            Some("sequence") => sequence(options, "scan.startup.sequence")?,
            Some(other) => {
                return Err(unknown("scan.startup.mode", other, "earliest, latest, timestamp or sequence"));
            }
        };
        let stop = match options.take("scan.bounded.mode").as_deref().map(str::trim) {
            None | Some("unbounded") => None,
            Some("latest") => Some(StreamPosition::latest()),
            Some("timestamp") => Some(timestamp(options, "scan.bounded.timestamp-millis")?),
            Some("sequence") => Some(sequence(options, "scan.bounded.sequence")?),
            Some(other) => {
                return Err(unknown("scan.bounded.mode", other, "unbounded, latest, timestamp or sequence"));
            }
        };
        let on_lost = match options.take("scan.lost-messages").as_deref().map(str::trim) {
            None | Some("fail") => LostMessages::Fail,
            Some("skip") => LostMessages::Skip,
            Some(other) => return Err(unknown("scan.lost-messages", other, "fail or skip")),
        };
        Ok(Self { start, stop, on_lost, parallelism: parallelism(options, "scan.parallelism")? })
    }
}

/// How the stream is written.
pub(super) struct SinkOptions {
    pub(super) guarantee: DeliveryGuarantee,
    pub(super) republishes_unknown: bool,
    pub(super) parallelism: Option<u32>,
}

impl SinkOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let guarantee = match options.take("sink.delivery-guarantee").as_deref().map(str::trim) {
            None | Some("at-least-once") => DeliveryGuarantee::AtLeastOnce,
            Some("exactly-once") => DeliveryGuarantee::ExactlyOnce,
            Some("none") => DeliveryGuarantee::None,
            Some(other) => {
                let able = "at-least-once, exactly-once or none";
                return Err(unknown("sink.delivery-guarantee", other, able));
            }
        };
        let republishes_unknown = options.boolean("sink.republish-unknown")?.unwrap_or(false);
        Ok(Self { guarantee, republishes_unknown, parallelism: parallelism(options, "sink.parallelism")? })
    }
}

fn parallelism(options: &mut Options, key: &str) -> SqlResult<Option<u32>> {
    match options.parse(key, "a number")? {
        Some(0) => Err(SqlError::validation(format!("Option '{key}' must be above 0"))),
        parallelism => Ok(parallelism),
    }
}

fn unknown(option: &str, value: &str, able: &str) -> SqlError {
    SqlError::validation(format!("Invalid value '{value}' for option '{option}': it must be {able}"))
}

fn required<T>(value: Option<T>, key: &str) -> SqlResult<T> {
    value.ok_or_else(|| SqlError::validation(format!("'{key}' is required in this mode but missing.")))
}

fn timestamp(options: &mut Options, key: &str) -> SqlResult<StreamPosition> {
    let millis = required(options.parse(key, "a number of milliseconds")?, key)?;
    Ok(StreamPosition::timestamp(Timestamp::from_millis(millis)))
}

fn sequence(options: &mut Options, key: &str) -> SqlResult<StreamPosition> {
    Ok(StreamPosition::sequence(required(options.parse(key, "a number, 1 or above")?, key)?))
}
