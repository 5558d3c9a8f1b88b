//! From files to files, both on the store that fails.

use std::sync::Arc;

use futures::TryStreamExt;
use futures::executor::block_on;
use millstream::connectors::files::{FileSink, FileSource, TextEncoder};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parking_lot::Mutex;

use crate::flaky_store::FlakyStore;
use crate::setting::{Life, Setting, Verdict, compare};

/// Files are renamed when they are committed, on the store on which the snapshots are.
pub fn from_files_to_files(setting: &Setting) -> Verdict {
    let output = Mutex::new(None);
    run(
        setting,
        |sink, life| {
            *output.lock() = Some(life.store.clone());
            sink.store(life.store.clone())
        },
        || {
            let store = output.lock().clone().ok_or("the job was not built")?;
            block_on(lines_of(&store)).map_err(|error| error.to_string())
        },
    )
}

/// Files are uploads until they are committed, on a store of their own, which loses answers, too.
pub fn from_files_to_uploads(setting: &Setting) -> Verdict {
    let number = |purpose, range| u32::try_from(setting.draw(purpose, range)).unwrap();
    let output = Arc::new(FlakyStore::new(number(104, 2..=12), number(105, 0..=20)));
    run(setting, |sink, _| sink.multipart_store(output.clone()), || Ok(output.visible_lines()))
}

type Lines = FileSink<TextEncoder<String, fn(&String) -> String>>;

/// From files to what `place` makes of a sink, of which `written` then has the lines.
fn run(
    setting: &Setting,
    place: impl Fn(Lines, &Life) -> Lines,
    written: impl Fn() -> Result<Vec<String>, String>,
) -> Verdict {
    let (files, lines) = (setting.draw(100, 1..=3), setting.draw(101, 1..=120));
    let (split_bytes, roll_bytes) = (setting.draw(102, 20..=400), setting.draw(103, 50..=2_000));
    // What is read lies on a store that does not fail; it would only have to be put there first.
    let input = Arc::new(InMemory::new());
    for file in 0..files {
        let text: String = (0..lines).map(|line| format!("{file}-{line}\n")).collect();
        block_on(input.put(&Path::from(format!("in/{file}.txt")), text.into())).unwrap();
    }
    let report = setting.simulate(|env, life| {
        let source = FileSource::text("in").store(input.clone()).split_bytes(split_bytes);
        let read = env.from_source(source).parallelism(life.parallelism());
        let tagged = read.rebalance().map(|line| format!("<{line}>")).parallelism(life.parallelism());
        let line: fn(&String) -> String = String::clone;
        let sink = place(FileSink::text("out", line), life).roll_bytes(roll_bytes);
        let _sink = tagged.sink_to(sink).parallelism(life.parallelism());
    })?;
    let expected = (0..files).flat_map(|file| (0..lines).map(move |line| format!("<{file}-{line}>")));
    compare(written()?, expected.collect())?;
    Ok(report)
}

/// All lines of the committed files.
async fn lines_of(store: &Arc<dyn ObjectStore>) -> object_store::Result<Vec<String>> {
    let mut lines = Vec::new();
    let files: Vec<_> = store.list(Some(&Path::from("out"))).try_collect().await?;
    for file in files {
        if file.location.filename().is_some_and(|name| name.starts_with("part-")) {
            let content = store.get(&file.location).await?.bytes().await?;
            lines.extend(String::from_utf8_lossy(&content).lines().map(str::to_owned));
        }
    }
    Ok(lines)
}
