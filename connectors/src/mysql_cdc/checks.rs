//! What the server must be like.

use std::collections::BTreeMap;

use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::Conn;

use super::session::{query, text};
use super::settings::Settings;

/// What is to be known of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) is_mariadb: bool,
    /// Names of tables are compared without regard to case.
    pub(super) folds_names: bool,
}

/// Checks the binary log and the user's rights.
pub(super) async fn check_server(session: &mut Conn, settings: &Settings) -> Result<Server> {
    // Not every server has all of them.
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'lower_case_table_names', 'log_bin', 'binlog_format', \
               'binlog_row_image', 'log_bin_compress', 'binlog_row_value_options')";
    let rows = query(session, "the server's settings cannot be read", sql).await?;
    let variables: BTreeMap<String, String> = rows.iter().map(|row| (text(row, 0), text(row, 1))).collect();
    if let Some(problem) = problem(&variables) {
        return Err(Error::new(ErrorKind::InvalidJob, format!("{}: {problem}", settings.place())));
    }
    let grants = query(session, "the user's rights cannot be read", "SHOW GRANTS").await?;
    let grants: Vec<_> = grants.iter().map(|row| text(row, 0)).collect();
    if !may_replicate(&grants) {
        let user = &settings.username;
        let problem = "may not read the binary log";
        let remedy = "run `GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO …` for it";
        return Err(Error::new(
            ErrorKind::InvalidJob,
            format!("{}: user `{user}` {problem}: {remedy}", settings.place()),
        ));
    }
    let has = |name: &str, part: &str| variables.get(name).is_some_and(|value| value.contains(part));
    Ok(Server { is_mariadb: has("version", "MariaDB"), folds_names: !has("lower_case_table_names", "0") })
}

/// What is wrong with the settings of the binary log, if something is.
fn problem(variables: &BTreeMap<String, String>) -> Option<String> {
    let value = |name: &str| variables.get(name).map(String::as_str);
    let differs =
        |name: &str, expected: &str| value(name).filter(|value| !value.eq_ignore_ascii_case(expected));
    if value("log_bin").is_none_or(|value| !matches!(value, "ON" | "1")) {
        let remedy = "add `log_bin = mysql-bin`, `server_id = 1` and `binlog_format = ROW` to the section [mysqld] of its configuration, and restart it";
        return Some(format!("it has no binary log, of which changes are read: {remedy}"));
    }
    if let Some(format) = differs("binlog_format", "ROW") {
        let remedy = "run `SET GLOBAL binlog_format = ROW`, which holds for new sessions, and add it to its configuration";
        return Some(format!("`binlog_format` is {format}, which has statements instead of rows: {remedy}"));
    }
    if let Some(image) = differs("binlog_row_image", "FULL") {
        let remedy = "run `SET GLOBAL binlog_row_image = FULL`, which holds for new sessions, and add it to its configuration";
        return Some(format!("`binlog_row_image` is {image}, which leaves columns out of changes: {remedy}"));
    }
    if differs("log_bin_compress", "OFF").is_some() {
        let remedy = "run `SET GLOBAL log_bin_compress = OFF`";
        return Some(format!("`log_bin_compress` is ON, and compressed events are not read: {remedy}"));
    }
    let options = differs("binlog_row_value_options", "")?;
    Some(format!(
        "`binlog_row_value_options` is {options}, and documents of which a part alone is logged are not read: run \
         `SET GLOBAL binlog_row_value_options = ''`"
    ))
}

/// Whether the grants of a user let it read the binary log. What comes by a role is not seen here: then the server decides.
fn may_replicate(grants: &[String]) -> bool {
    let allows = |grant: &String| {
        let grant = grant.to_ascii_uppercase();
        let by_role = grant.starts_with("GRANT ") && !grant.contains(" ON ");
        by_role
            || grant.contains("REPLICATION SLAVE")
            || (grant.contains("ALL PRIVILEGES") && grant.contains(" ON *.* "))
    };
    grants.iter().any(allows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_is_wrong_has_its_remedy() {
        let variables = |changed: &[(&str, &str)]| {
            let right = [("log_bin", "ON"), ("binlog_format", "ROW"), ("binlog_row_image", "FULL")];
            let all = right.iter().chain(changed);
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        for (name, value, remedy) in [
            ("log_bin", "OFF", "log_bin = mysql-bin"),
            ("binlog_format", "MIXED", "SET GLOBAL binlog_format = ROW"),
            ("binlog_row_image", "MINIMAL", "SET GLOBAL binlog_row_image = FULL"),
            ("log_bin_compress", "ON", "SET GLOBAL log_bin_compress = OFF"),
            ("binlog_row_value_options", "PARTIAL_JSON", "SET GLOBAL binlog_row_value_options = ''"),
        ] {
            let problem = problem(&variables(&[(name, value)])).unwrap();
            assert!(problem.contains(remedy), "{problem}");
        }
        assert_eq!(problem(&variables(&[("log_bin_compress", "OFF")])), None);
        assert_eq!(problem(&variables(&[("binlog_row_value_options", "")])), None);
    }

    #[test]
    fn rights_are_found_in_grants() {
        for (grant, may) in [
            ("GRANT SELECT ON `shop`.* TO `flows`@`%`", false),
            ("GRANT ALL PRIVILEGES ON `shop`.* TO `flows`@`%`", false),
            ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", true),
            ("GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `flows`@`%`", true),
            ("GRANT `replicator`@`%` TO `flows`@`%`", true),
        ] {
            assert_eq!(may_replicate(&[grant.to_owned()]), may, "{grant}");
        }
    }
}
