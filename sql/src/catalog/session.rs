//! A session: what has been created, where names are looked up, and what SET has set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{FunctionScope, Functions, ObjectPath, Relation};
use crate::connectors::{TableContents, TestRows, TestTables};
use crate::error::{SqlError, SqlResult};
use crate::eval::BuildContext;
use crate::parser::ast::ObjectName;
use crate::types::zone::Zone;

/// The catalog that is there from the beginning.
pub const DEFAULT_CATALOG: &str = "default_catalog";
/// The database that is there from the beginning.
pub const DEFAULT_DATABASE: &str = "default_database";

/// A session. Everything in it is in memory and ends with it.
#[derive(Clone, Debug)]
pub struct Session {
    relations: BTreeMap<ObjectPath, Relation>,
    databases: BTreeSet<(String, String)>,
    /// The catalogs, each with the database that USE CATALOG goes to.
    catalogs: BTreeMap<String, String>,
    functions: Arc<Functions>,
    test_tables: TestTables,
    /// Where names of one part are looked up.
    pub current_catalog: String,
    /// Where names of one part are looked up.
    pub current_database: String,
    /// What SET has set.
    pub settings: BTreeMap<String, String>,
    /// Whether jobs look at each edge of their plans and fail where a changelog contradicts itself, or the plan: for
    /// tests. It costs a text of each row, and memory for all rows of edges that have updates.
    pub check_changelogs: bool,
}

impl Default for Session {
    fn default() -> Self {
        let (catalog, database) = (DEFAULT_CATALOG.to_owned(), DEFAULT_DATABASE.to_owned());
        Self {
            relations: BTreeMap::new(),
            functions: Arc::default(),
            databases: BTreeSet::from([(catalog.clone(), database.clone())]),
            catalogs: BTreeMap::from([(catalog.clone(), database.clone())]),
            test_tables: TestTables::default(),
            current_catalog: catalog,
            current_database: database,
            settings: BTreeMap::new(),
            check_changelogs: false,
        }
    }
}

impl Session {
    /// A session in which nothing has been created.
    pub fn new() -> Self {
        Self::default()
    }

    /// The full name of what is written with one, two or three parts.
    ///
    /// # Errors
    /// If there are more.
    pub fn path(&self, name: &ObjectName) -> SqlResult<ObjectPath> {
        let parts: Vec<_> = name.parts.iter().map(|part| part.name.clone()).collect();
        let (catalog, database) = (self.current_catalog.clone(), self.current_database.clone());
        match <[String; 1]>::try_from(parts) {
            Ok([name]) => Ok(ObjectPath { catalog, database, name }),
            Err(parts) => match <[String; 2]>::try_from(parts) {
                Ok([database, name]) => Ok(ObjectPath { catalog, database, name }),
                Err(parts) => match <[String; 3]>::try_from(parts) {
                    Ok([catalog, database, name]) => Ok(ObjectPath { catalog, database, name }),
                    Err(parts) => Err(SqlError::validation(format!(
                        "a name has at most three parts: catalog, database, object; `{}` has {}",
                        parts.join("`.`"),
                        parts.len()
                    ))
                    .at(name.span)),
                },
            },
        }
    }

    /// The table or view of this name.
    pub fn relation(&self, path: &ObjectPath) -> Option<&Relation> {
        self.relations.get(path)
    }

    /// All tables and views, by name.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.values()
    }

    /// Whether there is this database.
    pub fn has_database(&self, catalog: &str, database: &str) -> bool {
        self.databases.contains(&(catalog.to_owned(), database.to_owned()))
    }

    /// The databases of a catalog, by name.
    pub fn databases<'a>(&'a self, catalog: &'a str) -> impl Iterator<Item = &'a str> {
        self.databases.iter().filter(move |(of, _)| of == catalog).map(|(_, database)| &**database)
    }

    /// The catalogs, by name.
    pub fn catalogs(&self) -> impl Iterator<Item = &str> {
        self.catalogs.keys().map(String::as_str)
    }

    /// The database of a catalog that USE CATALOG goes to; `None` if there is no such catalog.
    pub fn default_database(&self, catalog: &str) -> Option<&str> {
        self.catalogs.get(catalog).map(String::as_str)
    }

    /// Adds a catalog with its first database; says whether it is new.
    pub fn add_catalog(&mut self, catalog: &str, default_database: &str) -> bool {
        if self.catalogs.contains_key(catalog) {
            return false;
        }
        self.catalogs.insert(catalog.to_owned(), default_database.to_owned());
        self.add_database(catalog, default_database)
    }

    /// Removes a catalog with all that is in it; says whether it was there.
    pub fn remove_catalog(&mut self, catalog: &str) -> bool {
        self.databases.retain(|(of, _)| of != catalog);
        self.relations.retain(|path, _| path.catalog != catalog);
        self.catalogs.remove(catalog).is_some()
    }

    /// The tables and views of a database, by name.
    pub fn relations_in<'a>(
        &'a self,
        catalog: &'a str,
        database: &'a str,
    ) -> impl Iterator<Item = &'a Relation> {
        let relations = self.relations.iter();
        let inside = relations.filter(move |(path, _)| path.catalog == catalog && path.database == database);
        inside.map(|(_, relation)| relation)
    }

    /// Adds a database to a catalog; says whether it is new.
    pub fn add_database(&mut self, catalog: &str, database: &str) -> bool {
        self.databases.insert((catalog.to_owned(), database.to_owned()))
    }

    /// Removes a database with all that is in it; says whether it was there.
    pub fn remove_database(&mut self, catalog: &str, database: &str) -> bool {
        self.relations.retain(|path, _| path.catalog != catalog || path.database != database);
        self.databases.remove(&(catalog.to_owned(), database.to_owned()))
    }

    /// Adds a table or view, or replaces it.
    pub fn put(&mut self, relation: Relation) {
        self.relations.insert(relation.path().clone(), relation);
    }

    /// Removes a table or view.
    pub fn remove(&mut self, path: &ObjectPath) -> Option<Relation> {
        self.relations.remove(path)
    }

    /// Gives a table of connector `values` its rows, instead of those that it had.
    pub fn register_rows(&mut self, path: ObjectPath, rows: TestRows) {
        self.test_tables.register(path, rows);
    }

    /// What jobs have written into a table of connector `values` so far; it is filled while they run.
    pub fn contents(&self, path: &ObjectPath) -> Option<TableContents> {
        self.test_tables.contents(path)
    }

    pub(crate) const fn test_tables(&self) -> &TestTables {
        &self.test_tables
    }

    /// The functions that have been created.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The functions that have been created, to add some or remove them.
    pub(crate) const fn functions_mut(&mut self) -> &mut Arc<Functions> {
        &mut self.functions
    }

    /// The functions as expressions see them.
    pub(crate) fn function_scope(&self) -> FunctionScope {
        FunctionScope {
            functions: self.functions.clone(),
            catalog: Arc::from(self.current_catalog.as_str()),
            database: Arc::from(self.current_database.as_str()),
        }
    }

    /// Whether equal parts of a plan run once: `table.optimizer.reuse-sub-plan-enabled`.
    pub(crate) fn reuses_sub_plans(&self) -> bool {
        let value = self.setting("table.optimizer.reuse-sub-plan-enabled");
        value.is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"))
    }

    /// The value of a setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    /// The session's time zone: `table.local-time-zone`.
    ///
    /// # Errors
    /// If there is no zone of this name.
    pub fn zone(&self) -> SqlResult<Zone> {
        self.build_context().zone()
    }

    /// What functions are made for in this session.
    pub fn build_context(&self) -> BuildContext {
        let zone = self.setting("table.local-time-zone").filter(|zone| *zone != "default");
        BuildContext { time_zone: zone.unwrap_or("UTC").to_owned() }
    }
}
