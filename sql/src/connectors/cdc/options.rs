//! Options that the connectors of several databases have.

use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};

/// A value that Flink CDC knows.
pub(in crate::connectors) fn unsupported_value(option: &str, value: &str) -> SqlError {
    SqlError::unsupported(format!("'{option}' = '{value}' is not supported"))
}

/// A name, which Flink CDC would take as a regular expression.
pub(in crate::connectors) fn name(options: &mut Options, key: &str) -> SqlResult<String> {
    let name = options.require(key)?;
    if !name.contains(['\\', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^']) {
        return Ok(name);
    }
    Err(SqlError::unsupported(format!(
        "'{key}' = '{name}' looks like a regular expression, which is not supported"
    ))
    .with_hint("name one table; several are read as tables of their own, and put together with UNION ALL"))
}

/// A number of rows.
pub(in crate::connectors) fn at_least_two(options: &mut Options, key: &str) -> SqlResult<Option<u64>> {
    match options.parse(key, "a number above 1")? {
        Some(0 | 1) => {
            Err(SqlError::validation(format!("The value of option '{key}' must be larger than 1")))
        }
        value => Ok(value),
    }
}

/// Over how many connections rows are read; Flink CDC's code and its page have two names for it.
pub(in crate::connectors) fn connections(options: &mut Options) -> SqlResult<Option<usize>> {
    let pool = options.parse("connection.pool.size", "a number")?;
    let size = pool.or(options.parse("connect.pool.size", "a number")?);
    match size {
        Some(0) => Err(SqlError::validation("Option 'connection.pool.size' must be above 0")),
        size => Ok(size),
    }
}

/// Whether all changes are rows of their own.
pub(in crate::connectors) fn is_append_only(options: &mut Options) -> SqlResult<bool> {
    Ok(options.boolean("scan.read-changelog-as-append-only.enabled")?.unwrap_or_default())
}

/// Checks that rows can be read in ranges of a primary key, where that is asked for.
pub(in crate::connectors) fn check_incremental(options: &mut Options, has_key: bool) -> SqlResult<()> {
    if options.boolean("scan.incremental.snapshot.enabled")? == Some(true) && !has_key {
        return Err(SqlError::validation(
            "'scan.incremental.snapshot.enabled' needs a PRIMARY KEY, by whose ranges rows are read",
        )
        .with_hint("declare the primary key that the table has in the database, NOT ENFORCED"));
    }
    Ok(())
}

/// Refuses options that cannot do what they say.
pub(in crate::connectors) fn refuse(options: &mut Options) -> SqlResult<()> {
    let refused = [
        (
            "scan.incremental.snapshot.chunk.key-column",
            "rows are read in ranges of the whole primary key: leave it out",
        ),
        ("connect.max-retries", "the job's restart strategy says how often it is tried again"),
    ];
    for (key, hint) in refused {
        if options.take(key).is_some() {
            return Err(SqlError::unsupported(format!("'{key}' is not supported")).with_hint(hint));
        }
    }
    Ok(())
}

/// Takes options that tune what is done another way here; their values are checked. `switches` are those of one
/// database alone.
pub(in crate::connectors) fn accept(options: &mut Options, switches: &[&str]) -> SqlResult<()> {
    let common = [
        "scan.incremental.close-idle-reader.enabled",
        "scan.incremental.snapshot.backfill.skip",
        "scan.incremental.snapshot.unbounded-chunk-first.enabled",
    ];
    for key in common.iter().chain(switches) {
        options.boolean(key)?;
    }
    for key in ["chunk-meta.group.size", "scan.snapshot.fetch.size"] {
        at_least_two(options, key)?;
    }
    for key in
        ["chunk-key.even-distribution.factor.lower-bound", "chunk-key.even-distribution.factor.upper-bound"]
    {
        // Java's literals may end with the letter of their type.
        let value = options.take(key);
        let wrong = value.filter(|value| value.trim().trim_end_matches(['d', 'D']).parse::<f64>().is_err());
        if let Some(value) = wrong {
            return Err(SqlError::validation(format!(
                "Invalid value '{value}' for option '{key}': it must be a number"
            )));
        }
    }
    Ok(())
}
