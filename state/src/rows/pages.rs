//! Pages of bytes, divided into slots for rows, and which slots are free.
//!
//! A page has slots of one size. Slots that were freed are a list within the page; pages with room are a
//! list for each size; a page without rows is given back.

use std::sync::Arc;

use super::frozen_pages::{FrozenPage, FrozenPages};
use super::page::Page;
use super::row;
use super::row_ref::RowRef;
use super::size_class::{CLASSES, PAGE, SizeClass};
use crate::{Result, StateError};

/// What is known of a page besides its bytes.
#[derive(Clone, Copy, Debug)]
struct PageState {
    class: SizeClass,
    /// How many rows it holds.
    rows: u16,
    /// How many of its slots have been used at some time: the first so many.
    begun: u16,
    /// Where the first free slot among those begins, in units; [`Self::NONE`] if there is none.
    free: u16,
    /// Where the page is in the list of those of its class that have room, if it is.
    listed: Option<u32>,
}

impl PageState {
    const NONE: u16 = u16::MAX;

    fn has_room(&self) -> bool {
        self.free != Self::NONE || self.begun < self.class.slots()
    }
}

/// All pages of a store.
#[derive(Debug)]
pub(super) struct Pages {
    /// By number. The first is never used, so that no row is called 0.
    pages: Vec<Page>,
    states: Vec<PageState>,
    /// Numbers of pages that were given back.
    unused: Vec<u32>,
    /// By class: the pages that have room.
    with_room: [Vec<u32>; CLASSES],
    /// By class: how many slots of its pages hold no row.
    free_slots: [usize; CLASSES],
    bytes: usize,
}

impl Default for Pages {
    fn default() -> Self {
        let nothing =
            PageState { class: SizeClass::OWN_PAGE, rows: 0, begun: 0, free: PageState::NONE, listed: None };
        Self {
            pages: vec![Page::default()],
            states: vec![nothing],
            unused: Vec::new(),
            with_room: [const { Vec::new() }; CLASSES],
            free_slots: [0; CLASSES],
            bytes: 0,
        }
    }
}

impl Pages {
    /// How many bytes the pages have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many pages there are, those included that were given back.
    pub(super) fn count(&self) -> usize {
        self.pages.len()
    }

    /// The bytes of the page of a row.
    #[inline]
    pub(super) fn page(&self, row: RowRef) -> Option<&[u8]> {
        self.pages.get(row.page()).map(Page::bytes)
    }

    /// As [`page`](Self::page), for writing.
    #[inline]
    pub(super) fn page_mut(&mut self, row: RowRef) -> Option<&mut [u8]> {
        self.pages.get_mut(row.page()).map(Page::bytes_mut)
    }

    /// The bytes from where a row begins, to the end of its page.
    #[inline]
    pub(super) fn row(&self, row: RowRef) -> &[u8] {
        self.page(row).and_then(|page| page.get(row.offset()..)).unwrap_or_default()
    }

    /// As [`row`](Self::row), for writing.
    #[inline]
    pub(super) fn row_mut(&mut self, row: RowRef) -> &mut [u8] {
        self.page_mut(row).and_then(|page| page.get_mut(row.offset()..)).unwrap_or_default()
    }

    /// How many bytes the row's slot has.
    pub(super) fn room(&self, row: RowRef) -> usize {
        match self.states.get(row.page()) {
            Some(state) if state.class != SizeClass::OWN_PAGE => {
                usize::from(state.class.units()) * super::size_class::UNIT
            }
            _ => self.row(row).len(),
        }
    }

    /// A slot for a row of `length` bytes; what it holds is undefined.
    ///
    /// # Errors
    /// [`StateError::Usage`] if there are as many pages as can be named.
    pub(super) fn allocate(&mut self, length: usize) -> Result<RowRef> {
        let class = SizeClass::of(length);
        if class == SizeClass::OWN_PAGE {
            let page = self.add_page(class, SizeClass::own_page(length))?;
            if let Some(state) = self.states.get_mut(page as usize) {
                (state.rows, state.begun) = (1, 1);
            }
            return RowRef::new(page as usize, 0).ok_or_else(full);
        }
        let page = match self.with_room.get(class.index()).and_then(|pages| pages.last()) {
            Some(page) => *page,
            None => {
                let page = self.add_page(class, PAGE)?;
                self.list(page);
                page
            }
        };
        let row = self.take_slot(page).ok_or_else(full)?;
        if self.states.get(page as usize).is_some_and(|state| !state.has_room()) {
            self.unlist(page);
        }
        Ok(row)
    }

    /// A slot of a page that has one.
    fn take_slot(&mut self, page: u32) -> Option<RowRef> {
        let state = self.states.get_mut(page as usize)?;
        state.rows += 1;
        if let Some(slots) = self.free_slots.get_mut(state.class.index()) {
            *slots -= 1;
        }
        if state.free == PageState::NONE {
            let unit = state.begun * state.class.units();
            state.begun += 1;
            return RowRef::new(page as usize, unit);
        }
        let row = RowRef::new(page as usize, state.free)?;
        let bytes = self.pages.get(page as usize)?.bytes().get(row.offset()..)?;
        state.free = row::next_free(bytes);
        Some(row)
    }

    /// Gives the slot of a row back.
    pub(super) fn free(&mut self, row: RowRef) {
        let page = row.page();
        let Some(state) = self.states.get_mut(page) else { return };
        state.rows = state.rows.saturating_sub(1);
        let (class, is_empty) = (state.class, state.rows == 0);
        if let Some(slots) = self.free_slots.get_mut(class.index()) {
            *slots += 1;
        }
        // One page of a size is kept, or a store with a row now and then would ask for a page each time.
        let is_last =
            state.listed.is_some() && self.with_room.get(class.index()).is_some_and(|it| it.len() == 1);
        if is_empty && (class == SizeClass::OWN_PAGE || !is_last) {
            self.give_back(page);
            return;
        }
        let next = std::mem::replace(&mut state.free, row.unit());
        let listed = state.listed.is_some();
        let bytes = self.row_mut(row);
        row::set_free(bytes, next);
        if !listed {
            self.list(page as u32);
        }
    }

    fn add_page(&mut self, class: SizeClass, length: usize) -> Result<u32> {
        let page = match self.unused.pop() {
            Some(page) => page,
            None if self.pages.len() < RowRef::PAGES => {
                self.pages.push(Page::default());
                self.states.push(PageState { class, rows: 0, begun: 0, free: PageState::NONE, listed: None });
                self.pages.len() as u32 - 1
            }
            None => return Err(full()),
        };
        if let (Some(bytes), Some(state)) =
            (self.pages.get_mut(page as usize), self.states.get_mut(page as usize))
        {
            *bytes = Page::zeroed(length);
            *state = PageState { class, rows: 0, begun: 0, free: PageState::NONE, listed: None };
        }
        self.bytes += length;
        if let Some(slots) = self.free_slots.get_mut(class.index()) {
            // A page of its own is made for a row that is there at once.
            *slots += if class == SizeClass::OWN_PAGE { 0 } else { usize::from(class.slots()) };
        }
        Ok(page)
    }

    fn give_back(&mut self, page: usize) {
        self.unlist(page as u32);
        if let (Some(bytes), Some(state)) = (self.pages.get_mut(page), self.states.get_mut(page)) {
            self.bytes -= bytes.bytes().len();
            if let Some(slots) = self.free_slots.get_mut(state.class.index()) {
                *slots -= usize::from(state.class.slots());
            }
            *bytes = Page::default();
            (state.begun, state.free) = (0, PageState::NONE);
            self.unused.push(page as u32);
        }
    }

    /// Puts a page on the list of those with room.
    fn list(&mut self, page: u32) {
        if let Some(state) = self.states.get_mut(page as usize)
            && let Some(list) = self.with_room.get_mut(state.class.index())
        {
            state.listed = Some(list.len() as u32);
            list.push(page);
        }
    }

    /// Takes a page off the list of those with room, if it is on it.
    pub(super) fn unlist(&mut self, page: u32) {
        let Some(state) = self.states.get_mut(page as usize) else { return };
        let class = state.class.index();
        if let Some(at) = state.listed.take()
            && let Some(list) = self.with_room.get_mut(class)
        {
            list.swap_remove(at as usize);
            if let Some(moved) = list.get(at as usize)
                && let Some(moved) = self.states.get_mut(*moved as usize)
            {
                moved.listed = Some(at);
            }
        }
    }

    /// Whether less than a quarter of the page is in use, and its rows find room in other pages.
    pub(super) fn is_sparse(&self, page: usize) -> bool {
        self.states.get(page).is_some_and(|state| {
            let (slots, rows) = (usize::from(state.class.slots()), usize::from(state.rows));
            let free = self.free_slots.get(state.class.index()).copied().unwrap_or(0);
            rows > 0 && rows * 4 < slots && free >= slots
        })
    }

    /// Moves what a slot holds to another one, of which only the first `length` bytes are wanted.
    pub(super) fn copy(&mut self, from: RowRef, to: RowRef, length: usize) {
        if from.page() == to.page() {
            if let Some(page) = self.pages.get_mut(from.page()) {
                let bytes = page.bytes_mut();
                let end = from.offset() + length;
                if end <= bytes.len() && to.offset() + length <= bytes.len() {
                    bytes.copy_within(from.offset()..end, to.offset());
                }
            }
        } else if let Ok([source, target]) = self.pages.get_disjoint_mut([from.page(), to.page()])
            && let Some(source) = source.bytes().get(from.offset()..from.offset() + length)
            && let Some(target) = target.bytes_mut().get_mut(to.offset()..to.offset() + length)
        {
            target.copy_from_slice(source);
        }
    }

    /// Whether a row begins there.
    pub(super) fn is_row(&self, row: RowRef) -> bool {
        self.next_row(row.page(), row.unit()) == Some(row)
    }

    /// What the pages hold now, to be looked at while the store goes on.
    pub(super) fn share(&mut self) -> FrozenPages {
        // One for all that were given back.
        let nothing = Arc::default();
        let shared = self.pages.iter_mut().zip(&self.states).map(|(page, state)| {
            let bytes = if state.begun == 0 { Arc::clone(&nothing) } else { page.share() };
            FrozenPage { bytes, units: state.class.units(), begun: state.begun }
        });
        FrozenPages(shared.collect())
    }

    /// The rows of a page, from the first that begins at `unit` or behind it.
    pub(super) fn next_row(&self, page: usize, unit: u16) -> Option<RowRef> {
        let state = self.states.get(page)?;
        let bytes = self.pages.get(page)?.bytes();
        let unit = row::next_used(bytes, unit, state.class.units(), state.begun)?;
        RowRef::new(page, unit)
    }

    /// The rows of a page.
    pub(super) fn rows_of(&self, page: usize) -> impl Iterator<Item = RowRef> {
        let next = move |row: &RowRef| self.next_row(page, row.unit() + 1);
        std::iter::successors(self.next_row(page, 0), next)
    }

    /// All rows, page after page.
    pub(super) fn rows(&self) -> impl Iterator<Item = RowRef> {
        (1..self.pages.len()).flat_map(|page| self.rows_of(page))
    }
}

#[cold]
fn full() -> StateError {
    StateError::Usage(
        "a state of rows has as many pages as can be told apart, 64 GiB: raise the parallelism of its operator".into(),
    )
}
