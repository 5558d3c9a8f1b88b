//! Runs test cases: each several times, and all runs must agree.

mod execution;

use super::check::difference;
use super::{Case, Expectation, ExpectationKind};
use execution::Execution;

/// How cases are run.
#[derive(Clone, Copy, Debug)]
pub struct CaseOptions {
    /// Compares changes in their order, as if each `changelog` were `ordered`.
    pub exact: bool,
    /// How many subtasks the run has that is not in order.
    pub parallelism: u32,
    /// Decides what goes wrong in the run under faults.
    pub seed: u64,
}

impl Default for CaseOptions {
    fn default() -> Self {
        Self { exact: false, parallelism: 4, seed: 1 }
    }
}

/// How a case went.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// What differs; empty if the case holds.
    pub differences: Vec<Difference>,
    /// What came out in the run with one subtask, for each expectation.
    pub actual: Vec<Expectation>,
}

/// What is not as the case says.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The line of the file, from 1 on.
    pub line: usize,
    /// In which run.
    pub run: Run,
    /// What differs.
    pub message: String,
}

/// A way to run a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// As the case says; one subtask if it says nothing.
    InOrder,
    /// With so many subtasks, and one less behind a `restore`: changes come in another order and may be others, what is
    /// left is the same.
    Parallel(u32),
    /// With mini-batches: there are fewer changes, what is left is the same.
    MiniBatch,
    /// In one thread, in an order that the seed decides, with crashes of the process and failures of tasks and of the
    /// store: what is left is the same, and what comes out is exact.
    UnderFaults(u64),
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InOrder => f.write_str("in order"),
            Self::Parallel(parallelism) => write!(f, "with {parallelism} subtasks"),
            Self::MiniBatch => f.write_str("with mini-batches"),
            Self::UnderFaults(seed) => write!(f, "under faults, seed {seed}"),
        }
    }
}

/// What came out where an expectation stands.
struct Observed {
    expectation: Expectation,
    /// The rows to compare with those that are expected.
    rows: Vec<String>,
    /// What is left of them, in whatever order they came.
    folded: Vec<String>,
}

/// Runs a case in order, in parallel, with mini-batches, and under faults.
pub fn run_case(case: &Case, options: &CaseOptions) -> CaseReport {
    let mut differences = Vec::new();
    let reference = Execution::new(case, Run::InOrder).run(&mut differences);
    for observed in &reference {
        let kind = match observed.expectation.kind {
            ExpectationKind::Changelog if options.exact => ExpectationKind::OrderedChangelog,
            kind => kind,
        };
        if let Some(message) = difference(kind, &observed.expectation.rows, &observed.rows) {
            differences.push(Difference { line: observed.expectation.line, run: Run::InOrder, message });
        }
    }
    // What is wrong already is not told again for each other way.
    if differences.is_empty() {
        let runs = [Run::Parallel(options.parallelism), Run::MiniBatch, Run::UnderFaults(options.seed)];
        for run in runs {
            // Where processing time counts, a crash changes what comes out.
            if matches!(run, Run::UnderFaults(_)) && case.passes_time() {
                continue;
            }
            let others = Execution::new(case, run).run(&mut differences);
            for (observed, other) in reference.iter().zip(&others) {
                let differs = difference(ExpectationKind::Table, &observed.folded, &other.folded);
                if let Some(message) = differs {
                    let message = format!("what is left is not what was left in order:\n{message}");
                    differences.push(Difference { line: observed.expectation.line, run, message });
                }
            }
        }
    }
    let actual = reference
        .into_iter()
        .map(|observed| Expectation { rows: observed.rows, ..observed.expectation })
        .collect();
    CaseReport { differences, actual }
}

#[cfg(test)]
mod tests;
