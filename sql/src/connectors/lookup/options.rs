//! The options `lookup.*`, as Flink's `LookupOptions`.

use std::time::Duration;

use super::{LookupCache, PartialCache};
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};

/// What a table says of lookups.
#[derive(Clone, Debug)]
pub(crate) struct LookupOptions {
    pub(crate) cache: LookupCache,
    /// How often a lookup that fails is tried again.
    #[cfg_attr(not(feature = "jdbc"), allow(dead_code, reason = "what is in memory does not fail"))]
    pub(crate) max_retries: u32,
}

impl LookupOptions {
    /// Takes the options of a table; all that belong to a kind of cache that is not chosen are mistakes.
    ///
    /// # Errors
    /// If one has a wrong value, or belongs to another kind of cache.
    pub(crate) fn take(options: &mut Options) -> SqlResult<Self> {
        let max_retries = options.parse("lookup.max-retries", "a number")?.unwrap_or(3);
        let kind = options.take("lookup.cache");
        let max_rows = options.parse("lookup.partial-cache.max-rows", "a number")?;
        let expire_after_write = options.duration("lookup.partial-cache.expire-after-write")?;
        let expire_after_access = options.duration("lookup.partial-cache.expire-after-access")?;
        let cache_missing_key = options.boolean("lookup.partial-cache.cache-missing-key")?;
        let strategy = options.take("lookup.full-cache.reload-strategy");
        let interval = options.duration("lookup.full-cache.periodic-reload.interval")?;
        let mode = options.take("lookup.full-cache.periodic-reload.schedule-mode");
        let timed = options.take_prefixed("lookup.full-cache.timed-reload.");
        let is_partial = max_rows.is_some()
            || expire_after_write.is_some()
            || expire_after_access.is_some()
            || cache_missing_key.is_some();
        let is_full = strategy.is_some() || interval.is_some() || mode.is_some() || !timed.is_empty();
        let cache = match kind.as_deref().map(str::to_ascii_uppercase).as_deref() {
            None | Some("NONE") => LookupCache::None,
            Some("PARTIAL") => {
                if max_rows.is_none() && expire_after_write.is_none() && expire_after_access.is_none() {
                    return Err(SqlError::validation(
                        "PARTIAL cache must have at least one of 'lookup.partial-cache.max-rows', \
                         'lookup.partial-cache.expire-after-write' and 'lookup.partial-cache.expire-after-access'",
                    ));
                }
                LookupCache::Partial(PartialCache {
                    max_rows,
                    expire_after_write,
                    expire_after_access,
                    cache_missing_key: cache_missing_key.unwrap_or(true),
                })
            }
            Some("FULL") => full(strategy, interval, mode, !timed.is_empty())?,
            Some(_) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{}' for option 'lookup.cache': it must be NONE, PARTIAL or FULL",
                    kind.unwrap_or_default()
                )));
            }
        };
        for (given, wanted, prefix) in [
            (is_partial, matches!(cache, LookupCache::Partial(_)), "lookup.partial-cache.*"),
            (is_full, matches!(cache, LookupCache::Full { .. }), "lookup.full-cache.*"),
        ] {
            if given && !wanted {
                let kind = if prefix.contains("partial") { "PARTIAL" } else { "FULL" };
                return Err(SqlError::validation(format!(
                    "options '{prefix}' without 'lookup.cache' = '{kind}'"
                ))
                .with_hint(format!("set 'lookup.cache' = '{kind}', or leave them out")));
            }
        }
        Ok(Self { cache, max_retries })
    }
}

/// How often a full cache is read.
fn full(
    strategy: Option<String>,
    interval: Option<Duration>,
    mode: Option<String>,
    is_timed: bool,
) -> SqlResult<LookupCache> {
    let strategy = strategy.unwrap_or_else(|| "PERIODIC".to_owned());
    if strategy.eq_ignore_ascii_case("TIMED") || is_timed {
        return Err(SqlError::unsupported("'lookup.full-cache.reload-strategy' = 'TIMED' is not supported")
            .with_hint("use PERIODIC with 'lookup.full-cache.periodic-reload.interval' = '1 d'"));
    }
    if !strategy.eq_ignore_ascii_case("PERIODIC") {
        return Err(SqlError::validation(format!(
            "Invalid value '{strategy}' for option 'lookup.full-cache.reload-strategy': it must be PERIODIC"
        )));
    }
    let fixed_rate = match mode.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("FIXED_DELAY") => false,
        Some("FIXED_RATE") => true,
        Some(other) => {
            return Err(SqlError::validation(format!(
                "Invalid value '{other}' for option 'lookup.full-cache.periodic-reload.schedule-mode': it must be \
                 FIXED_DELAY or FIXED_RATE"
            )));
        }
    };
    let reload_interval = interval.filter(|interval| !interval.is_zero()).ok_or_else(|| {
        SqlError::validation(
            "Missing 'lookup.full-cache.periodic-reload.interval' for 'lookup.full-cache.reload-strategy' = 'PERIODIC'",
        )
        .with_hint("write 'lookup.full-cache.periodic-reload.interval' = '10 min'")
    })?;
    Ok(LookupCache::Full { reload_interval, fixed_rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(options: &[(&str, &str)]) -> SqlResult<LookupOptions> {
        let pairs = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut options = Options::new(pairs.collect());
        let taken = LookupOptions::take(&mut options)?;
        options.finish().map(|()| taken)
    }

    #[test]
    fn a_cache_has_the_options_of_its_kind() {
        assert_eq!(take(&[]).unwrap().cache, LookupCache::None);
        assert_eq!(take(&[]).unwrap().max_retries, 3);
        let partial = take(&[
            ("lookup.cache", "partial"),
            ("lookup.partial-cache.max-rows", "100"),
            ("lookup.partial-cache.expire-after-write", "10 s"),
            ("lookup.max-retries", "0"),
        ])
        .unwrap();
        let expected = PartialCache {
            max_rows: Some(100),
            expire_after_write: Some(Duration::from_secs(10)),
            expire_after_access: None,
            cache_missing_key: true,
        };
        assert_eq!((partial.cache, partial.max_retries), (LookupCache::Partial(expected), 0));
        let full = take(&[("lookup.cache", "FULL"), ("lookup.full-cache.periodic-reload.interval", "1 min")]);
        assert_eq!(
            full.unwrap().cache,
            LookupCache::Full { reload_interval: Duration::from_secs(60), fixed_rate: false }
        );
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for (options, expected) in [
            (&[("lookup.cache", "ALL")] as &[_], "must be NONE, PARTIAL or FULL"),
            (&[("lookup.cache", "PARTIAL")], "at least one of"),
            (&[("lookup.partial-cache.max-rows", "1")], "without 'lookup.cache' = 'PARTIAL'"),
            (&[("lookup.cache", "FULL")], "Missing 'lookup.full-cache.periodic-reload.interval'"),
            (
                &[("lookup.cache", "FULL"), ("lookup.full-cache.reload-strategy", "TIMED")],
                "'TIMED' is not supported",
            ),
            (&[("lookup.max-retrys", "1")], "Unsupported options"),
        ] {
            let error = take(options).unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
