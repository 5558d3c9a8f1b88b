//! SHOW and DESCRIBE.

use crate::parser::ast::{
    Describe, NamePattern, ObjectKind, ObjectName, PatternOperator, Show, ShowKind, StatementKind,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::TokenKind;

impl Parser<'_> {
    /// `SHOW …`
    pub fn show(&mut self) -> Parsed<StatementKind> {
        self.expect(&["SHOW"])?;
        let kind = self.show_kind()?;
        let (from, pattern) = match kind {
            ShowKind::Columns => {
                if self.which(&["FROM", "IN"]).is_none() {
                    return self.expected_one_of(&["FROM", "IN"]);
                }
                (self.show_from()?, self.name_pattern(false)?)
            }
            ShowKind::Catalogs => (None, self.name_pattern(true)?),
            ShowKind::Databases | ShowKind::Functions | ShowKind::UserFunctions | ShowKind::Procedures => {
                (self.show_from()?, self.name_pattern(true)?)
            }
            ShowKind::Tables
            | ShowKind::Views
            | ShowKind::MaterializedTables
            | ShowKind::Models
            | ShowKind::Connections => (self.show_from()?, self.name_pattern(false)?),
            _ => (None, None),
        };
        Ok(StatementKind::Show(Show { kind, from, pattern }))
    }

    fn show_kind(&mut self) -> Parsed<ShowKind> {
        let words = [
            "CATALOGS",
            "DATABASES",
            "TABLES",
            "VIEWS",
            "COLUMNS",
            "FUNCTIONS",
            "PROCEDURES",
            "MODELS",
            "CONNECTIONS",
            "MODULES",
            "JARS",
            "JOBS",
            "PARTITIONS",
            "CURRENT",
            "CREATE",
            "FULL",
            "USER",
            "MATERIALIZED",
        ];
        let Some(word) = self.which(&words) else { return self.expected_one_of(&words) };
        self.advance();
        Ok(match word {
            "CATALOGS" => ShowKind::Catalogs,
            "DATABASES" => ShowKind::Databases,
            "TABLES" => ShowKind::Tables,
            "VIEWS" => ShowKind::Views,
            "COLUMNS" => ShowKind::Columns,
            "FUNCTIONS" => ShowKind::Functions,
            "PROCEDURES" => ShowKind::Procedures,
            "MODELS" => ShowKind::Models,
            "CONNECTIONS" => ShowKind::Connections,
            "MODULES" => ShowKind::Modules,
            "JARS" => ShowKind::Jars,
            "JOBS" => ShowKind::Jobs,
            "PARTITIONS" => {
                let table = self.object_name("the name of a table")?;
                let partition = if self.eat(&["PARTITION"]) { self.partition_values()? } else { Vec::new() };
                ShowKind::Partitions(table, partition)
            }
            "CURRENT" if self.eat(&["CATALOG"]) => ShowKind::CurrentCatalog,
            "CURRENT" if self.eat(&["DATABASE"]) => ShowKind::CurrentDatabase,
            "CURRENT" => return self.expected_one_of(&["CATALOG", "DATABASE"]),
            "CREATE" => self.show_create()?,
            "FULL" => {
                self.expect(&["MODULES"])?;
                ShowKind::FullModules
            }
            "USER" => {
                self.expect(&["FUNCTIONS"])?;
                ShowKind::UserFunctions
            }
            _ => {
                self.expect(&["TABLES"])?;
                ShowKind::MaterializedTables
            }
        })
    }

    fn show_create(&mut self) -> Parsed<ShowKind> {
        let kind = if self.eat(&["TABLE"]) {
            ObjectKind::Table
        } else if self.eat(&["VIEW"]) {
            ObjectKind::View
        } else if self.eat(&["CATALOG"]) {
            ObjectKind::Catalog
        } else if self.eat(&["MODEL"]) {
            ObjectKind::Model
        } else if self.eat(&["CONNECTION"]) {
            ObjectKind::Connection
        } else if self.eat(&["MATERIALIZED", "TABLE"]) {
            ObjectKind::MaterializedTable
        } else {
            return self.expected_one_of(&[
                "TABLE",
                "VIEW",
                "CATALOG",
                "MODEL",
                "CONNECTION",
                "MATERIALIZED TABLE",
            ]);
        };
        Ok(ShowKind::Create(kind, self.object_name("a name")?))
    }

    fn show_from(&mut self) -> Parsed<Option<ObjectName>> {
        if self.eat(&["FROM"]) || self.eat(&["IN"]) { self.object_name("a name").map(Some) } else { Ok(None) }
    }

    fn name_pattern(&mut self, ilike: bool) -> Parsed<Option<NamePattern>> {
        let negated = self.eat(&["NOT"]);
        let operator = if self.eat(&["LIKE"]) {
            PatternOperator::Like
        } else if ilike && self.eat(&["ILIKE"]) {
            PatternOperator::ILike
        } else if negated {
            return self.unexpected("LIKE");
        } else {
            return Ok(None);
        };
        Ok(Some(NamePattern { negated, operator, pattern: self.string("a pattern")? }))
    }

    /// `DESCRIBE …`
    pub fn describe(&mut self) -> Parsed<StatementKind> {
        self.advance();
        // These words may also name the table that is described.
        let object = self.name_at(1) || self.keyword_at(1, "EXTENDED");
        if self.at(&["JOB"]) && matches!(self.kind_at(1), TokenKind::String { .. }) {
            self.advance();
            return Ok(StatementKind::Describe(Describe::Job(self.string("the id of a job")?)));
        }
        let kind = if object && self.eat(&["CATALOG"]) {
            ObjectKind::Catalog
        } else if object && self.eat(&["DATABASE"]) {
            ObjectKind::Database
        } else if object && self.eat(&["FUNCTION"]) {
            ObjectKind::Function
        } else if object && self.eat(&["MODEL"]) {
            ObjectKind::Model
        } else if object && self.eat(&["CONNECTION"]) {
            ObjectKind::Connection
        } else {
            ObjectKind::Table
        };
        let extended = self.eat(&["EXTENDED"]);
        let name = self.object_name("the name of a table")?;
        Ok(StatementKind::Describe(Describe::Object { kind, extended, name }))
    }
}
