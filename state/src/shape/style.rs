//! How much there is in made-up values.

/// From which depth on made-up values have nothing in them; deeper than types nest for never.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Optional parts and elements of collections are left out.
    pub(super) empty_from: usize,
    /// Numbers are zero.
    pub(super) zero_from: usize,
}

const NEVER: usize = usize::MAX;

impl Default for Style {
    fn default() -> Self {
        Self { empty_from: NEVER, zero_from: NEVER }
    }
}

impl Style {
    /// All styles but the default for types that nest up to `deepest`. What is left out by depth
    /// reaches the fields of a struct wherever it is, with everything around it there.
    pub(super) fn all(deepest: usize) -> impl Iterator<Item = Self> {
        (1..=deepest).flat_map(|depth| {
            [(depth, NEVER), (NEVER, depth), (depth, depth)]
                .map(|(empty_from, zero_from)| Self { empty_from, zero_from })
        })
    }
}
