//! CREATE FUNCTION and DROP FUNCTION.

use std::sync::Arc;

use super::{TableEnvironment, TableResult};
use crate::error::{SqlError, SqlResult};
use crate::functions::{class_names, function_of_class};
use crate::parser::ast::{CreateFunction, Drop, FunctionLanguage, ObjectKind};
use crate::suggestion::nearest;

impl TableEnvironment {
    /// Makes a built-in function of a Java class known by a name.
    pub(super) fn create_function(&mut self, create: &CreateFunction) -> SqlResult<TableResult> {
        let class = create.class.value.as_str();
        if matches!(create.language, Some(FunctionLanguage::Python)) {
            return Err(SqlError::unsupported("functions in Python are not supported").at(create.name.span));
        }
        let Some(function) = function_of_class(class) else {
            let names: Vec<_> = class_names().collect();
            let error = SqlError::unsupported(format!(
                "the code of '{class}' cannot be run: functions of Java and Scala are not supported"
            ));
            let error = match nearest(class, &names) {
                Some(nearest) => error.with_hint(format!("did you mean '{nearest}', which is built in?")),
                None => error.with_hint(format!("built in under the name of a class: {}", names.join(", "))),
            };
            return Err(error.at(create.name.span));
        };
        let functions = self.session.functions();
        let (known, what) = if create.system {
            let name = create.name.parts.last().map_or("", |part| &part.name);
            (functions.system(name).is_some(), format!("Temporary system function '{name}'"))
        } else {
            let path = self.session.path(&create.name)?;
            (functions.get(&path).is_some(), format!("Function {}", path))
        };
        if known {
            return match create.if_not_exists {
                true => Ok(TableResult::Ok),
                false => Err(SqlError::validation(format!("{what} already exists")).at(create.name.span)),
            };
        }
        if create.system {
            let name = create.name.parts.last().map_or("", |part| &part.name);
            Arc::make_mut(self.session.functions_mut()).put_system(name, function);
        } else {
            let path = self.session.path(&create.name)?;
            Arc::make_mut(self.session.functions_mut()).put(&path, function);
        }
        Ok(TableResult::Ok)
    }

    pub(super) fn drop_function(&mut self, drop: &Drop) -> SqlResult<TableResult> {
        let name = drop.name.parts.last().map_or("", |part| &part.name);
        let removed = if drop.kind == ObjectKind::SystemFunction {
            Arc::make_mut(self.session.functions_mut()).remove_system(name)
        } else {
            let path = self.session.path(&drop.name)?;
            Arc::make_mut(self.session.functions_mut()).remove(&path)
        };
        if removed || drop.if_exists {
            return Ok(TableResult::Ok);
        }
        Err(SqlError::validation(format!("Function '{}' does not exist", drop.name)).at(drop.name.span))
    }
}

#[cfg(test)]
mod tests;
