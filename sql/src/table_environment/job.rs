//! Jobs made from statements.

use millstream_operators::{Environment, Stream};

use crate::catalog::Session;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::plan::{PhysicalNode, PhysicalPlan};
use crate::translate::Translator;
use crate::types::Schema;

/// The job of a query, whose rows go to whoever asked.
#[derive(Debug)]
pub struct QueryJob {
    session: Session,
    plan: PhysicalPlan,
}

impl QueryJob {
    pub(super) const fn new(session: Session, plan: PhysicalPlan) -> Self {
        Self { session, plan }
    }

    /// The columns of the result.
    pub const fn schema(&self) -> &Schema {
        &self.plan.schema
    }

    /// How the query runs.
    pub const fn plan(&self) -> &PhysicalPlan {
        &self.plan
    }

    /// Adds the query to a job; its rows are the stream's, all in one subtask of what reads it.
    ///
    /// # Errors
    /// If a table cannot be read as it is declared.
    pub fn build(&self, environment: &Environment) -> SqlResult<Stream<Chunk>> {
        // One subtask gets the rows, so that none overtakes another one of the same key.
        Ok(Translator::new(&self.session, environment).stream(&self.plan)?.global())
    }
}

/// The job of one INSERT, or of a statement set.
#[derive(Clone, Debug)]
pub struct InsertJob {
    session: Session,
    plans: Vec<PhysicalPlan>,
    warnings: Vec<String>,
}

impl InsertJob {
    pub(super) const fn new(session: Session, plans: Vec<PhysicalPlan>) -> Self {
        Self { session, plans, warnings: Vec::new() }
    }

    pub(super) fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// What there is to say about the INSERTs.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Reads the rows that test tables have in a session now.
    #[cfg(feature = "testing")]
    pub(crate) fn use_rows_of(&mut self, session: &Session) {
        self.session = session.clone();
    }

    /// Makes one job of this and another, with the other's settings.
    pub fn append(&mut self, other: Self) {
        self.session = other.session;
        self.plans.extend(other.plans);
        self.warnings.extend(other.warnings);
    }

    /// How each INSERT runs.
    pub fn plans(&self) -> &[PhysicalPlan] {
        &self.plans
    }

    /// Adds the INSERTs to a job.
    ///
    /// # Errors
    /// If a table cannot be read or written as it is declared.
    pub fn build(&self, environment: &Environment) -> SqlResult<()> {
        let translator = Translator::new(&self.session, environment);
        self.plans.iter().try_for_each(|plan| translator.sink(plan))
    }

    /// Adds the tables that the INSERTs read, and nothing that is done with their rows: to measure what they cost alone.
    ///
    /// # Errors
    /// If a table cannot be read as it is declared.
    pub fn build_sources(&self, environment: &Environment) -> SqlResult<()> {
        let translator = Translator::new(&self.session, environment);
        self.plans.iter().try_for_each(|plan| discard_scans(plan, &translator))
    }
}

fn discard_scans(plan: &PhysicalPlan, translator: &Translator<'_>) -> SqlResult<()> {
    if matches!(plan.node, PhysicalNode::Scan { .. }) {
        translator.stream(plan)?.discard();
    }
    plan.inputs.iter().try_for_each(|input| discard_scans(input, translator))
}
