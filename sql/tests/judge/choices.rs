//! Decisions of a generator, taken from bytes, so that shorter and smaller bytes make simpler cases.

/// Bytes that decide; when they are over, each decision is the first of those that there are.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u8>);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % end
    }

    /// Whether something rare happens: once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Some of `0..end`, in order; at least one unless `end` is 0.
    pub(crate) fn some(&mut self, end: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = (0..end).filter(|_| self.once_in(3)).collect();
        if chosen.is_empty() && end > 0 {
            chosen.push(self.below(end));
        }
        chosen
    }
}
