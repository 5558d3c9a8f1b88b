//! Ranks one row at a time, over rows by sort key, with the loops of Flink's `TopNFunction`s.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    Append,
    Update,
    Retract,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) partition: i64,
    pub(super) value: Option<i32>,
    pub(super) id: i64,
}

pub(super) type Change = (&'static str, Row, u64);

pub(super) struct Reference {
    strategy: Strategy,
    start: u64,
    end: u64,
    number: bool,
    descending: bool,
    partitions: BTreeMap<i64, BTreeMap<i64, Vec<Row>>>,
    out: Vec<Change>,
}

impl Reference {
    pub(super) fn new(strategy: Strategy, start: u64, end: u64, number: bool, descending: bool) -> Self {
        Self { strategy, start, end, number, descending, partitions: BTreeMap::new(), out: Vec::new() }
    }

    /// NULL is the smallest value.
    fn key(&self, row: Row) -> i64 {
        let value = row.value.map_or(i64::from(i32::MIN) - 1, i64::from);
        if self.descending { -value } else { value }
    }

    pub(super) fn row(&mut self, comes: bool, row: Row) -> Vec<Change> {
        let mut map = self.partitions.remove(&row.partition).unwrap_or_default();
        let shifts = self.number || self.start > 1;
        match self.strategy {
            Strategy::Append | Strategy::Update if (self.start, self.end) == (1, 1) => {
                self.top_1(&mut map, row)
            }
            Strategy::Append => self.append(&mut map, row, shifts),
            Strategy::Update => self.update(&mut map, row, shifts),
            Strategy::Retract if comes => {
                map.entry(self.key(row)).or_default().push(row);
                if shifts { self.shift_up(&map, row) } else { self.enter(&map, row) }
            }
            Strategy::Retract => self.retract(&mut map, row, shifts),
        }
        self.partitions.insert(row.partition, map);
        std::mem::take(&mut self.out)
    }

    fn collect(&mut self, kind: &'static str, row: Row, number: u64) {
        if (self.start..=self.end).contains(&number) {
            self.out.push((kind, row, number));
        }
    }

    fn top_1(&mut self, map: &mut BTreeMap<i64, Vec<Row>>, row: Row) {
        match map.values().next().map(|rows| rows[0]) {
            None => self.out.push(("+I", row, 1)),
            Some(best) if self.key(row) < self.key(best) => {
                self.out.push(("-U", best, 1));
                self.out.push(("+U", row, 1));
                map.clear();
            }
            Some(_) => return,
        }
        map.insert(self.key(row), vec![row]);
    }

    fn is_in_range(&self, map: &BTreeMap<i64, Vec<Row>>, row: Row) -> bool {
        let count: usize = map.values().map(Vec::len).sum();
        map.keys().next_back().is_none_or(|worst| self.key(row) < *worst) || (count as u64) < self.end
    }

    fn append(&mut self, map: &mut BTreeMap<i64, Vec<Row>>, row: Row, shifts: bool) {
        if !self.is_in_range(map, row) {
            return;
        }
        map.entry(self.key(row)).or_default().push(row);
        if shifts {
            self.shift_up(map, row);
            self.truncate(map);
        } else {
            self.retire(map);
            self.out.push(("+I", row, 0));
        }
    }

    /// The last row goes if there are too many.
    fn retire(&mut self, map: &mut BTreeMap<i64, Vec<Row>>) {
        let count: usize = map.values().map(Vec::len).sum();
        if count as u64 > self.end {
            let mut last = map.last_entry().unwrap();
            let row = last.get_mut().pop().unwrap();
            if last.get().is_empty() {
                last.remove();
            }
            self.out.push(("-D", row, 0));
        }
    }

    fn truncate(&self, map: &mut BTreeMap<i64, Vec<Row>>) {
        while map.values().map(Vec::len).sum::<usize>() as u64 > self.end {
            let mut last = map.last_entry().unwrap();
            last.get_mut().pop();
            if last.get().is_empty() {
                last.remove();
            }
        }
    }

    /// A row has been added: the numbers of those behind it go up.
    fn shift_up(&mut self, map: &BTreeMap<i64, Vec<Row>>, row: Row) {
        let (mut rank, mut current) = (0, None);
        for (key, rows) in map {
            if rank > self.end {
                break;
            }
            match current {
                None if *key == self.key(row) => {
                    rank += rows.len() as u64;
                    current = Some(row);
                }
                None => rank += rows.len() as u64,
                Some(_) => {
                    for previous in rows {
                        if rank > self.end {
                            break;
                        }
                        self.collect("-U", *previous, rank);
                        self.collect("+U", current.unwrap(), rank);
                        current = Some(*previous);
                        rank += 1;
                    }
                }
            }
        }
        if rank <= self.end {
            self.collect("+I", current.unwrap(), rank);
        }
    }

    /// A row has been added: another one may be out.
    fn enter(&mut self, map: &BTreeMap<i64, Vec<Row>>, row: Row) {
        let all: Vec<Row> = map.values().flatten().copied().collect();
        let before: usize = map.range(..=self.key(row)).map(|(_, rows)| rows.len()).sum();
        if before as u64 <= self.end {
            if let Some(out) = all.get(usize::try_from(self.end).unwrap()) {
                self.out.push(("-D", *out, 0));
            }
            self.out.push(("+I", row, 0));
        }
    }

    fn retract(&mut self, map: &mut BTreeMap<i64, Vec<Row>>, row: Row, shifts: bool) {
        let all: Vec<Row> = map.values().flatten().copied().collect();
        let at = all.iter().position(|known| *known == row).unwrap();
        let (rank, end) = (at as u64 + 1, usize::try_from(self.end).unwrap());
        if rank <= self.end {
            if shifts {
                let mut previous = row;
                let mut rank = rank;
                for next in &all[at + 1..] {
                    if rank > self.end {
                        break;
                    }
                    self.collect("-U", previous, rank);
                    self.collect("+U", *next, rank);
                    previous = *next;
                    rank += 1;
                }
                if rank <= self.end {
                    self.collect("-D", previous, rank);
                }
            } else {
                self.out.push(("-D", row, 0));
                if let Some(next) = all.get(end) {
                    self.out.push(("+I", *next, 0));
                }
            }
        }
        let rows = map.get_mut(&self.key(row)).unwrap();
        rows.remove(rows.iter().position(|known| *known == row).unwrap());
        if rows.is_empty() {
            map.remove(&self.key(row));
        }
    }

    fn update(&mut self, map: &mut BTreeMap<i64, Vec<Row>>, row: Row, shifts: bool) {
        let all: Vec<Row> = map.values().flatten().copied().collect();
        let Some(at) = all.iter().position(|known| known.id == row.id) else {
            return self.append(map, row, shifts);
        };
        let (old, old_rank) = (all[at], at as u64 + 1);
        let (key, old_key) = (self.key(row), self.key(old));
        if key == old_key {
            let rows = map.get_mut(&key).unwrap();
            *rows.iter_mut().find(|known| known.id == row.id).unwrap() = row;
        } else {
            let rows = map.get_mut(&old_key).unwrap();
            rows.retain(|known| known.id != row.id);
            if rows.is_empty() {
                map.remove(&old_key);
            }
            map.entry(key).or_default().push(row);
        }
        if !shifts {
            self.out.push(("-U", old, 0));
            self.out.push(("+U", row, 0));
            return;
        }
        if key == old_key {
            self.collect("-U", old, old_rank);
            self.collect("+U", row, old_rank);
            return;
        }
        // As `UpdatableTopNFunction`: up to where the row was, each takes the number of the one before it.
        let (mut rank, mut current, mut retracted) = (0, None, false);
        for (at, rows) in map.iter() {
            if current.is_none() {
                rank += rows.len() as u64;
                if *at == key {
                    current = Some(row);
                }
                continue;
            }
            if *at > old_key {
                break;
            }
            for previous in rows {
                if rank >= old_rank {
                    break;
                }
                self.collect("-U", *previous, rank);
                if !retracted {
                    self.collect("-U", old, old_rank);
                    retracted = true;
                }
                self.collect("+U", current.unwrap(), rank);
                current = Some(*previous);
                rank += 1;
            }
        }
        if rank <= self.end {
            if !retracted {
                self.collect("-U", old, old_rank);
            }
            self.collect("+U", current.unwrap(), rank);
        }
    }
}
