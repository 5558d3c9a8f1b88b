//! `millstream explain`: the plans of a script's statements, without running them.

use millstream_sql::parser::ast::StatementKind;
use millstream_sql::parser::{parse_statement, split_statements};
use millstream_sql::plan::explain::ExplainOptions;
use millstream_sql::{SqlError, TableEnvironment};

use crate::errors::{self, ErrorStyle};
use crate::failure::Failure;
use crate::output;
use crate::style::Style;

/// Writes the plan of each query and INSERT of a script; other statements are run.
///
/// # Errors
/// The first statement that is refused; it has been written.
pub fn explain(tables: &mut TableEnvironment, text: &str, options: ExplainOptions) -> Result<(), Failure> {
    for statement in split_statements(text) {
        let explained = plan(tables, statement.text, options);
        match explained.map_err(|error| error.shifted(statement.span.start)) {
            Ok(Some(plan)) => output::write(&plan),
            Ok(None) => {}
            Err(error) => {
                errors::statement(&error, text, ErrorStyle::Flink, Style::Flink);
                return Err(Failure::reported(Failure::REFUSED));
            }
        }
    }
    Ok(())
}

fn plan(
    tables: &mut TableEnvironment,
    text: &str,
    options: ExplainOptions,
) -> Result<Option<String>, SqlError> {
    let statement = parse_statement(text)?;
    match &statement.kind {
        StatementKind::Query(_)
        | StatementKind::Insert(_)
        | StatementKind::StatementSet(_)
        | StatementKind::Execute(_)
        | StatementKind::Explain(_) => tables.explain_statement(&statement, options).map(Some),
        // Each INSERT of a set is explained on its own.
        StatementKind::BeginStatementSet | StatementKind::EndStatementSet => Ok(None),
        _ => tables.execute(&statement).map(|_| None),
    }
}
