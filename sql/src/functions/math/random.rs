//! RAND, RAND_INTEGER and UUID.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int32Type};
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::Int;
use super::super::lift::{kernel, numbers, texts_of};
use super::super::{Argument, Call, Returns, ScalarFunction, Signature, Volatility};
use crate::error::SqlResult;
use crate::eval::Arguments;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "RAND",
        Signature::optional(&[Int], 0, Returns::Type(SqlType::Double)),
        |arguments, _, _| {
            let sequence = Sequence::of(arguments.first());
            kernel(move |call| sequence.rows::<Float64Type>(call, |random, _| Ok(Some(random.next_double()))))
        },
    )
    .volatile(Volatility::PerRow),
    // It fails for a bound that is not positive.
    ScalarFunction::new("RAND_INTEGER", Signature::Custom(bounded), |arguments, _, _| {
        let seeded = arguments.len() > 1;
        let sequence = Sequence::of(arguments.first().filter(|_| seeded));
        kernel(move |call| {
            let bounds = call.numbers::<Int32Type>(usize::from(seeded))?;
            sequence.rows::<Int32Type>(call, |random, row| {
                bounds.get(row).map(|bound| random.next_int(bound)).transpose()
            })
        })
    })
    .on_demand()
    .volatile(Volatility::PerRow),
    ScalarFunction::new("UUID", Signature::of(&[], Returns::Required(SqlType::Char(36))), |_, _, _| {
        let (keys, count) = (keys(), AtomicU64::new(0));
        kernel(move |call| {
            let first = count.fetch_add(u64::try_from(call.rows()).unwrap_or_default(), Ordering::Relaxed);
            let mut next = first;
            texts_of(call.rows(), |_, out| {
                write_uuid(keys.hash_one((next, 0)), keys.hash_one((next, 1)), out);
                next += 1;
                Some(())
            })
        })
    })
    .volatile(Volatility::PerRow),
];

fn bounded(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 2)?;
    (0..call.arguments.len()).try_for_each(|index| call.expect(index, Int))?;
    Ok(Field::new(SqlType::Int, call.any_nullable()))
}

/// Keys that nobody knows, for functions whose results are random by definition.
#[allow(clippy::disallowed_methods, reason = "without a seed, each job is to get numbers of its own")]
fn keys() -> RandomState {
    RandomState::new()
}

/// Version 4 of RFC 9562.
fn write_uuid(high: u64, low: u64, out: &mut String) {
    let high = high & !0xF000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let (a, b, c) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF);
    out.push_str(&format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF));
}

/// The numbers of a call: one sequence if the seed is a constant or missing, and else a new one for each row.
struct Sequence {
    /// The state of the sequence.
    state: Option<AtomicU64>,
}

impl Sequence {
    fn of(seed: Option<&Argument>) -> Self {
        let state = match seed {
            None => Some(Random::seeded(keys().hash_one(0).cast_signed())),
            Some(seed) => seed.constant.as_ref().and_then(|seed| {
                let seed = seed.as_primitive_opt::<Int32Type>().filter(|seed| seed.is_valid(0))?;
                Some(Random::seeded(seed.value(0).into()))
            }),
        };
        Self { state: state.map(|random| AtomicU64::new(random.0)) }
    }

    /// A number for each row; NULL where the seed is, which is the first argument.
    fn rows<T: ArrowPrimitiveType>(
        &self,
        call: &Arguments<'_>,
        mut value: impl FnMut(&mut Random, usize) -> Result<Option<T::Native>>,
    ) -> Result<ArrayRef> {
        let Some(state) = &self.state else {
            let seeds = call.numbers::<Int32Type>(0)?;
            return numbers::<T>(call.rows(), |row| match seeds.get(row) {
                Some(seed) => value(&mut Random::seeded(seed.into()), row),
                None => Ok(None),
            });
        };
        let mut random = Random(state.load(Ordering::Relaxed));
        let values = numbers::<T>(call.rows(), |row| value(&mut random, row));
        state.store(random.0, Ordering::Relaxed);
        values
    }
}

/// Java's `java.util.Random`: a linear congruential generator of 48 bits.
#[derive(Clone, Copy, Debug)]
struct Random(u64);

impl Random {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    const fn seeded(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK)
    }

    /// So many bits, at most 32.
    const fn next(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - bits)
    }

    /// From 0 on, below 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits")]
    const fn next_double(&mut self) -> f64 {
        let bits = (self.next(26) << 27) + self.next(27);
        bits as f64 / (1_u64 << 53) as f64
    }

    /// From 0 on, below the bound.
    fn next_int(&mut self, bound: i32) -> Result<i32> {
        let Some(limit) = u64::try_from(bound).ok().filter(|bound| *bound > 0) else {
            return Err(Error::new(
                ErrorKind::Function,
                format!("java.lang.IllegalArgumentException: bound must be positive, and is {bound}"),
            ));
        };
        let mut bits = self.next(31);
        let value = if limit.is_power_of_two() {
            (limit * bits) >> 31
        } else {
            // Draws from the last, incomplete range of the bound's size are made again.
            while bits - bits % limit + (limit - 1) >= 1 << 31 {
                bits = self.next(31);
            }
            bits % limit
        };
        Ok(i32::try_from(value).unwrap_or(i32::MAX))
    }
}
