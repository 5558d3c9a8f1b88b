//! Union: several streams of one type become one.

use millstream_state::Record;

use crate::Stream;

impl<T: Record> Stream<T> {
    /// The records of both streams, in no particular order between the two. As Flink's `union`: no
    /// operator of its own, and records that are in both come twice.
    ///
    /// Event time in it is the earlier of the two. Settings such as [`Stream::name`] still apply to
    /// the operator that made the first stream.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let (small, large) = (env.from_collection(0..2), env.from_collection(10..12));
    /// let both = small.union(&large).collect();
    /// env.execute("union")?;
    /// assert_eq!(both.sorted(), [0, 1, 10, 11]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.union_all([other])
    }

    /// The records of this and all other streams; see [`Stream::union`].
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let streams = [0, 10, 20].map(|first| env.from_collection(first..first + 2));
    /// let all = streams[0].union_all(&streams[1..]).collect();
    /// env.execute("union of three")?;
    /// assert_eq!(all.sorted(), [0, 1, 10, 11, 20, 21]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn union_all<'s>(&self, others: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut union = self.clone();
        others.into_iter().for_each(|other| union.upstreams.extend(other.upstreams.iter().cloned()));
        union
    }
}
