//! The URLs of databases.

use millstream_runtime::{Error, ErrorKind, Result};

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Url {
    /// A file.
    Sqlite(String),
    /// A server.
    Postgres {
        host: String,
        port: u16,
        database: String,
        /// What stands behind the `?`: `user`, `password`.
        user: Option<String>,
        password: Option<String>,
    },
}

impl Url {
    /// Reads a URL.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let invalid = |problem: &str| {
            Error::new(
                ErrorKind::InvalidJob,
                format!(
                    "the URL '{}' of a database: {problem}. Write jdbc:postgresql://host:port/database or jdbc:sqlite:path",
                    without_password(url)
                ),
            )
        };
        let rest = url.strip_prefix("jdbc:").ok_or_else(|| invalid("it does not begin with 'jdbc:'"))?;
        if let Some(path) = rest.strip_prefix("sqlite:") {
            let path = path.trim();
            if path.is_empty() || path == ":memory:" {
                // Each session would have a database of its own.
                return Err(invalid("a database in memory cannot be shared by the subtasks of a job"));
            }
            return Ok(Self::Sqlite(path.to_owned()));
        }
        let Some(rest) = rest.strip_prefix("postgresql://").or_else(|| rest.strip_prefix("postgres://"))
        else {
            let kind = rest.split(':').next().unwrap_or_default();
            return Err(invalid(&format!("there is no support for '{kind}'")));
        };
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, database) = place.split_once('/').ok_or_else(|| invalid("the database is missing"))?;
        if database.is_empty() {
            return Err(invalid("the database is missing"));
        }
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| invalid(&format!("'{port}' is no port")))?)
            }
            _ => (server, 5432),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(invalid("the host is missing"));
        }
        let (mut user, mut password) = (None, None);
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("user", value)) => user = Some(value.to_owned()),
                Some(("password", value)) => password = Some(value.to_owned()),
                Some(("ssl", "false") | ("sslmode", "disable" | "allow" | "prefer")) => {}
                _ => {
                    let name = parameter.split('=').next().unwrap_or_default();
                    return Err(invalid(&format!("the parameter '{name}' is not supported")));
                }
            }
        }
        Ok(Self::Postgres { host: host.to_owned(), port, database: database.to_owned(), user, password })
    }

    /// The database, for messages.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("the SQLite database '{path}'"),
            Self::Postgres { host, port, database, .. } => {
                format!("the Postgres database '{database}' at {host}:{port}")
            }
        }
    }
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    match url.find("password=") {
        Some(start) => {
            let end = url.get(start..).and_then(|rest| rest.find('&')).map_or(url.len(), |end| start + end);
            format!(
                "{}password=…{}",
                url.get(..start).unwrap_or_default(),
                url.get(end..).unwrap_or_default()
            )
        }
        None => url.to_owned(),
    }
}
