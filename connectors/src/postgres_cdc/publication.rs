//! The publication: which tables the server sends the changes of.

use millstream_runtime::{Error, ErrorKind, Result};
use tokio_postgres::{Client, SimpleQueryRow};

use super::options::StartupMode;
use super::session::{query, value};
use super::settings::{Settings, TableName, quote_identifier, quote_literal};

/// How often it is tried to add tables: jobs that start together get into each other's way.
const TRIES: u32 = 3;

/// Makes sure that there is a publication with all tables. One that is there gets tables that it does not have if nothing has been
/// read before (`is_new`): otherwise changes of them have been lost meanwhile.
pub(super) async fn ensure_publication(client: &Client, settings: &Settings, is_new: bool) -> Result<()> {
    let what = format!("publication `{}` cannot be looked up", settings.publication);
    if !is_there(client, settings, &what).await? {
        create(client, settings, &what).await?;
    }
    let mut found = published(client, settings, &what).await?;
    for _ in 0..TRIES {
        let missing = missing_tables(settings, &found);
        if missing.is_empty() || !is_new || !settings.autocreate {
            break;
        }
        for table in missing {
            tracing::info!(publication = %settings.publication, table = %table.quoted(), "the publication gets another table");
            // Whether it has the table then is looked up in any case: another job may have changed it meanwhile.
            if let Err(error) = query(client, "the table cannot be added", &add(settings, table)).await {
                tracing::warn!(%error, publication = %settings.publication, "the publication cannot be changed");
            }
        }
        found = published(client, settings, &what).await?;
    }
    check(settings, &found)
}

async fn is_there(client: &Client, settings: &Settings, what: &str) -> Result<bool> {
    let name = quote_literal(&settings.publication);
    let sql = format!("SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = {name}");
    Ok(!query(client, what, &sql).await?.is_empty())
}

async fn create(client: &Client, settings: &Settings, what: &str) -> Result<()> {
    let name = &settings.publication;
    let tables = settings.tables.iter().map(TableName::quoted).collect::<Vec<_>>().join(", ");
    let create = format!(
        "CREATE PUBLICATION {} FOR TABLE {tables} WITH (publish_via_partition_root = true)",
        quote_identifier(name)
    );
    if !settings.autocreate {
        return Err(invalid(format!("{} has no publication `{name}`: run `{create}`", settings.place())));
    }
    tracing::info!(publication = %name, "the publication is made");
    // Postgres 12 has no such parameter, and no publications of partitioned tables.
    let version = "SELECT current_setting('server_version_num')::int >= 130000";
    let has_parameter = query(client, what, version).await?;
    let has_parameter = has_parameter.first().and_then(|row| value(row, 0)) == Some("t");
    let create =
        if has_parameter { create.as_str() } else { create.split(" WITH (").next().unwrap_or(&create) };
    match query(client, &format!("publication `{name}` cannot be made"), create).await {
        // Another job has been quicker.
        Err(_) if is_there(client, settings, what).await? => Ok(()),
        created => created.map(drop),
    }
}

/// The tables of the publication, with the filters of their rows.
async fn published(client: &Client, settings: &Settings, what: &str) -> Result<Vec<SimpleQueryRow>> {
    let sql = format!(
        "SELECT schemaname, tablename, to_jsonb(t) ->> 'rowfilter' FROM pg_catalog.pg_publication_tables t WHERE pubname = {}",
        quote_literal(&settings.publication)
    );
    query(client, what, &sql).await
}

fn find<'a>(published: &'a [SimpleQueryRow], table: &TableName) -> Option<&'a SimpleQueryRow> {
    let is_table =
        |row: &&SimpleQueryRow| value(row, 0) == Some(&*table.schema) && value(row, 1) == Some(&*table.name);
    published.iter().find(is_table)
}

fn missing_tables<'a>(settings: &'a Settings, published: &[SimpleQueryRow]) -> Vec<&'a TableName> {
    settings.tables.iter().filter(|table| find(published, table).is_none()).collect()
}

fn add(settings: &Settings, table: &TableName) -> String {
    format!("ALTER PUBLICATION {} ADD TABLE {}", quote_identifier(&settings.publication), table.quoted())
}

fn check(settings: &Settings, published: &[SimpleQueryRow]) -> Result<()> {
    let name = &settings.publication;
    for table in &settings.tables {
        let TableName { schema, name: table_name } = table;
        let Some(found) = find(published, table) else {
            let remedy = add(settings, table);
            return Err(invalid(format!(
                "publication `{name}` has no table {schema}.{table_name}: run `{remedy}`"
            )));
        };
        if value(found, 2).is_some() && settings.startup == StartupMode::Initial {
            let problem = "which the rows that are there already do not go through";
            let remedy = "take the filter away, or start with another `StartupMode`";
            return Err(invalid(format!(
                "publication `{name}` has a row filter for {schema}.{table_name}, {problem}: {remedy}"
            )));
        }
    }
    Ok(())
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}
