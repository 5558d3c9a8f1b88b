//! Connectors: where the rows of tables come from.

pub mod nexmark;
