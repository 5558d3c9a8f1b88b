//! A chunk of one input meets the rows of the other.
//!
//! While a chunk of one input is looked at, the rows of the other stay where they are: so those that may belong to it
//! are gathered a block at a time, and the rest of the condition is evaluated once for each block. What is emitted and
//! kept is then decided row by row.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::RowRef;

use super::Input;
use super::emission::Emission;
use super::side::{JoinSide, Prepared};
use super::specification::JoinSpecification;
use crate::chunk::{Chunk, RowKind, arrow_error};
use crate::eval::EvalContext;
use crate::plan::JoinKind;

/// How many candidates are gathered at once.
const BLOCK: usize = Chunk::ROWS;

/// A chunk that is being looked at.
pub(super) struct Probe {
    input: Input,
    chunk: Chunk,
    prepared: Prepared,
    /// For each row, the first of the other input with its key.
    first: Vec<Option<RowRef>>,
    /// The row whose candidates are gathered next.
    gathering: usize,
    /// The candidate that is gathered next, if some of that row have been.
    next: Option<RowRef>,
    /// The row that pairs are emitted for.
    row: usize,
    /// With how many rows it has been found to be in a pair.
    matches: i64,
    /// Whether it is another row than those that are kept, once that is known.
    is_another: Option<bool>,
    /// With how many rows each row before it is in a pair, where rows are kept all at once.
    degrees: Vec<i64>,
    is_done: bool,
    emission: Emission,
}

/// A row of the chunk, and one of the other input with its key.
struct Candidate {
    row: usize,
    other: RowRef,
}

/// What a join does with the pairs of rows of one input.
#[derive(Clone, Copy)]
struct Rules {
    kind: JoinKind,
    /// Whether rows of this input that are in no pair are in the result.
    input_outer: bool,
    /// Whether rows of the other input that are in no pair are in the result.
    other_outer: bool,
}

/// Positions fit into 32 bits: chunks and blocks are small.
pub(super) fn position(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

impl Probe {
    /// A chunk of an input, of which `own` keeps the rows.
    pub(super) fn new(input: Input, chunk: Chunk, own: &JoinSide, other: &JoinSide) -> Result<Self> {
        let prepared = own.prepare(&chunk)?;
        let mut first = Vec::with_capacity(chunk.rows());
        other.store()?.find(prepared.keys.hashes(), &prepared.keys.column(), &mut first)?;
        for (first, matchable) in first.iter_mut().zip(&prepared.matchable) {
            *first = first.filter(|_| *matchable);
        }
        Ok(Self {
            input,
            is_done: chunk.is_empty(),
            chunk,
            prepared,
            first,
            gathering: 0,
            next: None,
            row: 0,
            matches: 0,
            is_another: None,
            degrees: Vec::new(),
            emission: Emission::default(),
        })
    }

    pub(super) const fn input(&self) -> Input {
        self.input
    }

    /// Whether nothing is left to do.
    pub(super) const fn is_done(&self) -> bool {
        self.is_done
    }

    /// Looks at the next block of candidates, and gives the rows of the result to `emit`.
    pub(super) fn block(
        &mut self,
        specification: &JoinSpecification,
        own: &mut JoinSide,
        other: &mut JoinSide,
        cx: &EvalContext,
        emit: &mut dyn FnMut(Chunk) -> Result<()>,
    ) -> Result<()> {
        let candidates = self.gather(other)?;
        let decoded = other.decode(candidates.iter().map(|candidate| candidate.other))?;
        let holds = self.holds(specification, &candidates, &decoded, cx)?;
        let rules = Rules::of(specification.kind, self.input);
        for (at, candidate) in candidates.iter().enumerate() {
            while self.row < candidate.row {
                self.end_row(rules, own)?;
                self.send(rules, &decoded, emit)?;
            }
            if holds.as_ref().is_some_and(|holds| holds.is_null(at) || !holds.value(at)) {
                continue;
            }
            for _ in 0..other.copies(candidate.other)? {
                self.pair(rules, other.degree(candidate.other)?, at);
                self.send(rules, &decoded, emit)?;
            }
            self.update_degree(rules, own, other, candidate.other)?;
        }
        while self.row < self.gathering {
            self.end_row(rules, own)?;
            self.send(rules, &decoded, emit)?;
        }
        self.is_done = self.row >= self.chunk.rows();
        if self.is_done && own.appends() {
            own.append_all(&self.prepared, &self.degrees)?;
        }
        self.flush(rules, &decoded, emit)
    }

    /// The next block of rows that may belong together.
    fn gather(&mut self, other: &JoinSide) -> Result<Vec<Candidate>> {
        let store = other.store()?;
        let mut candidates = Vec::new();
        while self.gathering < self.chunk.rows() {
            let first = self.first.get(self.gathering).copied().flatten();
            // What `find` gives may have expired; one behind it has not.
            let mut at = match self.next.take() {
                Some(next) => Some(next),
                None => first.and_then(|first| store.with_key(first).next()),
            };
            while let Some(row) = at {
                if candidates.len() >= BLOCK {
                    self.next = at;
                    return Ok(candidates);
                }
                candidates.push(Candidate { row: self.gathering, other: row });
                at = store.next_with_key(row);
            }
            self.gathering += 1;
        }
        Ok(candidates)
    }

    /// For which candidates the rest of the condition holds; `None` if there is no rest.
    fn holds(
        &self,
        specification: &JoinSpecification,
        candidates: &[Candidate],
        decoded: &[ArrayRef],
        cx: &EvalContext,
    ) -> Result<Option<BooleanArray>> {
        let Some(residual) = &specification.residual else { return Ok(None) };
        if candidates.is_empty() {
            return Ok(None);
        }
        let rows: UInt32Array = candidates.iter().map(|candidate| position(candidate.row)).collect();
        let left_columns = specification.left.schema.len();
        let columns = residual.columns.iter().map(|column| {
            let (from, at) = match column.checked_sub(left_columns) {
                None => (Input::Left, *column),
                Some(at) => (Input::Right, at),
            };
            if from == self.input {
                return take(self.chunk.column(at)?, &rows, None).map_err(arrow_error);
            }
            decoded
                .get(at)
                .cloned()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a join of a column that is not there"))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut holds = residual.program.evaluate_columns(&columns, candidates.len(), cx)?;
        let holds = holds.pop().and_then(|holds| holds.as_boolean_opt().cloned());
        holds.map(Some).ok_or_else(|| Error::new(ErrorKind::Internal, "a join without a condition"))
    }

    /// The current row is in a pair with the candidate at this position, which is in so many already.
    fn pair(&mut self, rules: Rules, degree: i64, at: usize) {
        let kind = self.chunk.kinds().get(self.row);
        let adds = kind.is_accumulation();
        self.matches += 1;
        if rules.kind.is_left_only() {
            if let (Input::Right, Some(kind)) = (self.input, rules.left_only(kind, degree)) {
                self.emission.push(kind, None, Some(at));
            }
            return;
        }
        if adds && rules.other_outer && degree == 0 {
            self.emission.push(RowKind::Delete, None, Some(at));
        }
        let paired = match (adds, rules.input_outer, rules.other_outer) {
            (true, false, false) | (false, false, _) => kind,
            (true, ..) => RowKind::Insert,
            (false, true, _) => RowKind::Delete,
        };
        self.emission.push(paired, Some(self.row), Some(at));
        if !adds && rules.other_outer && degree == 1 {
            self.emission.push(RowKind::Insert, None, Some(at));
        }
    }

    /// A row of the other input is in one more pair, or in one less.
    fn update_degree(
        &mut self,
        rules: Rules,
        own: &mut JoinSide,
        other: &mut JoinSide,
        row: RowRef,
    ) -> Result<()> {
        if !other.tracks_degree() || rules.kind.is_left_only() && self.input == Input::Left {
            return Ok(());
        }
        let degree = other.degree(row)?;
        if !self.chunk.kinds().get(self.row).is_accumulation() {
            return other.set_degree(row, degree - 1);
        }
        // A row that replaces another one is in the pairs in which that was.
        if degree == 0 || self.is_another(own)? {
            other.set_degree(row, degree + 1)?;
        }
        Ok(())
    }

    fn is_another(&mut self, own: &mut JoinSide) -> Result<bool> {
        if let Some(known) = self.is_another {
            return Ok(known);
        }
        let is_another = if own.is_always_another() {
            true
        } else {
            !own.has_one_for_key() && !own.has(&self.prepared, self.row)?
        };
        self.is_another = Some(is_another);
        Ok(is_another)
    }

    /// All pairs of the current row are known.
    fn end_row(&mut self, rules: Rules, own: &mut JoinSide) -> Result<()> {
        let kind = self.chunk.kinds().get(self.row);
        if rules.kind.is_left_only() {
            if self.input == Input::Left && (self.matches > 0) != (rules.kind == JoinKind::Anti) {
                self.emission.push(kind, Some(self.row), None);
            }
        } else if rules.input_outer && self.matches == 0 {
            let kind = if kind.is_accumulation() { RowKind::Insert } else { RowKind::Delete };
            self.emission.push(kind, Some(self.row), None);
        }
        if own.appends() {
            self.degrees.push(self.matches);
        } else if self.prepared.matchable.get(self.row) == Some(&true) {
            // What is equal to nothing need not be found again, and is not kept.
            if kind.is_accumulation() {
                own.add(&self.prepared, self.row, self.matches)?;
            } else {
                own.retract(&self.prepared, self.row)?;
            }
        }
        self.row += 1;
        self.matches = 0;
        self.is_another = None;
        Ok(())
    }

    fn send(
        &mut self,
        rules: Rules,
        decoded: &[ArrayRef],
        emit: &mut dyn FnMut(Chunk) -> Result<()>,
    ) -> Result<()> {
        if self.emission.is_full() { self.flush(rules, decoded, emit) } else { Ok(()) }
    }

    fn flush(
        &mut self,
        rules: Rules,
        decoded: &[ArrayRef],
        emit: &mut dyn FnMut(Chunk) -> Result<()>,
    ) -> Result<()> {
        let left_only = rules.kind.is_left_only();
        match self.emission.finish(self.input, left_only, self.chunk.columns(), decoded)? {
            Some(chunk) => emit(chunk),
            None => Ok(()),
        }
    }
}

impl Rules {
    const fn of(kind: JoinKind, input: Input) -> Self {
        let (input_outer, other_outer) = match input {
            Input::Left => (kind.is_left_outer(), kind.is_right_outer()),
            Input::Right => (kind.is_right_outer(), kind.is_left_outer()),
        };
        Self { kind, input_outer, other_outer }
    }

    /// What becomes of a row of the left input that was in so many pairs when one of the right input comes or goes.
    fn left_only(self, kind: RowKind, degree: i64) -> Option<RowKind> {
        match (kind.is_accumulation(), degree, self.kind) {
            (true, 0, JoinKind::Anti) => Some(RowKind::Delete),
            (false, 1, JoinKind::Anti) => Some(RowKind::Insert),
            (true, 0, _) | (false, 1, _) => Some(kind),
            _ => None,
        }
    }
}
