//! From syntax trees to plans: names are looked up, types are checked.

mod create_table;
mod data_type;
mod expression;
mod group_window;
mod grouping;
mod insert;
mod join;
mod literal;
mod lookup_join;
mod order_by;
mod over;
mod overlaps;
mod query;
mod scope;
mod select;
mod set_operation;
mod state_ttl;
mod subquery;
mod table_as;
mod table_like;
mod table_reference;
mod window_function;

pub use create_table::create_table;
pub use insert::analyze_insert;
pub use query::analyze_query;
pub(crate) use query::renamed;
pub(crate) use scope::Scope;
pub(crate) use table_as::create_and_insert;
pub(crate) use table_like::{merge as merge_like, statement_of};

use crate::error::{SqlError, SqlResult};
use crate::parser::Span;

/// Says that a construct is right and not supported yet.
pub(crate) fn unsupported<T>(what: &str, span: impl Into<Span>) -> SqlResult<T> {
    Err(SqlError::unsupported(format!("{what} is not supported yet")).at(span))
}

/// Says that a plan has something that cannot run.
pub(crate) fn unsupported_plan<T>(what: &str) -> SqlResult<T> {
    Err(SqlError::unsupported(format!("{what} is not supported yet")))
}
