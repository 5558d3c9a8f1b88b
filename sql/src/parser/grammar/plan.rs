//! EXPLAIN, EXECUTE, COMPILE PLAN and statement sets.

use crate::parser::ast::{Explain, ExplainDetail, PlanFile, Statement, StatementKind};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

const DETAILS: &[(&str, ExplainDetail)] = &[
    ("ESTIMATED_COST", ExplainDetail::EstimatedCost),
    ("CHANGELOG_MODE", ExplainDetail::ChangelogMode),
    ("JSON_EXECUTION_PLAN", ExplainDetail::JsonExecutionPlan),
    ("PLAN_ADVICE", ExplainDetail::PlanAdvice),
];

impl ExplainDetail {
    pub(in crate::parser) fn keyword(self) -> &'static str {
        DETAILS.iter().find(|(_, detail)| *detail == self).map_or("", |(keyword, _)| *keyword)
    }
}

impl Parser<'_> {
    /// `EXPLAIN …`
    pub fn explain(&mut self) -> Parsed<StatementKind> {
        self.expect(&["EXPLAIN"])?;
        let mut details = Vec::new();
        if !self.eat(&["PLAN", "FOR"]) {
            while let Some(detail) = self.explain_detail(&details)? {
                details.push(detail);
                if !self.eat_symbol(Symbol::Comma) {
                    break;
                }
            }
        }
        let statement = Box::new(self.explained()?);
        Ok(StatementKind::Explain(Explain { details, statement }))
    }

    fn explain_detail(&mut self, others: &[ExplainDetail]) -> Parsed<Option<ExplainDetail>> {
        for (keyword, detail) in DETAILS {
            let place = self.span();
            if self.eat(&[keyword]) {
                if others.contains(detail) {
                    return self.invalid(place, format!("{keyword} is written twice"));
                }
                return Ok(Some(*detail));
            }
        }
        if others.is_empty() {
            Ok(None)
        } else {
            self.expected_one_of(&["ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE"])
        }
    }

    fn explained(&mut self) -> Parsed<Statement> {
        if self.at(&["STATEMENT"]) {
            return self.statement_set();
        }
        let allowed =
            ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPSERT", "EXECUTE", "CREATE", "REPLACE"];
        if !self.symbol_at(0, Symbol::LeftParenthesis) && self.which(&allowed).is_none() {
            return self.unexpected("a query, INSERT, CREATE TABLE AS, STATEMENT SET or a detail to explain");
        }
        let start = self.span();
        let statement = self.statement()?;
        let explainable = match &statement.kind {
            StatementKind::CreateTable(table) => table.query.is_some(),
            kind => {
                matches!(kind, StatementKind::Query(_) | StatementKind::Insert(_) | StatementKind::Execute(_))
            }
        };
        if explainable {
            Ok(statement)
        } else {
            self.invalid(self.since(start), "this statement has no plan to explain")
        }
    }

    /// `EXECUTE …`
    pub fn execute(&mut self) -> Parsed<StatementKind> {
        self.expect(&["EXECUTE"])?;
        if self.eat(&["PLAN"]) {
            return Ok(StatementKind::ExecutePlan(self.string("the path of a plan")?));
        }
        if self.at(&["STATEMENT"]) {
            return Ok(StatementKind::Execute(Box::new(self.statement_set()?)));
        }
        let allowed = ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPSERT"];
        if !self.symbol_at(0, Symbol::LeftParenthesis) && self.which(&allowed).is_none() {
            return self.unexpected("STATEMENT SET, PLAN, INSERT or a query");
        }
        Ok(StatementKind::Execute(Box::new(self.statement()?)))
    }

    /// `COMPILE PLAN …`, `COMPILE AND EXECUTE PLAN …`
    pub fn compile(&mut self) -> Parsed<StatementKind> {
        self.expect(&["COMPILE"])?;
        let execute = self.eat(&["AND"]);
        if execute {
            self.expect(&["EXECUTE"])?;
        }
        if !self.eat(&["PLAN"]) {
            return self.unexpected(if execute { "PLAN" } else { "PLAN or AND EXECUTE PLAN" });
        }
        let path = self.string("the path of a plan")?;
        let if_not_exists = !execute && self.if_not_exists();
        self.expect(&["FOR"])?;
        let statement = Box::new(match self.which(&["STATEMENT", "INSERT", "UPSERT"]) {
            Some("STATEMENT") => self.statement_set()?,
            Some(_) => self.statement()?,
            None => return self.unexpected("STATEMENT SET or INSERT"),
        });
        let plan = PlanFile { path, if_not_exists, statement };
        Ok(if execute {
            StatementKind::CompileAndExecutePlan(plan)
        } else {
            StatementKind::CompilePlan(plan)
        })
    }

    /// `STATEMENT SET BEGIN insert; … END`
    fn statement_set(&mut self) -> Parsed<Statement> {
        let start = self.span();
        self.expect(&["STATEMENT", "SET", "BEGIN"])?;
        let mut inserts = Vec::new();
        while inserts.is_empty() || !self.eat(&["END"]) {
            if self.which(&["INSERT", "UPSERT"]).is_none() {
                return self.unexpected(if inserts.is_empty() { "INSERT" } else { "INSERT or END" });
            }
            inserts.push(self.insert()?);
            if !self.symbol_at(0, Symbol::Semicolon) {
                let error = self.mistake("`;`");
                return Err(if error.hint().is_none() && self.at(&["END"]) {
                    error.with_hint("in a statement set, each INSERT has a semicolon behind it")
                } else {
                    error
                });
            }
            self.advance();
        }
        Ok(Statement { kind: StatementKind::StatementSet(inserts), span: self.since(start).into() })
    }
}
