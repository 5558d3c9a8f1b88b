//! Savepoints made by hand: out of others, or out of nothing.

use super::copy::copy;
use super::reader::find;
use super::{OperatorEdit, SavepointReader};
use crate::snapshot::manifest::{MANIFEST, Manifest, OperatorManifest, SnapshotKind};
use crate::snapshot::part::OperatorPart;
use crate::snapshot::read::OpenedSnapshot;
use crate::snapshot::storage::SnapshotHome;
use crate::stores::Stores;
use crate::{
    CheckpointId, DEFAULT_MAX_PARALLELISM, OperatorId, Result, StateError, Timestamp, UPPER_MAX_PARALLELISM,
};

/// Makes a savepoint. As Flink's `SavepointWriter`.
///
/// Begins with what another snapshot holds or with nothing; then states are given, operators removed and renamed,
/// and at last all of it is [written](Self::write). What it begins with stays as it is.
///
/// ```
/// # mod millstream { pub use millstream_state as state; pub use millstream_state::state_processor; }
/// # use futures::executor::block_on;
/// # use millstream::state::StateError;
/// # use millstream::state_processor::{SavepointReader, SavepointWriter};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
/// # let mut writer = SavepointWriter::new();
/// # writer.operator("totals")?.value_state("total", [(1_u32, 300_u64)])?;
/// # block_on(writer.write(&path("before")))?;
/// // Cents become euros, and the operator gets another uid.
/// let before = block_on(SavepointReader::open(&path("before")))?;
/// let cents = block_on(before.keyed_state::<u32, u64>("totals", "total")?.entries())?;
///
/// let mut writer = SavepointWriter::from_existing(&before);
/// let euros = cents.into_iter().map(|(account, cents)| (account, cents as f64 / 100.0));
/// writer.operator("totals")?.value_state("total", euros)?;
/// writer.change_uid("totals", "euros")?;
/// block_on(writer.write(&path("after")))?;
///
/// let after = block_on(SavepointReader::open(&path("after")))?;
/// assert_eq!(block_on(after.keyed_state::<u32, f64>("euros", "total")?.entries())?, [(1, 3.0)]);
/// # Ok::<(), StateError>(())
/// ```
#[derive(Debug)]
pub struct SavepointWriter {
    base: Option<OpenedSnapshot>,
    operators: Vec<OperatorEdit>,
    max_parallelism: u32,
}

impl Default for SavepointWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl SavepointWriter {
    /// Begins with nothing.
    #[doc(alias = "newSavepoint")]
    pub const fn new() -> Self {
        Self { base: None, operators: Vec::new(), max_parallelism: DEFAULT_MAX_PARALLELISM }
    }

    /// Begins with all that a snapshot holds. Operators that are added have as many key groups as the
    /// first that it has.
    #[doc(alias = "fromExistingSavepoint")]
    pub fn from_existing(snapshot: &SavepointReader) -> Self {
        let operators = &snapshot.manifest().operators;
        let max_parallelism =
            operators.first().map_or(DEFAULT_MAX_PARALLELISM, |first| first.max_parallelism);
        Self {
            base: Some(snapshot.snapshot().clone()),
            operators: operators.iter().cloned().map(OperatorEdit::new).collect(),
            max_parallelism,
        }
    }

    /// How many key groups operators have that are added from now on: the maximum parallelism of the job that is to
    /// restore them. 128 unless set, as for jobs.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; pub use millstream_state::state_processor; }
    /// # use futures::executor::block_on;
    /// # use millstream::state_processor::{SavepointReader, SavepointWriter};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("few").to_string_lossy().into_owned();
    /// let mut writer = SavepointWriter::new().max_parallelism(16);
    /// writer.operator("counts")?.value_state("count", [(1_u32, 1_u64)])?;
    /// block_on(writer.write(&path))?;
    /// let reader = block_on(SavepointReader::open(&path))?;
    /// assert_eq!(reader.operators()[0].max_parallelism, 16);
    /// # Ok::<(), millstream::state::StateError>(())
    /// ```
    #[must_use]
    pub fn max_parallelism(self, max_parallelism: u32) -> Self {
        Self { max_parallelism, ..self }
    }

    /// The operator of this uid, to give it states; one without any is added if there is none.
    ///
    /// # Errors
    /// [`StateError::Usage`] if it is added, and the [maximum parallelism](Self::max_parallelism) is none that a job can
    /// have.
    #[doc(alias = "withOperator")]
    pub fn operator(&mut self, uid: &str) -> Result<&mut OperatorEdit> {
        let found = self.position(uid);
        let index = match found {
            Ok(index) => index,
            Err(_) => {
                if self.max_parallelism == 0 || self.max_parallelism > UPPER_MAX_PARALLELISM {
                    return Err(StateError::Usage(format!(
                        "operator `{uid}`: a maximum parallelism of {}, which must be between 1 and \
                         {UPPER_MAX_PARALLELISM}",
                        self.max_parallelism
                    )));
                }
                let operator = OperatorId::from_uid(uid);
                self.operators.push(OperatorEdit::new(OperatorManifest {
                    operator,
                    name: uid.to_owned(),
                    uid: Some(uid.to_owned()),
                    parallelism: 1,
                    max_parallelism: self.max_parallelism,
                    subtasks: vec![OperatorPart { operator, keyed: Vec::new(), lists: Vec::new() }],
                }));
                self.operators.len() - 1
            }
        };
        let missing = || StateError::Usage(format!("operator `{uid}` has gone"));
        self.operators.get_mut(index).ok_or_else(missing)
    }

    /// Removes an operator with all its state.
    ///
    /// # Errors
    /// [`StateError::Usage`] if there is no such operator, with the name next to it.
    #[doc(alias = "removeOperator")]
    pub fn remove_operator(&mut self, uid: &str) -> Result<&mut Self> {
        let index = self.position(uid)?;
        self.operators.remove(index);
        Ok(self)
    }

    /// Gives an operator another uid; also to one that had none, which is called by its name or identifier.
    ///
    /// # Errors
    /// [`StateError::Usage`] if there is no such operator, with the name next to it, or another one has that uid.
    #[doc(alias = "changeOperatorIdentifier")]
    pub fn change_uid(&mut self, from: &str, to: &str) -> Result<&mut Self> {
        let index = self.position(from)?;
        let id = OperatorId::from_uid(to);
        let mut others = self.operators.iter().enumerate().filter(|(other, _)| *other != index);
        if others.any(|(_, it)| it.manifest.operator == id) {
            let problem = format!("operator `{from}` cannot become `{to}`: there is one already");
            return Err(StateError::Usage(problem));
        }
        if let Some(operator) = self.operators.get_mut(index) {
            operator.rename(to);
        }
        Ok(self)
    }

    fn position(&self, uid: &str) -> Result<usize> {
        let operators = self.operators.iter().map(|it| &it.manifest);
        let name =
            self.base.as_ref().map_or_else(|| "in the making".to_owned(), |base| base.resolved().name());
        find(operators, uid, &name).map(|(index, _)| index)
    }

    /// Writes the savepoint into a folder, which must not hold another one.
    ///
    /// # Errors
    /// [`StateError::AlreadyExists`] where a snapshot lies there, [`StateError::Corrupt`] where a file of the snapshot that
    /// it began with is damaged, [`StateError::Storage`].
    pub async fn write(self, location: &str) -> Result<()> {
        self.write_with(&Stores::default(), location).await
    }

    /// As [`write`](Self::write), with stores that have been registered.
    ///
    /// # Errors
    /// As there.
    pub async fn write_with(self, stores: &Stores, location: &str) -> Result<()> {
        self.write_to(&stores.open_lasting(location)?).await
    }

    /// As [`write`](Self::write), into a folder that is open.
    ///
    /// # Errors
    /// As there.
    pub async fn write_to(self, home: &SnapshotHome) -> Result<()> {
        if home.get_if_present(MANIFEST).await?.is_some() {
            return Err(StateError::AlreadyExists { path: home.name_of(MANIFEST) });
        }
        let mut operators = Vec::with_capacity(self.operators.len());
        for (number, mut edit) in self.operators.into_iter().enumerate() {
            if let Some(base) = &self.base {
                for (subtask, part) in edit.manifest.subtasks.iter_mut().enumerate() {
                    *part = copy(base, home, &format!("{number}-{subtask}"), part).await?;
                }
            }
            operators.push(edit.write_new(home, &format!("{number}-new")).await?);
        }
        let base = self.base.as_ref().map(OpenedSnapshot::manifest);
        let manifest = Manifest {
            job: base.map_or_else(|| "state processor".to_owned(), |base| base.job.clone()),
            checkpoint: base.map_or(CheckpointId::new(1), |base| base.checkpoint),
            kind: SnapshotKind::Savepoint,
            created: base.map_or(Timestamp::from_millis(0), |base| base.created),
            operators,
        };
        home.create_manifest("", &manifest).await
    }
}
