//! Statements about the session and its jobs: USE, SET, RESET, modules, jars, CALL, TRUNCATE, ANALYZE, STOP JOB.

use crate::parser::ast::{Analyze, AnalyzedColumns, StatementKind};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// The statement that this keyword, which is next, begins.
    pub fn session_statement(&mut self, keyword: &str) -> Parsed<StatementKind> {
        self.advance();
        match keyword {
            "USE" => self.use_statement(),
            "LOAD" => {
                self.expect(&["MODULE"])?;
                let name = self.identifier("the name of a module")?;
                Ok(StatementKind::LoadModule(name, self.with_options()?))
            }
            "UNLOAD" => {
                self.expect(&["MODULE"])?;
                Ok(StatementKind::UnloadModule(self.identifier("the name of a module")?))
            }
            "SET" => self.set(),
            "RESET" if self.at_end() => Ok(StatementKind::Reset(None)),
            "RESET" => Ok(StatementKind::Reset(Some(self.string("a key")?))),
            "ADD" => {
                self.expect(&["JAR"])?;
                Ok(StatementKind::AddJar(self.string("the path of a jar")?))
            }
            "REMOVE" => {
                self.expect(&["JAR"])?;
                Ok(StatementKind::RemoveJar(self.string("the path of a jar")?))
            }
            "TRUNCATE" => {
                self.expect(&["TABLE"])?;
                Ok(StatementKind::Truncate(self.object_name("the name of a table")?))
            }
            "ANALYZE" => self.analyze(),
            "CALL" => {
                if !self.at_function() {
                    return self.unexpected("a procedure, as in CALL name(…)");
                }
                Ok(StatementKind::Call(Box::new(self.function_call()?)))
            }
            _ => self.stop_job(),
        }
    }

    fn at_end(&self) -> bool {
        matches!(self.kind_at(0), TokenKind::End | TokenKind::Symbol(Symbol::Semicolon))
    }

    fn use_statement(&mut self) -> Parsed<StatementKind> {
        if self.at(&["CATALOG"]) && !self.symbol_at(1, Symbol::Dot) {
            self.advance();
            return Ok(StatementKind::UseCatalog(self.identifier("the name of a catalog")?));
        }
        if self.eat(&["MODULES"]) {
            let modules = self.comma_separated(|parser| parser.identifier("the name of a module"))?;
            return Ok(StatementKind::UseModules(modules));
        }
        Ok(StatementKind::UseDatabase(self.object_name("CATALOG, MODULES or the name of a database")?))
    }

    fn set(&mut self) -> Parsed<StatementKind> {
        if self.at_end() {
            return Ok(StatementKind::Set(None));
        }
        if matches!(self.kind_at(0), TokenKind::Word) {
            let error = self.mistake("a key in single quotes");
            return Err(error.with_hint("both sides stand in single quotes: SET 'key' = 'value'"));
        }
        Ok(StatementKind::Set(Some(self.option()?)))
    }

    fn analyze(&mut self) -> Parsed<StatementKind> {
        self.expect(&["TABLE"])?;
        let table = self.object_name("the name of a table")?;
        let partition = if self.eat(&["PARTITION"]) {
            self.parenthesized(|parser| {
                parser.comma_separated(|parser| {
                    let column = parser.identifier("a partition column")?;
                    let value = parser.eat_symbol(Symbol::Equal).then(|| parser.constant()).transpose()?;
                    Ok((column, value))
                })
            })?
        } else {
            Vec::new()
        };
        self.expect(&["COMPUTE", "STATISTICS"])?;
        let columns = if !self.eat(&["FOR"]) {
            AnalyzedColumns::None
        } else if self.eat(&["ALL", "COLUMNS"]) {
            AnalyzedColumns::All
        } else if self.eat(&["COLUMNS"]) {
            AnalyzedColumns::Some(self.comma_separated(|parser| parser.identifier("the name of a column"))?)
        } else {
            return self.expected_one_of(&["COLUMNS", "ALL COLUMNS"]);
        };
        Ok(StatementKind::Analyze(Analyze { table, partition, columns }))
    }

    fn stop_job(&mut self) -> Parsed<StatementKind> {
        self.expect(&["JOB"])?;
        let job = self.string("the id of a job")?;
        let savepoint = self.eat(&["WITH", "SAVEPOINT"]);
        let place = self.span();
        let drain = self.eat(&["WITH", "DRAIN"]);
        if drain && !savepoint {
            return self.invalid(self.since(place), "WITH DRAIN stands only behind WITH SAVEPOINT");
        }
        Ok(StatementKind::StopJob { job, savepoint, drain })
    }
}
