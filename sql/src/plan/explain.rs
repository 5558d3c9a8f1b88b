//! EXPLAIN: plans as Flink writes them, where it has the operator.
//!
//! As in Flink, expressions of the syntax tree are over `$0`, `$1`, …; those of the physical plan are over names, with
//! the operator in front of its operands; those of the execution plan have it between them.

mod expression;
mod json;
mod keyed;
mod logical;
mod physical;
mod reuse;
mod window;

pub use json::execution_plan_json;

use super::{LogicalPlan, PhysicalPlan};
use crate::catalog::Table;
use expression::Format;
use reuse::Reuse;

/// A plan before and after planning.
#[derive(Debug)]
pub struct Explained<'a> {
    /// What the query means.
    pub logical: &'a LogicalPlan,
    /// How it runs; a sink is part of it.
    pub physical: &'a PhysicalPlan,
    /// The table that is written, if there is one.
    pub sink: Option<&'a Table>,
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExplainOptions {
    /// Which changes each operator gives.
    pub changelog_mode: bool,
    /// The job as JSON, with this parallelism.
    pub json_execution_plan: Option<u32>,
}

/// The plans of statements that are one job; `reuses` says whether equal parts of a plan run once.
pub fn explain(plans: &[Explained<'_>], options: ExplainOptions, reuses: bool) -> String {
    let mut text = String::from("== Abstract Syntax Tree ==\n");
    for plan in plans {
        logical::tree(plan.logical, plan.sink).write(&mut text);
        text.push('\n');
    }
    text.push_str("== Optimized Physical Plan ==\n");
    for plan in plans {
        physical::tree(plan.physical, Format::Prefix, options.changelog_mode).write(&mut text);
        text.push('\n');
    }
    text.push_str("== Optimized Execution Plan ==\n");
    for plan in plans {
        let mut reuse = if reuses { Reuse::of(plan.physical) } else { Reuse::default() };
        physical::shared_tree(plan.physical, &mut reuse).write(&mut text);
        text.push('\n');
    }
    if let Some(parallelism) = options.json_execution_plan {
        text.push_str("== Physical Execution Plan ==\n");
        let plans: Vec<_> = plans.iter().map(|plan| plan.physical).collect();
        text.push_str(&execution_plan_json(&plans, parallelism));
        text.push('\n');
    }
    text
}

/// A node as a line, with its inputs below it.
struct Tree {
    line: String,
    inputs: Vec<Tree>,
}

impl Tree {
    fn write(&self, out: &mut String) {
        out.push_str(&self.line);
        out.push('\n');
        self.write_inputs("", out);
    }

    fn write_inputs(&self, indentation: &str, out: &mut String) {
        let last = self.inputs.len().saturating_sub(1);
        for (index, input) in self.inputs.iter().enumerate() {
            let (mark, below) = if index == last { ("+- ", "   ") } else { (":- ", ":  ") };
            out.push_str(indentation);
            out.push_str(mark);
            out.push_str(&input.line);
            out.push('\n');
            input.write_inputs(&format!("{indentation}{below}"), out);
        }
    }
}

/// `Name(key=[value], …)`; no parentheses without attributes.
fn line(name: &str, attributes: &[(&str, String)]) -> String {
    if attributes.is_empty() {
        return name.to_owned();
    }
    let attributes: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}=[{value}]")).collect();
    format!("{name}({})", attributes.join(", "))
}

/// The name of a table as a list of its parts.
fn table_parts(table: &Table) -> String {
    format!("{}, {}, {}", table.path.catalog, table.path.database, table.path.name)
}

#[cfg(test)]
mod tests;
