//! The productions of the grammar, as methods of the [`Parser`](super::cursor::Parser).

mod alter;
mod calls;
mod collection;
mod create;
mod data_type;
mod dml;
mod expression;
mod function;
mod hint;
mod json;
mod literal;
mod match_recognize;
mod materialized_table;
mod name;
mod pattern;
mod plan;
mod primary;
mod query;
mod select;
mod session;
mod show;
mod statement;
mod table;
mod table_reference;
mod window;
