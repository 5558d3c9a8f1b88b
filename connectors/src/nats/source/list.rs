//! Finds what a source reads, and where reading starts and ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use millstream_operators::source::Listing;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::NatsSource;
use super::deserialize::MessageDeserializer;
use super::position::{At, StreamPosition};
use super::split::{NatsSplit, StreamPart};
use crate::nats::client::{Session, StreamView, Tries};
use crate::nats::subject::{is_filter, overlap};

impl<D: MessageDeserializer> NatsSource<D> {
    /// What is read by itself.
    pub(super) fn parts(&self) -> Vec<StreamPart> {
        let of_stream = |stream: &String| {
            let part =
                |filter: Option<&String>| StreamPart { stream: stream.clone(), filter: filter.cloned() };
            match self.filters.as_slice() {
                [] => vec![part(None)],
                filters => filters.iter().map(|filter| part(Some(filter))).collect(),
            }
        };
        self.streams.iter().flat_map(of_stream).collect()
    }

    /// What is wrong with the source, that can be said without a server.
    pub(super) fn contradiction(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.streams.iter().find(|stream| !seen.insert(*stream)) {
            return Some(format!("the stream `{twice}` of NATS is to be read twice"));
        }
        if let Some(wrong) = self.filters.iter().find(|filter| !is_filter(filter)) {
            return Some(format!(
                "`{wrong}` is no filter of subjects of NATS: tokens between dots, `*` for one, `>` for all at the end"
            ));
        }
        for (place, filter) in self.filters.iter().enumerate() {
            if let Some(other) = self.filters.iter().take(place).find(|other| overlap(other, filter)) {
                return Some(format!(
                    "the subjects `{other}` and `{filter}` of NATS overlap: messages of both would be read twice"
                ));
            }
        }
        let by_sequence = |position: &StreamPosition| matches!(position.0, At::Sequence(_));
        if self.streams.len() > 1 && (by_sequence(&self.start) || self.stop.as_ref().is_some_and(by_sequence))
        {
            return Some("a sequence is a position of one stream of NATS, and several are read".to_owned());
        }
        None
    }

    /// What is read by itself, and where reading starts and ends in each.
    pub(super) async fn list(&self, listing: Listing) -> Result<Vec<(String, NatsSplit)>> {
        // A job that is restored may find its servers away.
        let tries = if listing == Listing::First { Tries::Once } else { Tries::Patiently };
        let session = Arc::new(Session::new(self.connection.clone()));
        let mut splits = Vec::new();
        for stream in &self.streams {
            let view = session.view(stream, tries).await?;
            self.check(&view)?;
            let next = sequence_of(&session, &view, self.start, tries).await?;
            if next > view.last + 1 {
                return Err(refused(format!(
                    "the stream `{stream}` of NATS ends at sequence {}, before {next}, where reading is to start",
                    view.last
                )));
            }
            let stop = match self.stop {
                None => None,
                Some(stop) => Some(sequence_of(&session, &view, stop, tries).await?),
            };
            for part in self.parts().into_iter().filter(|part| part.stream == *stream) {
                let (name, watermark) = (part.to_string(), Timestamp::MIN);
                splits.push((name, NatsSplit { part, created: view.created, next, stop, watermark }));
            }
        }
        Ok(splits.into_iter().filter(|(_, split)| !split.is_done()).collect())
    }

    fn check(&self, view: &StreamView) -> Result<()> {
        let name = &view.name;
        if let Some(retention) = view.consuming_retention() {
            return Err(refused(format!(
                "the stream `{name}` of NATS has the retention `{retention}`: its messages go away when they have been got \
                 once, so that none could be read again after a failure; read a stream with the retention `limits`, which may \
                 have this one as its source"
            )));
        }
        // A mirror, and a stream with sources, have what others have.
        let config = &view.config;
        if config.mirror.is_some() || config.sources.as_ref().is_some_and(|sources| !sources.is_empty()) {
            return Ok(());
        }
        let is_there = |filter: &&String| {
            config.subjects.iter().any(|subject| overlap(subject, filter))
                || config.subject_transform.is_some()
        };
        match self.filters.iter().find(|filter| !is_there(filter)) {
            None => Ok(()),
            Some(filter) => Err(refused(format!(
                "the stream `{name}` of NATS has no subject of `{filter}`: it has {}",
                config.subjects.join(", ")
            ))),
        }
    }
}

async fn sequence_of(
    session: &Session,
    view: &StreamView,
    position: StreamPosition,
    tries: Tries,
) -> Result<u64> {
    Ok(match position.0 {
        At::First => view.first,
        At::End => view.last + 1,
        At::Sequence(sequence) => sequence.max(1),
        At::Time(time) => session.sequence_at(view, time, tries).await?,
    })
}

fn refused(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nats::NatsConnection;

    fn source() -> NatsSource {
        NatsSource::text(NatsConnection::new("localhost"), "A")
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let problem = |source: NatsSource| source.contradiction().unwrap_or_default();
        assert_eq!(problem(source().stream("B").subjects(["a.*", "b.>"])), "");
        assert!(problem(source().stream("A")).contains("`A` of NATS is to be read twice"));
        assert!(problem(source().subjects(["a..b"])).contains("`a..b` is no filter"));
        assert!(problem(source().subjects(["a.*", "b", "*.b"])).contains("`a.*` and `*.b` of NATS overlap"));
        let at = StreamPosition::sequence(3);
        assert_eq!(problem(source().bounded(at)), "");
        assert!(problem(source().stream("B").bounded(at)).contains("several are read"));
        assert!(problem(source().stream("B").starting_position(at)).contains("several are read"));
    }

    #[test]
    fn each_filter_of_each_stream_is_read_by_itself() {
        let names = |source: NatsSource| source.parts().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(source()), ["A"]);
        assert_eq!(names(source().stream("B").subjects(["x", "y"])), ["A x", "A y", "B x", "B y"]);
    }
}
