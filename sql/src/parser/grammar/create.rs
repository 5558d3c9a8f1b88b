//! CREATE of anything but tables, and which one it is.

use crate::parser::ast::{
    Column, CreateCatalog, CreateConnection, CreateDatabase, CreateFunction, CreateModel, CreateView,
    FunctionLanguage, FunctionResource, ObjectName, ResourceKind, StatementKind, TableCreation,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// `CREATE …`, `REPLACE TABLE …`
    pub fn create(&mut self) -> Parsed<StatementKind> {
        if self.eat(&["REPLACE"]) {
            let temporary = self.eat(&["TEMPORARY"]);
            return self.create_table(TableCreation::Replace, temporary);
        }
        self.expect(&["CREATE"])?;
        if self.at(&["MATERIALIZED"]) || self.at(&["OR", "ALTER"]) {
            return self.create_materialized_table();
        }
        let or_replace = self.eat(&["OR", "REPLACE"]);
        let temporary = self.eat(&["TEMPORARY"]);
        if or_replace && self.which(&["TABLE", "VIEW"]).is_none() {
            return self.expected_one_of(&["TABLE", "VIEW"]);
        }
        if self.at(&["CONNECTION"]) || self.at(&["SYSTEM", "CONNECTION"]) {
            return self.create_connection(temporary);
        }
        match self.which(&["TABLE", "VIEW", "DATABASE", "CATALOG", "FUNCTION", "SYSTEM", "MODEL"]) {
            Some("TABLE") => {
                let creation =
                    if or_replace { TableCreation::CreateOrReplace } else { TableCreation::Create };
                self.create_table(creation, temporary)
            }
            Some("VIEW") => self.create_view(or_replace, temporary),
            Some("DATABASE") if !temporary => self.create_database(),
            Some("CATALOG") if !temporary => self.create_catalog(),
            Some("FUNCTION" | "SYSTEM") => self.create_function(temporary),
            Some("MODEL") => self.create_model(temporary),
            _ => self.expected_object(temporary),
        }
    }

    /// Fails because nothing is next that CREATE and DROP know, behind TEMPORARY or without it.
    pub fn expected_object<T>(&self, temporary: bool) -> Parsed<T> {
        if temporary {
            return self.expected_one_of(&["TABLE", "VIEW", "FUNCTION", "SYSTEM FUNCTION", "MODEL"]);
        }
        self.expected_one_of(&[
            "TABLE",
            "VIEW",
            "DATABASE",
            "CATALOG",
            "FUNCTION",
            "MODEL",
            "TEMPORARY",
            "MATERIALIZED TABLE",
        ])
    }

    fn create_view(&mut self, or_replace: bool, temporary: bool) -> Parsed<StatementKind> {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of the view")?;
        let columns = self.optional_identifiers("the name of a column")?;
        let comment = self.comment()?;
        self.expect(&["AS"])?;
        let query = Box::new(self.query()?);
        let view = CreateView { or_replace, temporary, if_not_exists, name, columns, comment, query };
        Ok(StatementKind::CreateView(Box::new(view)))
    }

    fn create_database(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of the database")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        Ok(StatementKind::CreateDatabase(CreateDatabase { if_not_exists, name, comment, options }))
    }

    fn create_catalog(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.identifier("the name of the catalog")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        Ok(StatementKind::CreateCatalog(CreateCatalog { if_not_exists, name, comment, options }))
    }

    fn create_function(&mut self, temporary: bool) -> Parsed<StatementKind> {
        let system = self.eat(&["SYSTEM"]);
        self.expect(&["FUNCTION"])?;
        let if_not_exists = self.if_not_exists();
        let name = self.function_name()?;
        self.expect(&["AS"])?;
        let class = self.string("the name of a class")?;
        let language = self.language()?;
        let resources =
            if self.eat(&["USING"]) { self.comma_separated(Self::function_resource)? } else { Vec::new() };
        let options = self.with_options()?;
        Ok(StatementKind::CreateFunction(Box::new(CreateFunction {
            temporary,
            system,
            if_not_exists,
            name,
            class,
            language,
            resources,
            options,
        })))
    }

    fn function_resource(&mut self) -> Parsed<FunctionResource> {
        let kind = if self.eat(&["JAR"]) {
            ResourceKind::Jar
        } else if self.eat(&["ARTIFACT"]) {
            ResourceKind::Artifact
        } else {
            return self.expected_one_of(&["JAR", "ARTIFACT"]);
        };
        Ok(FunctionResource { kind, path: self.string("the path of a file")? })
    }

    fn create_connection(&mut self, temporary: bool) -> Parsed<StatementKind> {
        let place = self.span();
        let system = self.eat(&["SYSTEM"]);
        self.expect(&["CONNECTION"])?;
        if system && !temporary {
            return self.invalid(place, "a system connection is always TEMPORARY");
        }
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of the connection")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        let connection = CreateConnection { temporary, system, if_not_exists, name, comment, options };
        Ok(StatementKind::CreateConnection(Box::new(connection)))
    }

    /// The name of a function that is created, altered or dropped.
    pub fn function_name(&mut self) -> Parsed<ObjectName> {
        self.object_name("the name of the function")
    }

    /// `LANGUAGE JAVA` if it is next.
    pub fn language(&mut self) -> Parsed<Option<FunctionLanguage>> {
        if !self.eat(&["LANGUAGE"]) {
            return Ok(None);
        }
        let language = match self.which(&["JAVA", "SCALA", "SQL", "PYTHON"]) {
            Some("JAVA") => FunctionLanguage::Java,
            Some("SCALA") => FunctionLanguage::Scala,
            Some("SQL") => FunctionLanguage::Sql,
            Some(_) => FunctionLanguage::Python,
            None => return self.expected_one_of(&["JAVA", "SCALA", "SQL", "PYTHON"]),
        };
        self.advance();
        Ok(Some(language))
    }

    fn create_model(&mut self, temporary: bool) -> Parsed<StatementKind> {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of the model")?;
        let input = self.model_columns("INPUT")?;
        let output = self.model_columns("OUTPUT")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        let query = if self.eat(&["AS"]) { Some(Box::new(self.query()?)) } else { None };
        let model = CreateModel { temporary, if_not_exists, name, input, output, comment, options, query };
        Ok(StatementKind::CreateModel(Box::new(model)))
    }

    fn model_columns(&mut self, keyword: &str) -> Parsed<Vec<Column>> {
        if !self.eat(&[keyword]) {
            return Ok(Vec::new());
        }
        if !self.symbol_at(0, Symbol::LeftParenthesis) {
            return self.unexpected("`(` and columns");
        }
        self.parenthesized(|parser| parser.comma_separated(Self::column))
    }
}
