//! A job's state is read and changed between two runs, and the second goes on with what it is then.

use futures::executor::block_on;
use millstream_runtime::chain::OperatorListState;
use millstream_state::snapshot::part::Redistribution;
use millstream_state::state_processor::{SavepointReader, SavepointWriter};
use millstream_state::{StateDescriptor, Ttl};

use super::*;
use crate::Environment;

/// Emits the sum of the numbers of each key, and counts records of whatever key besides.
#[derive(Clone)]
struct Sum {
    ttl: Option<Ttl>,
}

impl KeyedProcessFunction<char, u64, (char, u64)> for Sum {
    type State = (ValueState<u64>, OperatorListState<u64>);

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, char>) -> FunctionResult<Self::State> {
        let sum = StateDescriptor::new("sum");
        let sum = cx.value_state(self.ttl.map_or(sum.clone(), |ttl| sum.ttl(ttl)))?;
        Ok((sum, cx.operator_list_state("records", Redistribution::Split)?))
    }

    fn process(
        &mut self,
        number: u64,
        (sum, records): &Self::State,
        cx: &mut KeyedContext<'_, char>,
        out: &mut Emitter<'_, (char, u64)>,
    ) -> FunctionResult {
        records.set(vec![records.get().iter().sum::<u64>() + 1]);
        let total = sum.update_or_default(cx, |sum| {
            *sum += number;
            *sum
        });
        out.emit((*cx.key(), total))
    }
}

/// Runs the job on some records; returns what it has emitted.
fn run(
    environment: Environment,
    sum: Sum,
    records: impl IntoIterator<Item = (char, u64)>,
) -> Result<Vec<(char, u64)>> {
    let environment = environment.checkpoint_every(Duration::from_secs(60));
    let records: Vec<_> = records.into_iter().collect();
    let source = environment.from_collection(records).uid("numbers");
    let sums = source.keyed().process(sum).uid("sums").collect();
    environment.execute("sums")?;
    Ok(sums.sorted())
}

#[test]
fn a_job_goes_on_with_what_was_made_of_its_state() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let environment = Environment::new().parallelism(2).snapshot_folder(path("snapshots"));
    let plain = || Sum { ttl: None };
    run(environment, plain(), [('a', 1), ('b', 2), ('a', 3)])?;

    let reader = block_on(SavepointReader::open(&path("snapshots")))?;
    let mut sums = block_on(reader.keyed_state::<char, u64>("sums", "sum")?.entries())?;
    sums.sort_unstable();
    assert_eq!(sums, [('a', 4), ('b', 2)]);
    let records = block_on(reader.operator_state::<u64>("sums", "records"))?;
    assert_eq!(records.iter().sum::<u64>(), 3);

    let mut writer = SavepointWriter::from_existing(&reader);
    for operator in reader.operators() {
        if operator.uid.as_deref() != Some("sums") {
            writer.remove_operator(&operator.uid.unwrap_or(operator.name))?;
        }
    }
    let changed = sums.into_iter().map(|(key, sum)| (key, sum * 100)).chain([('z', 7)]);
    writer.operator("sums")?.value_state("sum", changed)?;
    block_on(writer.write(&path("changed")))?;

    let ttl = Some(Ttl::new(Duration::from_secs(3_600)));
    for (parallelism, ttl) in [(1, None), (3, ttl)] {
        let environment = Environment::new().parallelism(parallelism).restore_from(path("changed"));
        let found = run(environment, Sum { ttl }, [('a', 1), ('z', 1), ('c', 1)])?;
        assert_eq!(found, [('a', 401), ('c', 1), ('z', 8)], "{parallelism}");
    }
    Ok(())
}
