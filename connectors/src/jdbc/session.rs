//! A session with a database, whichever it is.

use millstream_runtime::Result;

use super::connection::JdbcConnection;
use super::mark::Mark;
use super::postgres::PostgresSession;
use super::sink::Change;
use super::sqlite::SqliteSession;
use super::statement::{LookupQuery, ScanQuery, TableColumns, WriteTarget};
use super::url::Url;
use super::value::Row;

/// A session with a database.
pub(super) enum Session {
    Sqlite(SqliteSession),
    Postgres(Box<PostgresSession>),
}

impl Session {
    /// Connects.
    pub(super) async fn connect(connection: &JdbcConnection) -> Result<Self> {
        let url = Url::parse(&connection.url)?;
        Ok(match &url {
            Url::Sqlite(path) => Self::Sqlite(SqliteSession::open(path, connection).await?),
            Url::Postgres { .. } => {
                Self::Postgres(Box::new(PostgresSession::connect(&url, connection).await?))
            }
        })
    }
}

/// Something that is asked of a database. It may be asked several times, and must come to the same then.
pub(super) trait Request: Sync {
    /// What is answered.
    type Answer: Send;

    /// Asks it.
    fn ask(&self, session: &mut Session) -> impl Future<Output = Result<Self::Answer>> + Send;
}

/// Whether a table is there, with these columns.
pub(super) struct Check<'a>(pub(super) &'a TableColumns);

impl Request for Check<'_> {
    type Answer = ();

    async fn ask(&self, session: &mut Session) -> Result<()> {
        match session {
            Session::Sqlite(session) => session.check(self.0).await,
            Session::Postgres(session) => session.check(self.0).await,
        }
    }
}

/// The rows of a part of a table.
impl Request for ScanQuery {
    type Answer = Vec<Row>;

    async fn ask(&self, session: &mut Session) -> Result<Vec<Row>> {
        match session {
            Session::Sqlite(session) => session.scan(self).await,
            Session::Postgres(session) => session.scan(self).await,
        }
    }
}

/// The rows of keys, each with the number of its key; numbers never fall.
pub(super) struct Find<'a> {
    pub(super) query: &'a LookupQuery,
    pub(super) keys: &'a [Row],
}

impl Request for Find<'_> {
    type Answer = Vec<(u32, Row)>;

    async fn ask(&self, session: &mut Session) -> Result<Vec<(u32, Row)>> {
        match session {
            Session::Sqlite(session) => session.lookup(self.query, self.keys).await,
            Session::Postgres(session) => session.lookup(self.query, self.keys).await,
        }
    }
}

/// That there is a table of marks.
pub(super) struct CreateMarks;

impl Request for CreateMarks {
    type Answer = ();

    async fn ask(&self, session: &mut Session) -> Result<()> {
        match session {
            Session::Sqlite(session) => session.create_marks().await,
            Session::Postgres(session) => session.create_marks().await,
        }
    }
}

/// Changes, written in one transaction, and with them a mark; nothing if the mark is there already.
pub(super) struct Write<'a> {
    pub(super) target: &'a WriteTarget,
    pub(super) changes: &'a [Change],
    pub(super) mark: Option<&'a Mark>,
}

impl Request for Write<'_> {
    type Answer = ();

    async fn ask(&self, session: &mut Session) -> Result<()> {
        let Self { target, changes, mark } = self;
        match session {
            Session::Sqlite(session) => session.write(target, changes, *mark).await,
            Session::Postgres(session) => session.write(target, changes, *mark).await,
        }
    }
}
