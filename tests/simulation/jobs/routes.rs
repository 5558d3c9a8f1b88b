//! All the ways from one operator to the next: unions, side outputs, every partitioning, chains
//! that are broken, and a diamond.

use millstream::prelude::*;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// Sends multiples of three aside.
#[derive(Clone)]
struct Sort {
    aside: OutputTag<String>,
}

impl ProcessFunction<u64, u64> for Sort {
    fn process(
        &mut self,
        number: u64,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        if number.is_multiple_of(3) {
            out.emit_side(&self.aside, number.to_string())?;
            return Ok(());
        }
        out.emit(number)
    }
}

pub fn unions_and_sides(setting: &Setting) -> Verdict {
    let (few, many) = (setting.draw(100, 0..=60), setting.draw(101, 1..=250));
    let (main, side) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let few = env.from_source(Trickle::new(setting, 102, few, |number| number));
        let many = env.from_source(Trickle::new(setting, 103, many, |number| number + 1_000));
        let both = few.parallelism(life.parallelism()).shuffle().union(&many.rescale());
        let aside = OutputTag::new("aside");
        let sorted = both.process(Sort { aside: aside.clone() }).parallelism(life.parallelism());
        let rest = sorted.side_output(&aside).rebalance().map(|text| text);
        // A diamond: the same records by two ways, which meet again.
        let short = sorted.map(|number| (number, 0)).disable_chaining();
        let long = sorted.global().map(|number| number).parallelism(life.parallelism());
        let long = long.start_new_chain().map(|number| (number, 1)).parallelism(life.parallelism());
        let met = short.union(&long).key_by(|(number, _)| number % 17).count();
        let met = met.parallelism(life.parallelism());
        let _sinks = (met.sink_to(main.clone()), rest.parallelism(life.parallelism()).sink_to(side.clone()));
    })?;
    let numbers = || (0..few).chain(1_000..1_000 + many);
    let aside = numbers().filter(|number| number.is_multiple_of(3)).map(|number| number.to_string());
    compare(side.records(), aside.collect()).map_err(|error| format!("aside: {error}"))?;
    let mut seen = std::collections::BTreeMap::<u64, u64>::new();
    let rest = numbers().filter(|number| !number.is_multiple_of(3)).flat_map(|number| [number; 2]);
    let counts = rest.map(|number| {
        let count = seen.entry(number % 17).or_default();
        *count += 1;
        (number % 17, *count)
    });
    let counts = counts.collect();
    compare(main.records(), counts)?;
    Ok(report)
}
