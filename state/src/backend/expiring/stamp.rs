//! When something was written last.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Serialize, Serializer};

use crate::backend::ttl::Moment;

/// When something was written last, or read where that counts: in milliseconds since 1970.
///
/// Atomic, because reading may move it on while a snapshot that shares it is being encoded. That snapshot may get the
/// later time then, which does no harm; no order with other memory is needed.
#[derive(Debug, Default)]
pub struct Stamp(AtomicI64);

/// What came of reading something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend) enum Seen {
    /// It has expired, and must not be seen.
    Hidden,
    /// It can be seen.
    Visible,
    /// It can be seen, and has just got a later stamp.
    Refreshed,
}

impl Stamp {
    pub(in crate::backend) const fn new(millis: i64) -> Self {
        Self(AtomicI64::new(millis))
    }

    #[inline]
    pub(in crate::backend) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(in crate::backend) fn set(&mut self, millis: i64) {
        *self.0.get_mut() = millis;
    }

    /// Whether what is stamped can be seen.
    #[inline]
    pub(in crate::backend) fn is_visible(&self, moment: Moment) -> bool {
        self.get() >= moment.visible
    }

    /// Reads what is stamped.
    pub(in crate::backend) fn read(&self, moment: Moment) -> Seen {
        let stamp = self.get();
        if stamp < moment.visible {
            return Seen::Hidden;
        }
        // What has expired and can still be seen stays expired.
        if !moment.updates_on_read || stamp >= moment.now || stamp < moment.oldest {
            return Seen::Visible;
        }
        self.0.store(moment.now, Ordering::Relaxed);
        Seen::Refreshed
    }
}

impl Clone for Stamp {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}
