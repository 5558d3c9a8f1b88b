//! What the errors of databases mean.

use millstream_runtime::{Error, ErrorKind};

/// An error of SQLite.
pub(super) fn sqlite_error(what: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let (kind, remedy) = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            (ErrorKind::InvalidInput, "; a table that is written by its key needs a PRIMARY KEY in SQL")
        }
        Some(ErrorCode::NotADatabase) => (ErrorKind::InvalidJob, "; check the path in the URL"),
        Some(ErrorCode::TypeMismatch | ErrorCode::TooBig) => (ErrorKind::InvalidInput, ""),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (ErrorKind::InvalidJob, "; check who may write the file and its folder")
        }
        Some(ErrorCode::CannotOpen) => (ErrorKind::InvalidJob, "; check the path in the URL"),
        Some(ErrorCode::DiskFull) => (ErrorKind::External, "; make room on the disk"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::External, "; somebody else writes it for long")
        }
        // Syntax, and names that are not there.
        Some(ErrorCode::Unknown) => (ErrorKind::InvalidJob, ""),
        Some(_) => (ErrorKind::External, ""),
        None => (ErrorKind::InvalidInput, ""),
    };
    Error::new(kind, format!("{what}: {error}{remedy}"))
}

/// An error of Postgres, by its [code](https://www.postgresql.org/docs/current/errcodes-appendix.html).
pub(super) fn postgres_error(what: &str, error: &tokio_postgres::Error) -> Error {
    let Some(server) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        return Error::new(ErrorKind::External, format!("{what}: {error}{cause}"));
    };
    let mut message = format!("{what}: {}", server.message());
    for more in [server.detail(), server.hint()].into_iter().flatten() {
        message.push_str(&format!(" ({more})"));
    }
    let (kind, remedy) = match server.code().code() {
        "28P01" | "28000" => {
            (ErrorKind::InvalidJob, "; check the user name and the password, and pg_hba.conf on the server")
        }
        "3D000" => (ErrorKind::InvalidJob, "; check the database in the URL"),
        "42501" => (
            ErrorKind::InvalidJob,
            "; the user needs SELECT, INSERT, UPDATE and DELETE on the tables it uses",
        ),
        "42P10" => (
            ErrorKind::InvalidJob,
            "; the table needs a PRIMARY KEY or a UNIQUE constraint of the columns that are the key here",
        ),
        "42P01" | "3F000" | "42703" | "42704" | "42601" | "42804" | "42883" => (ErrorKind::InvalidJob, ""),
        "53100" => (ErrorKind::External, "; make room on the disk of the server"),
        // Data that does not fit, constraints that are violated.
        code if code.starts_with("22") || code.starts_with("23") => (ErrorKind::InvalidInput, ""),
        _ => (ErrorKind::External, ""),
    };
    Error::new(kind, format!("{message}{remedy}"))
}
