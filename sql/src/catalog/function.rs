//! Functions that CREATE FUNCTION has made known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ObjectPath;
use crate::functions::ScalarFunction;
use crate::parser::ast::ObjectName;

/// Functions that a session has created. Their names are the same in upper and lower case, as in Flink.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    /// Temporary system functions, which have no database and hide the built-in ones.
    system: BTreeMap<String, &'static ScalarFunction>,
    in_catalogs: BTreeMap<ObjectPath, &'static ScalarFunction>,
}

impl Functions {
    /// Adds a temporary system function; gives the one of this name that was there.
    pub fn put_system(
        &mut self,
        name: &str,
        function: &'static ScalarFunction,
    ) -> Option<&'static ScalarFunction> {
        self.system.insert(name.to_ascii_lowercase(), function)
    }

    /// Adds a function to a database; gives the one of this name that was there.
    pub fn put(
        &mut self,
        path: &ObjectPath,
        function: &'static ScalarFunction,
    ) -> Option<&'static ScalarFunction> {
        self.in_catalogs.insert(normalized(path), function)
    }

    /// The temporary system function of this name.
    pub fn system(&self, name: &str) -> Option<&'static ScalarFunction> {
        self.system.get(&name.to_ascii_lowercase()).copied()
    }

    /// The function of this name in a database.
    pub fn get(&self, path: &ObjectPath) -> Option<&'static ScalarFunction> {
        self.in_catalogs.get(&normalized(path)).copied()
    }

    /// Removes a temporary system function; says whether it was there.
    pub fn remove_system(&mut self, name: &str) -> bool {
        self.system.remove(&name.to_ascii_lowercase()).is_some()
    }

    /// Removes a function from a database; says whether it was there.
    pub fn remove(&mut self, path: &ObjectPath) -> bool {
        self.in_catalogs.remove(&normalized(path)).is_some()
    }
}

fn normalized(path: &ObjectPath) -> ObjectPath {
    ObjectPath { name: path.name.to_ascii_lowercase(), ..path.clone() }
}

/// Functions as an expression sees them: with what names of one part are completed by. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct FunctionScope {
    pub(crate) functions: Arc<Functions>,
    pub(crate) catalog: Arc<str>,
    pub(crate) database: Arc<str>,
}

impl FunctionScope {
    /// A temporary system function, which comes before the built-in ones.
    pub(crate) fn system(&self, name: &ObjectName) -> Option<&'static ScalarFunction> {
        match name.parts.as_slice() {
            [name] => self.functions.system(&name.name),
            _ => None,
        }
    }

    /// A function of a database, which comes after them.
    pub(crate) fn in_catalog(&self, name: &ObjectName) -> Option<&'static ScalarFunction> {
        let (catalog, database) = (self.catalog.to_string(), self.database.to_string());
        let mut parts = name.parts.iter().rev().map(|part| part.name.clone());
        let path = ObjectPath {
            name: parts.next()?,
            database: parts.next().unwrap_or(database),
            catalog: parts.next().unwrap_or(catalog),
        };
        self.functions.get(&path)
    }
}
