//! How a database is connected to.

use std::time::Duration;

use millstream_runtime::Result;

use super::url::Url;

/// Where a database is, and how its sessions behave.
///
/// ```
/// use std::time::Duration;
/// use millstream::connectors::jdbc::JdbcConnection;
///
/// let shop = JdbcConnection::new("jdbc:postgresql://localhost:5432/shop")
///     .username("reader")
///     .password("secret")
///     .max_retries(5)
///     .connect_timeout(Duration::from_secs(10));
/// // What is wrong is said when the job starts; no password is shown.
/// assert_eq!(format!("{shop:?}"), "JdbcConnection(jdbc:postgresql://localhost:5432/shop)");
/// ```
#[derive(Clone)]
pub struct JdbcConnection {
    pub(super) url: String,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) max_retries: u32,
    pub(super) connect_timeout: Duration,
}

impl std::fmt::Debug for JdbcConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        write!(f, "JdbcConnection({url})")
    }
}

impl JdbcConnection {
    /// The database of a URL: `jdbc:postgresql://host:port/database` or `jdbc:sqlite:path`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            username: None,
            password: None,
            max_retries: 3,
            connect_timeout: Duration::from_secs(60),
        }
    }

    /// Who connects. SQLite knows no users.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password of who connects.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// How often something that fails is tried again before the job does, 3 times unless set.
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// How long a session may take to be made, or to be let in by others that write; a minute unless set.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether the URL is one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<()> {
        Url::parse(&self.url).map(drop)
    }
}
