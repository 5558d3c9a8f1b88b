//! Catalogs and databases: CREATE, DROP, USE.

use super::{TableEnvironment, TableResult};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{CreateCatalog, CreateDatabase, Drop, Identifier, ObjectName};

impl TableEnvironment {
    pub(super) fn create_catalog(&mut self, create: &CreateCatalog) -> SqlResult<TableResult> {
        let option = |key: &str| {
            let found = create.options.iter().find(|option| option.key.value == key);
            found.map(|option| &*option.value.value)
        };
        match option("type") {
            Some("generic_in_memory") => {}
            Some(other) => {
                return Err(SqlError::unsupported(format!("a catalog of type '{other}' is not supported"))
                    .with_hint("there is: 'type' = 'generic_in_memory'")
                    .at(create.name.span));
            }
            None => {
                return Err(SqlError::validation(
                    "Catalog options do not contain an option key 'type' for discovering a catalog.",
                )
                .at(create.name.span));
            }
        }
        let is_new =
            self.session.add_catalog(&create.name.name, option("default-database").unwrap_or("default"));
        if !is_new && !create.if_not_exists {
            return Err(SqlError::validation(format!("Catalog {} already exists.", create.name.name))
                .at(create.name.span));
        }
        Ok(TableResult::Ok)
    }

    pub(super) fn create_database(&mut self, create: &CreateDatabase) -> SqlResult<TableResult> {
        let (catalog, database) = self.database_path(&create.name)?;
        self.check_catalog(&catalog, &create.name)?;
        if !self.session.add_database(&catalog, &database) && !create.if_not_exists {
            return Err(SqlError::validation(format!(
                "Database {database} already exists in Catalog {catalog}."
            ))
            .at(create.name.span));
        }
        Ok(TableResult::Ok)
    }

    pub(super) fn use_catalog(&mut self, name: &Identifier) -> SqlResult<TableResult> {
        let Some(database) = self.session.default_database(&name.name).map(str::to_owned) else {
            return Err(SqlError::validation(format!("A catalog with name [{}] does not exist.", name.name))
                .at(name.span));
        };
        self.session.current_catalog.clone_from(&name.name);
        self.session.current_database = database;
        Ok(TableResult::Ok)
    }

    pub(super) fn use_database(&mut self, name: &ObjectName) -> SqlResult<TableResult> {
        let (catalog, database) = self.database_path(name)?;
        self.check_catalog(&catalog, name)?;
        if !self.session.has_database(&catalog, &database) {
            return Err(SqlError::validation(format!(
                "A database with name [{database}] does not exist in the catalog: [{catalog}]."
            ))
            .at(name.span));
        }
        self.session.current_catalog = catalog;
        self.session.current_database = database;
        Ok(TableResult::Ok)
    }

    pub(super) fn drop_database(&mut self, drop: &Drop) -> SqlResult<TableResult> {
        let (catalog, database) = self.database_path(&drop.name)?;
        self.check_catalog(&catalog, &drop.name)?;
        if !self.session.has_database(&catalog, &database) {
            return if drop.if_exists {
                Ok(TableResult::Ok)
            } else {
                Err(SqlError::validation(format!("Database {database} does not exist in Catalog {catalog}."))
                    .at(drop.name.span))
            };
        }
        if catalog == self.session.current_catalog && database == self.session.current_database {
            return Err(
                SqlError::validation("Cannot drop a database which is currently in use.").at(drop.name.span)
            );
        }
        if drop.cascade != Some(true) && self.session.relations_in(&catalog, &database).next().is_some() {
            return Err(SqlError::validation(format!(
                "Database {database} in catalog {catalog} is not empty."
            ))
            .with_hint("DROP DATABASE … CASCADE drops what is in it, too")
            .at(drop.name.span));
        }
        self.session.remove_database(&catalog, &database);
        Ok(TableResult::Ok)
    }

    pub(super) fn drop_catalog(&mut self, drop: &Drop) -> SqlResult<TableResult> {
        let name = match drop.name.parts.as_slice() {
            [only] => &only.name,
            _ => return Err(SqlError::validation("the name of a catalog has one part").at(drop.name.span)),
        };
        if *name == self.session.current_catalog {
            return Err(
                SqlError::validation("Cannot drop a catalog which is currently in use.").at(drop.name.span)
            );
        }
        if !self.session.remove_catalog(name) && !drop.if_exists {
            return Err(SqlError::validation(format!("Catalog {name} does not exist.")).at(drop.name.span));
        }
        Ok(TableResult::Ok)
    }

    /// The catalog of a name of one part, or the current one.
    pub(super) fn catalog_of(&self, name: Option<&ObjectName>) -> SqlResult<String> {
        let Some(name) = name else { return Ok(self.session.current_catalog.clone()) };
        let [only] = name.parts.as_slice() else {
            return Err(SqlError::validation("the name of a catalog has one part").at(name.span));
        };
        self.check_catalog(&only.name, name)?;
        Ok(only.name.clone())
    }

    /// The catalog and the database of a name of one or two parts.
    pub(super) fn database_path(&self, name: &ObjectName) -> SqlResult<(String, String)> {
        match name.parts.as_slice() {
            [database] => Ok((self.session.current_catalog.clone(), database.name.clone())),
            [catalog, database] => Ok((catalog.name.clone(), database.name.clone())),
            _ => Err(SqlError::validation("the name of a database has one or two parts").at(name.span)),
        }
    }

    fn check_catalog(&self, catalog: &str, name: &ObjectName) -> SqlResult<()> {
        match self.session.default_database(catalog) {
            Some(_) => Ok(()),
            None => Err(SqlError::validation(format!("Catalog {catalog} does not exist")).at(name.span)),
        }
    }
}
