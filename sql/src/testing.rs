//! Test cases in SQL: scripts that say in comments which rows their tables have and which changes must come out.

mod case;
mod check;
mod run;

pub use case::{Case, CaseError, CaseFile, Expectation, ExpectationKind};
pub use run::{CaseOptions, CaseReport, Difference, run_case};
