//! From files to files, both on the store that fails.

use std::sync::Arc;

use futures::TryStreamExt;
use futures::executor::block_on;
use millstream::connectors::files::{FileSink, FileSource};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parking_lot::Mutex;

use crate::setting::{Setting, Verdict, compare};

pub fn from_files_to_files(setting: &Setting) -> Verdict {
    let (files, lines) = (setting.draw(100, 1..=3), setting.draw(101, 1..=120));
    let (split_bytes, roll_bytes) = (setting.draw(102, 20..=400), setting.draw(103, 50..=2_000));
    // What is read lies on a store that does not fail; it would only have to be put there first.
    let input = Arc::new(InMemory::new());
    for file in 0..files {
        let text: String = (0..lines).map(|line| format!("{file}-{line}\n")).collect();
        block_on(input.put(&Path::from(format!("in/{file}.txt")), text.into())).unwrap();
    }
    let output = Mutex::new(None);
    let report = setting.simulate(|env, life| {
        *output.lock() = Some(life.store.clone());
        let source = FileSource::text("in").store(input.clone()).split_bytes(split_bytes);
        let read = env.from_source(source).parallelism(life.parallelism());
        let tagged = read.rebalance().map(|line| format!("<{line}>")).parallelism(life.parallelism());
        let sink = FileSink::text("out", |line: &String| line.clone());
        let sink = sink.store(life.store.clone()).roll_bytes(roll_bytes);
        let _sink = tagged.sink_to(sink).parallelism(life.parallelism());
    })?;
    let store = output.into_inner().ok_or("the job was not built")?;
    let expected = (0..files).flat_map(|file| (0..lines).map(move |line| format!("<{file}-{line}>")));
    compare(block_on(lines_of(&store)).map_err(|error| error.to_string())?, expected.collect())?;
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
