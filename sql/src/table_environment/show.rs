//! SHOW.

use super::{TableEnvironment, TableResult, describe};
use crate::catalog::{ObjectPath, Relation};
use crate::error::{SqlError, SqlResult};
use crate::functions::scalar_function_names;
use crate::parser::Span;
use crate::parser::ast::{NamePattern, ObjectKind, ObjectName, PatternOperator, Show, ShowKind};
use crate::plan::AggregateFunction;

impl TableEnvironment {
    pub(super) fn show(&self, show: &Show, span: Span) -> SqlResult<TableResult> {
        let session = &self.session;
        let names = match &show.kind {
            ShowKind::Catalogs => ("catalog name", session.catalogs().map(str::to_owned).collect()),
            ShowKind::CurrentCatalog => ("current catalog name", vec![session.current_catalog.clone()]),
            ShowKind::CurrentDatabase => ("current database name", vec![session.current_database.clone()]),
            ShowKind::Databases => {
                let catalog = self.catalog_of(show.from.as_ref())?;
                ("database name", session.databases(&catalog).map(str::to_owned).collect())
            }
            ShowKind::Tables => ("table name", self.relation_names(show, |_| true)?),
            ShowKind::Views => {
                ("view name", self.relation_names(show, |relation| matches!(relation, Relation::View(_)))?)
            }
            ShowKind::MaterializedTables => ("materialized table name", Vec::new()),
            ShowKind::Functions => ("function name", function_names()),
            ShowKind::UserFunctions => ("function name", Vec::new()),
            ShowKind::Procedures => ("procedure name", Vec::new()),
            ShowKind::Models => ("model name", Vec::new()),
            ShowKind::Connections => ("connection name", Vec::new()),
            ShowKind::Modules => ("module name", vec!["core".to_owned()]),
            ShowKind::FullModules => {
                return Ok(TableResult::rows(
                    ["module name", "used"],
                    [vec!["core".to_owned(), "TRUE".to_owned()]],
                ));
            }
            ShowKind::Jars => ("jars", Vec::new()),
            ShowKind::Jobs => {
                return Ok(TableResult::rows(["job id", "job name", "status", "start time"], []));
            }
            ShowKind::Columns => {
                let Some(name) = &show.from else {
                    return Err(SqlError::validation("SHOW COLUMNS needs the name of a table").at(span));
                };
                return self.show_columns(name, show.pattern.as_ref());
            }
            ShowKind::Create(kind, name) => return self.show_create(*kind, name),
            ShowKind::Partitions(name, _) => {
                return Err(SqlError::unsupported(
                    "SHOW PARTITIONS is not supported: no catalog keeps partitions",
                )
                .at(name.span));
            }
        };
        let (column, names): (_, Vec<String>) = names;
        let matching = names.into_iter().filter(|name| matches(show.pattern.as_ref(), name));
        Ok(TableResult::rows([column], matching.map(|name| vec![name])))
    }

    fn show_columns(&self, name: &ObjectName, pattern: Option<&NamePattern>) -> SqlResult<TableResult> {
        let TableResult::Rows { columns, rows } = describe::columns(&self.described(name)?) else {
            return Ok(TableResult::Ok);
        };
        let named = |row: &Vec<Option<String>>| row.first().cloned().flatten().unwrap_or_default();
        let rows = rows.into_iter().filter(|row| matches(pattern, &named(row))).collect();
        Ok(TableResult::Rows { columns, rows })
    }

    fn show_create(&self, kind: ObjectKind, name: &ObjectName) -> SqlResult<TableResult> {
        let path = self.session.path(name)?;
        let text = match (kind, self.session.relation(&path)) {
            (ObjectKind::Table, Some(Relation::Table(table))) => table.definition(),
            (ObjectKind::View, Some(Relation::View(view))) => view.definition(),
            (ObjectKind::Table | ObjectKind::View, Some(other)) => {
                return Err(other_kind(other).at(name.span));
            }
            (ObjectKind::Table, None) => {
                return Err(SqlError::validation(format!(
                    "Could not execute SHOW CREATE TABLE. Table with identifier {} does not exist.",
                    path.quoted()
                ))
                .at(name.span));
            }
            (ObjectKind::View, None) => {
                return Err(SqlError::validation(format!(
                    "Could not execute SHOW CREATE VIEW. View with identifier {} does not exist.",
                    path.quoted()
                ))
                .at(name.span));
            }
            (ObjectKind::Catalog, _) => {
                let catalog = self.catalog_of(Some(name))?;
                format!(
                    "CREATE CATALOG {}\nWITH (\n  'type' = 'generic_in_memory'\n)\n",
                    crate::catalog::definition::identifier(&catalog)
                )
            }
            _ => return Err(SqlError::unsupported("this SHOW CREATE is not supported").at(name.span)),
        };
        Ok(TableResult::rows(["result"], [vec![text]]))
    }

    /// The names of tables and views in the database of FROM, or the current one.
    fn relation_names(&self, show: &Show, choose: impl Fn(&Relation) -> bool) -> SqlResult<Vec<String>> {
        let (catalog, database) = match &show.from {
            None => (self.session.current_catalog.clone(), self.session.current_database.clone()),
            Some(name) => self.database_path(name)?,
        };
        if !self.session.has_database(&catalog, &database) {
            let span = show.from.as_ref().map(|name| *name.span).unwrap_or_default();
            return Err(
                SqlError::validation(format!("Database '{catalog}'.'{database}' doesn't exist.")).at(span)
            );
        }
        let relations = self.session.relations_in(&catalog, &database);
        Ok(relations
            .filter(|relation| choose(relation))
            .map(|relation| relation.path().name.clone())
            .collect())
    }

    /// The table or view that is described, or Flink's error.
    pub(super) fn described(&self, name: &ObjectName) -> SqlResult<Relation> {
        let path: ObjectPath = self.session.path(name)?;
        self.session.relation(&path).cloned().ok_or_else(|| {
            SqlError::validation(format!("Tables or views with the identifier '{path}' doesn't exist."))
                .at(name.span)
        })
    }
}

fn other_kind(relation: &Relation) -> SqlError {
    let (wanted, is, other) = match relation {
        Relation::Table(_) => ("VIEW", "table", "TABLE"),
        Relation::View(_) => ("TABLE", "view", "VIEW"),
    };
    SqlError::unsupported(format!(
        "SHOW CREATE {wanted} is only supported for {}s, but {} is a {is}. Please use SHOW CREATE {other} instead.",
        wanted.to_ascii_lowercase(),
        relation.path().quoted()
    ))
}

fn function_names() -> Vec<String> {
    let aggregates = AggregateFunction::ALL.iter().map(ToString::to_string);
    let mut names: Vec<String> = scalar_function_names()
        .map(str::to_owned)
        .chain(aggregates)
        .map(|name| name.to_lowercase())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn matches(pattern: Option<&NamePattern>, name: &str) -> bool {
    let Some(pattern) = pattern else { return true };
    let found = match pattern.operator {
        PatternOperator::Like => like(&pattern.pattern.value, name),
        PatternOperator::ILike => like(&pattern.pattern.value.to_lowercase(), &name.to_lowercase()),
    };
    found != pattern.negated
}

/// Whether a name is like a pattern: `%` is any text, `_` any sign, and what is behind a backslash itself.
fn like(pattern: &str, name: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut name_chars = name.chars();
    match pattern.next() {
        None => name.is_empty(),
        Some('%') => {
            let rest = pattern.as_str().trim_start_matches('%');
            name.char_indices()
                .map(|(index, _)| index)
                .chain([name.len()])
                .any(|start| name.get(start..).is_some_and(|name| like(rest, name)))
        }
        Some(first) => {
            let (any, wanted) = match first {
                '\\' => (false, pattern.next().unwrap_or('\\')),
                '_' => (true, first),
                other => (false, other),
            };
            name_chars.next().is_some_and(|next| any || next == wanted)
                && like(pattern.as_str(), name_chars.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn names_are_compared_with_patterns() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("use_", "user", true),
            ("use_", "use", false),
            ("%r", "user", true),
            ("%u%", "product", true),
            ("%u", "user", false),
            ("db1%", "db1", true),
            ("a\\_b", "a_b", true),
            ("a\\_b", "axb", false),
            ("%ü_", "grün", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(like(pattern, name), expected, "{pattern} {name}");
        }
    }
}
