//! INSERT, UPDATE, DELETE.

use crate::parser::ast::{Assignment, ConflictAction, Delete, Insert, InsertMode, ObjectName, Update};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// `INSERT INTO …`, `INSERT OVERWRITE …`, `UPSERT INTO …`
    pub fn insert(&mut self) -> Parsed<Insert> {
        let start = self.span();
        let mode = if self.eat(&["UPSERT"]) {
            self.expect(&["INTO"])?;
            InsertMode::Upsert
        } else {
            self.expect(&["INSERT"])?;
            if self.eat(&["INTO"]) {
                InsertMode::Into
            } else if self.eat(&["OVERWRITE"]) {
                InsertMode::Overwrite
            } else {
                return self.expected_one_of(&["INTO", "OVERWRITE"]);
            }
        };
        let table = self.object_name("the name of a table")?;
        let hints = self.hints()?;
        let partition = if self.eat(&["PARTITION"]) { self.partition_values()? } else { Vec::new() };
        let columns = self.insert_columns()?;
        let source = self.query()?;
        let on_conflict = if self.eat(&["ON"]) { Some(self.conflict_action()?) } else { None };
        Ok(Insert {
            mode,
            table,
            hints,
            partition,
            columns,
            source,
            on_conflict,
            span: self.since(start).into(),
        })
    }

    /// `(column, …)`, if that is next and no query in parentheses.
    fn insert_columns(&mut self) -> Parsed<Vec<ObjectName>> {
        let query = self.query_at(1) || self.symbol_at(1, Symbol::LeftParenthesis);
        if !self.symbol_at(0, Symbol::LeftParenthesis) || query {
            return Ok(Vec::new());
        }
        self.parenthesized(|parser| {
            parser.comma_separated(|parser| parser.object_name("the name of a column"))
        })
    }

    fn conflict_action(&mut self) -> Parsed<ConflictAction> {
        self.expect(&["CONFLICT", "DO"])?;
        if self.eat(&["ERROR"]) {
            Ok(ConflictAction::Error)
        } else if self.eat(&["NOTHING"]) {
            Ok(ConflictAction::Nothing)
        } else if self.eat(&["DEDUPLICATE"]) {
            Ok(ConflictAction::Deduplicate)
        } else {
            self.expected_one_of(&["ERROR", "NOTHING", "DEDUPLICATE"])
        }
    }

    /// `UPDATE …`
    pub fn update(&mut self) -> Parsed<Update> {
        self.expect(&["UPDATE"])?;
        let table = self.object_name("the name of a table")?;
        let alias = self.alias("an alias")?;
        self.expect(&["SET"])?;
        let assignments = self.comma_separated(|parser| {
            let start = parser.span();
            let column = parser.identifier("the name of a column")?;
            parser.expect_symbol(Symbol::Equal)?;
            let value = parser.expression()?;
            Ok(Assignment { column, value, span: parser.since(start).into() })
        })?;
        Ok(Update { table, alias, assignments, selection: self.optional("WHERE")? })
    }

    /// `DELETE FROM …`
    pub fn delete(&mut self) -> Parsed<Delete> {
        self.expect(&["DELETE", "FROM"])?;
        let table = self.object_name("the name of a table")?;
        let alias = self.alias("an alias")?;
        Ok(Delete { table, alias, selection: self.optional("WHERE")? })
    }
}
