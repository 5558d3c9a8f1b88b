//! CREATE and ALTER MATERIALIZED TABLE.

use crate::parser::ast::{
    AlterMaterializedTable, AlterMaterializedTableAction, CreateMaterializedTable, RefreshMode, StatementKind,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// A materialized table, from behind CREATE on.
    pub fn create_materialized_table(&mut self) -> Parsed<StatementKind> {
        let or_alter = self.eat(&["OR", "ALTER"]);
        self.expect(&["MATERIALIZED", "TABLE"])?;
        let name = self.object_name("the name of the table")?;
        let constraint = if self.symbol_at(0, Symbol::LeftParenthesis) {
            Some(self.parenthesized(Self::table_constraint)?)
        } else {
            None
        };
        let comment = self.comment()?;
        let distribution = if self.eat(&["DISTRIBUTED"]) { Some(self.distribution()?) } else { None };
        let partitioned_by = self.partitioned_by()?;
        let options = self.with_options()?;
        let freshness = if self.eat(&["FRESHNESS"]) {
            self.expect_symbol(Symbol::Equal)?;
            Some(self.interval()?)
        } else {
            None
        };
        let refresh_mode = if self.eat(&["REFRESH_MODE"]) { Some(self.refresh_mode()?) } else { None };
        self.expect(&["AS"])?;
        let query = Box::new(self.query()?);
        Ok(StatementKind::CreateMaterializedTable(Box::new(CreateMaterializedTable {
            or_alter,
            name,
            constraint,
            comment,
            distribution,
            partitioned_by,
            options,
            freshness,
            refresh_mode,
            query,
        })))
    }

    /// `= FULL`, behind REFRESH_MODE.
    fn refresh_mode(&mut self) -> Parsed<RefreshMode> {
        self.expect_symbol(Symbol::Equal)?;
        if self.eat(&["FULL"]) {
            Ok(RefreshMode::Full)
        } else if self.eat(&["CONTINUOUS"]) {
            Ok(RefreshMode::Continuous)
        } else {
            self.expected_one_of(&["FULL", "CONTINUOUS"])
        }
    }

    /// `ALTER MATERIALIZED TABLE …`, from behind ALTER on.
    pub fn alter_materialized_table(&mut self) -> Parsed<StatementKind> {
        self.expect(&["MATERIALIZED", "TABLE"])?;
        let name = self.object_name("the name of the table")?;
        let actions = ["SUSPEND", "RESUME", "REFRESH", "SET", "RESET", "AS", "ADD", "MODIFY", "DROP"];
        let Some(keyword) = self.which(&actions) else { return self.expected_one_of(&actions) };
        self.advance();
        let action = match keyword {
            "SUSPEND" => AlterMaterializedTableAction::Suspend,
            "RESUME" => AlterMaterializedTableAction::Resume(self.with_options()?),
            "REFRESH" => {
                let partition = if self.eat(&["PARTITION"]) { self.partition_values()? } else { Vec::new() };
                AlterMaterializedTableAction::Refresh(partition)
            }
            "SET" => self.set_of_materialized_table()?,
            "RESET" => AlterMaterializedTableAction::Reset(self.option_keys()?),
            "AS" => AlterMaterializedTableAction::Query(Box::new(self.query()?)),
            _ => {
                self.expect(&["DISTRIBUTION"])?;
                match keyword {
                    "ADD" => AlterMaterializedTableAction::AddDistribution(self.distribution()?),
                    "MODIFY" => AlterMaterializedTableAction::ModifyDistribution(self.distribution()?),
                    _ => AlterMaterializedTableAction::DropDistribution,
                }
            }
        };
        Ok(StatementKind::AlterMaterializedTable(Box::new(AlterMaterializedTable { name, action })))
    }

    fn set_of_materialized_table(&mut self) -> Parsed<AlterMaterializedTableAction> {
        if self.eat(&["FRESHNESS"]) {
            self.expect_symbol(Symbol::Equal)?;
            return Ok(AlterMaterializedTableAction::SetFreshness(self.interval()?));
        }
        if self.eat(&["REFRESH_MODE"]) {
            return Ok(AlterMaterializedTableAction::SetRefreshMode(self.refresh_mode()?));
        }
        Ok(AlterMaterializedTableAction::Set(self.options()?))
    }
}
