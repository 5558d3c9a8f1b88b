//! ALTER and DROP.

use crate::parser::ast::{
    AlterAction, AlterColumn, AlterObject, AlterTable, AlterTableAction, ColumnPosition, Drop, ObjectKind,
    ObjectName, Partition, SchemaElement, StatementKind,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// `ALTER …`
    pub fn alter(&mut self) -> Parsed<StatementKind> {
        self.expect(&["ALTER"])?;
        let temporary = self.eat(&["TEMPORARY"]);
        match self.which(&[
            "TABLE",
            "MATERIALIZED",
            "VIEW",
            "DATABASE",
            "CATALOG",
            "FUNCTION",
            "SYSTEM",
            "MODEL",
            "CONNECTION",
        ]) {
            Some("FUNCTION" | "SYSTEM") => self.alter_function(temporary),
            _ if temporary => self.expected_one_of(&["FUNCTION", "SYSTEM FUNCTION"]),
            Some("TABLE") => self.alter_table(),
            Some("MATERIALIZED") => self.alter_materialized_table(),
            Some("VIEW") => self.alter_view(),
            Some("DATABASE") => self.alter_database(),
            Some("CATALOG") => self.alter_catalog(),
            Some("MODEL") => self.alter_options(ObjectKind::Model),
            Some("CONNECTION") => self.alter_options(ObjectKind::Connection),
            _ => self.expected_one_of(&[
                "TABLE",
                "VIEW",
                "DATABASE",
                "CATALOG",
                "FUNCTION",
                "MODEL",
                "MATERIALIZED TABLE",
            ]),
        }
    }

    fn alter_table(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let if_exists = self.if_exists();
        let name = self.object_name("the name of the table")?;
        let action = match self.which(&["RENAME", "SET", "RESET", "ADD", "MODIFY", "DROP"]) {
            Some("RENAME") => {
                self.advance();
                if self.eat(&["TO"]) {
                    AlterTableAction::Rename(self.object_name("the new name of the table")?)
                } else {
                    let column = self.object_name("TO, or the name of a column")?;
                    self.expect(&["TO"])?;
                    AlterTableAction::RenameColumn(column, self.object_name("the new name of the column")?)
                }
            }
            Some("SET") => {
                self.advance();
                AlterTableAction::Set(self.options()?)
            }
            Some("RESET") => {
                self.advance();
                AlterTableAction::Reset(self.option_keys()?)
            }
            Some("ADD") => {
                self.advance();
                if self.at(&["PARTITION"]) || self.at(&["IF", "NOT", "EXISTS"]) {
                    self.add_partitions()?
                } else {
                    AlterTableAction::Add(self.schema_elements()?)
                }
            }
            Some("MODIFY") => {
                self.advance();
                AlterTableAction::Modify(self.schema_elements()?)
            }
            Some(_) => {
                self.advance();
                self.drop_from_table()?
            }
            None => return self.expected_one_of(&["ADD", "MODIFY", "DROP", "RENAME", "SET", "RESET"]),
        };
        Ok(StatementKind::AlterTable(Box::new(AlterTable { if_exists, name, action })))
    }

    fn schema_elements(&mut self) -> Parsed<Vec<SchemaElement>> {
        self.no_column_keyword()?;
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            self.parenthesized(|parser| parser.comma_separated(Self::schema_element))
        } else {
            Ok(vec![self.schema_element()?])
        }
    }

    /// Fails if COLUMN is next, which other dialects have here.
    fn no_column_keyword(&self) -> Parsed<()> {
        if !self.at(&["COLUMN"]) {
            return Ok(());
        }
        Err(self.mistake("the name of a column").with_hint("leave out COLUMN: ALTER TABLE t ADD a INT"))
    }

    fn schema_element(&mut self) -> Parsed<SchemaElement> {
        if self.at(&["WATERMARK"]) {
            return Ok(SchemaElement::Watermark(self.watermark()?));
        }
        if self.eat(&["DISTRIBUTION"]) {
            return Ok(SchemaElement::Distribution(self.distribution()?));
        }
        if self.at_constraint() {
            return Ok(SchemaElement::Constraint(self.table_constraint()?));
        }
        let column = self.column()?;
        let position = if self.eat(&["FIRST"]) {
            Some(ColumnPosition::First)
        } else if self.eat(&["AFTER"]) {
            Some(ColumnPosition::After(self.object_name("the name of a column")?))
        } else {
            None
        };
        Ok(SchemaElement::Column(AlterColumn { column, position }))
    }

    fn add_partitions(&mut self) -> Parsed<AlterTableAction> {
        let if_not_exists = self.if_not_exists();
        let mut partitions = Vec::new();
        while partitions.is_empty() || self.at(&["PARTITION"]) {
            let start = self.span();
            self.expect(&["PARTITION"])?;
            let (values, options) = (self.partition_values()?, self.with_options()?);
            partitions.push(Partition { values, options, span: self.since(start).into() });
        }
        Ok(AlterTableAction::AddPartitions { if_not_exists, partitions })
    }

    fn drop_from_table(&mut self) -> Parsed<AlterTableAction> {
        if self.at(&["PARTITION"]) || self.at(&["IF", "EXISTS"]) {
            let if_exists = self.if_exists();
            let partitions = self.comma_separated(|parser| {
                parser.expect(&["PARTITION"])?;
                parser.partition_values()
            })?;
            return Ok(AlterTableAction::DropPartitions { if_exists, partitions });
        }
        if self.eat(&["PRIMARY"]) {
            self.expect(&["KEY"])?;
            return Ok(AlterTableAction::DropPrimaryKey);
        }
        if self.eat(&["CONSTRAINT"]) {
            return Ok(AlterTableAction::DropConstraint(self.identifier("the name of a constraint")?));
        }
        if self.eat(&["WATERMARK"]) {
            return Ok(AlterTableAction::DropWatermark);
        }
        if self.eat(&["DISTRIBUTION"]) {
            return Ok(AlterTableAction::DropDistribution);
        }
        self.no_column_keyword()?;
        let column = |parser: &mut Self| parser.object_name("the name of a column");
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            let columns = self.parenthesized(|parser| parser.comma_separated(column))?;
            return Ok(AlterTableAction::DropColumns(columns));
        }
        Ok(AlterTableAction::DropColumns(vec![column(self)?]))
    }

    fn alter_view(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let name = self.object_name("the name of the view")?;
        let action = if self.eat(&["RENAME"]) {
            self.expect(&["TO"])?;
            AlterAction::Rename(self.object_name("the new name of the view")?)
        } else if self.eat(&["AS"]) {
            AlterAction::Query(Box::new(self.query()?))
        } else {
            return self.expected_one_of(&["RENAME", "AS"]);
        };
        Ok(altered(ObjectKind::View, false, name, action))
    }

    fn alter_database(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let name = self.object_name("the name of the database")?;
        self.expect(&["SET"])?;
        Ok(altered(ObjectKind::Database, false, name, AlterAction::Set(self.options()?)))
    }

    fn alter_catalog(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let start = self.span();
        let parts = vec![self.identifier("the name of the catalog")?];
        let name = ObjectName { parts, span: self.since(start).into() };
        let action = if self.eat(&["SET"]) {
            AlterAction::Set(self.options()?)
        } else if self.eat(&["RESET"]) {
            AlterAction::Reset(self.option_keys()?)
        } else if let Some(comment) = self.comment()? {
            AlterAction::Comment(comment)
        } else {
            return self.expected_one_of(&["SET", "RESET", "COMMENT"]);
        };
        Ok(altered(ObjectKind::Catalog, false, name, action))
    }

    /// A model or connection, which have options and nothing else.
    fn alter_options(&mut self, kind: ObjectKind) -> Parsed<StatementKind> {
        self.advance();
        let if_exists = self.if_exists();
        let name = self.object_name("a name")?;
        let action = if self.eat(&["RENAME"]) {
            self.expect(&["TO"])?;
            AlterAction::Rename(self.object_name("a new name")?)
        } else if self.eat(&["SET"]) {
            AlterAction::Set(self.options()?)
        } else if self.eat(&["RESET"]) {
            AlterAction::Reset(self.option_keys()?)
        } else {
            return self.expected_one_of(&["RENAME", "SET", "RESET"]);
        };
        Ok(altered(kind, if_exists, name, action))
    }

    fn alter_function(&mut self, temporary: bool) -> Parsed<StatementKind> {
        let kind = self.function_kind()?;
        let if_exists = self.if_exists();
        let name = self.function_name()?;
        self.expect(&["AS"])?;
        let class = self.string("the name of a class")?;
        let action = AlterAction::Function(class, self.language()?);
        Ok(StatementKind::Alter(Box::new(AlterObject { temporary, kind, if_exists, name, action })))
    }

    /// `[SYSTEM] FUNCTION`
    fn function_kind(&mut self) -> Parsed<ObjectKind> {
        let kind = if self.eat(&["SYSTEM"]) { ObjectKind::SystemFunction } else { ObjectKind::Function };
        self.expect(&["FUNCTION"])?;
        Ok(kind)
    }

    /// `DROP …`
    pub fn drop_object(&mut self) -> Parsed<StatementKind> {
        self.expect(&["DROP"])?;
        let temporary = self.eat(&["TEMPORARY"]);
        let (keyword, kind) =
            match self.which(&["TABLE", "VIEW", "MODEL", "DATABASE", "CATALOG", "MATERIALIZED"]) {
                Some("TABLE") => ("TABLE", ObjectKind::Table),
                Some("VIEW") => ("VIEW", ObjectKind::View),
                Some("MODEL") => ("MODEL", ObjectKind::Model),
                Some("DATABASE") if !temporary => ("DATABASE", ObjectKind::Database),
                Some("CATALOG") if !temporary => ("CATALOG", ObjectKind::Catalog),
                Some("MATERIALIZED") if !temporary => {
                    self.advance();
                    ("TABLE", ObjectKind::MaterializedTable)
                }
                _ if self.at(&["CONNECTION"]) => ("CONNECTION", ObjectKind::Connection),
                _ if temporary && self.at(&["SYSTEM", "CONNECTION"]) => {
                    self.advance();
                    ("CONNECTION", ObjectKind::SystemConnection)
                }
                _ if self.which(&["FUNCTION", "SYSTEM"]).is_some() => ("", self.function_kind()?),
                _ => return self.expected_object(temporary),
            };
        if !keyword.is_empty() {
            self.expect(&[keyword])?;
        }
        let if_exists = self.if_exists();
        let name = self.object_name("a name")?;
        let cascade = match self.which(&["CASCADE", "RESTRICT"]) {
            Some(behavior) if kind == ObjectKind::Database => {
                self.advance();
                Some(behavior == "CASCADE")
            }
            _ => None,
        };
        Ok(StatementKind::Drop(Drop { temporary, kind, if_exists, name, cascade }))
    }
}

fn altered(kind: ObjectKind, if_exists: bool, name: ObjectName, action: AlterAction) -> StatementKind {
    StatementKind::Alter(Box::new(AlterObject { temporary: false, kind, if_exists, name, action }))
}
