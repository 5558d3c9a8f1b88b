//! Windows, triggers and evictors as a person would work them out: a list of windows, looked through each time.

/// A window: its start and end.
pub(super) type Span = (i64, i64);

/// What comes out: key, window and what it holds.
pub(super) type Row = (u8, Span, Vec<u32>);

#[derive(Clone, Debug)]
pub(super) enum Windows {
    Tumbling { size: i64, offset: i64, processing: bool },
    Sliding { size: i64, slide: i64, processing: bool },
    Cumulating { max_size: i64, step: i64 },
    Session { gap: i64, processing: bool },
    DynamicSession { processing: bool },
    Global,
}

impl Windows {
    pub(super) const fn of_processing_time(&self) -> bool {
        match self {
            Self::Tumbling { processing, .. }
            | Self::Sliding { processing, .. }
            | Self::Session { processing, .. }
            | Self::DynamicSession { processing } => *processing,
            Self::Cumulating { .. } | Self::Global => false,
        }
    }

    pub(super) const fn merge(&self) -> bool {
        matches!(self, Self::Session { .. } | Self::DynamicSession { .. })
    }

    /// The windows of a record, found by trying every start and end there could be.
    fn of(&self, value: u32, time: i64) -> Vec<Span> {
        let starts = |size: i64, step: i64, offset: i64| {
            (time - size + 1..=time).filter(move |start| (start - offset).rem_euclid(step) == 0)
        };
        match *self {
            Self::Tumbling { size, offset, .. } => {
                starts(size, size, offset).map(|start| (start, start + size)).collect()
            }
            Self::Sliding { size, slide, .. } => {
                starts(size, slide, 0).map(|start| (start, start + size)).collect()
            }
            Self::Cumulating { max_size, step } => starts(max_size, max_size, 0)
                .flat_map(|start| (start + 1..=start + max_size).map(move |end| (start, end)))
                .filter(|(start, end)| (end - start) % step == 0 && time < *end)
                .collect(),
            Self::Session { gap, .. } => vec![(time, time + gap)],
            Self::DynamicSession { .. } => vec![(time, time + 1 + i64::from(value % 7))],
            Self::Global => vec![(i64::MIN, i64::MAX)],
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Rule {
    Default,
    PurgingDefault,
    Count(u64),
    PurgingCount(u64),
    ContinuousEventTime(i64),
    ContinuousProcessingTime(i64),
    Delta(u32),
    Timeout { count: u64, timeout: i64, resets: bool, clears: bool },
}

#[derive(Clone, Debug)]
pub(super) enum Keeping {
    Count(usize),
    Time(i64),
    Delta(u32),
}

/// A window of a key.
#[derive(Clone, Debug)]
struct Pane {
    key: u8,
    span: Span,
    /// Values with their times, unless there has been none since the last purge.
    held: Option<Vec<(u32, i64)>>,
    /// What came since the trigger last fired.
    count: u64,
    /// Where a delta is measured from.
    last: Option<u32>,
    /// When it fires next, at intervals.
    next: Option<i64>,
    /// When the time is over.
    due: Option<i64>,
    /// It fires when it ends.
    waits_for_end: bool,
    /// It had ended when it merged: only late records let it fire.
    has_ended: bool,
}

impl Pane {
    const fn new(key: u8, span: Span) -> Self {
        Self {
            key,
            span,
            held: None,
            count: 0,
            last: None,
            next: None,
            due: None,
            waits_for_end: false,
            has_ended: false,
        }
    }

    const fn end(&self) -> i64 {
        if self.span.1 == i64::MAX { i64::MAX } else { self.span.1 - 1 }
    }
}

pub(super) struct Model {
    windows: Windows,
    rule: Rule,
    keeping: Option<(Keeping, bool)>,
    allowed: i64,
    watermark: i64,
    /// The last one since the operator was opened.
    delivered: i64,
    now: i64,
    open: Vec<Pane>,
    pub(super) emitted: Vec<Row>,
    pub(super) late: u64,
}

impl Model {
    pub(super) const fn new(
        windows: Windows,
        rule: Rule,
        keeping: Option<(Keeping, bool)>,
        allowed: i64,
    ) -> Self {
        let (watermark, delivered, now) = (i64::MIN, i64::MIN, 0);
        Self {
            windows,
            rule,
            keeping,
            allowed,
            watermark,
            delivered,
            now,
            open: Vec::new(),
            emitted: Vec::new(),
            late: 0,
        }
    }

    /// When a window is over, in its time.
    fn over(&self, pane: &Pane) -> i64 {
        if self.windows.of_processing_time() {
            pane.end() + 1
        } else {
            pane.end().saturating_add(self.allowed)
        }
    }

    pub(super) fn push(&mut self, key: u8, value: u32, time: i64) {
        let processing = self.windows.of_processing_time();
        let spans = self.windows.of(value, if processing { self.now } else { time });
        let mut is_added = false;
        for span in spans {
            let mut pane = self.take(key, span);
            if !processing && self.over(&pane) <= self.watermark {
                continue;
            }
            is_added = true;
            let (fires, purges) = self.on_element(&mut pane, value, time);
            pane.held.get_or_insert_default().push((value, time));
            self.obey(&mut pane, fires, purges);
            self.open.push(pane);
        }
        let is_late = !processing && time.saturating_add(self.allowed) <= self.watermark;
        self.late += u64::from(!is_added && is_late);
        self.work_off_processing_time(false);
    }

    pub(super) fn watermark(&mut self, watermark: i64) {
        // Others do not come to the operator.
        if watermark <= self.delivered {
            return;
        }
        self.delivered = watermark;
        self.watermark = self.watermark.max(watermark);
        let mut open = std::mem::take(&mut self.open);
        open.retain_mut(|pane| self.at_watermark(pane));
        self.open = open;
    }

    /// The operator is opened anew.
    pub(super) const fn crash(&mut self) {
        self.delivered = i64::MIN;
    }

    pub(super) fn advance(&mut self, span: i64) {
        self.now += span;
        self.work_off_processing_time(false);
    }

    pub(super) fn end(&mut self) {
        self.watermark(i64::MAX);
        self.work_off_processing_time(true);
    }

    /// The window of a record, merged with those that it touches.
    fn take(&mut self, key: u8, span: Span) -> Pane {
        if !self.windows.merge() {
            let found = self.open.iter().position(|pane| (pane.key, pane.span) == (key, span));
            return found.map_or_else(|| Pane::new(key, span), |index| self.open.remove(index));
        }
        let touches = |pane: &mut Pane| pane.key == key && pane.span.0 <= span.1 && span.0 <= pane.span.1;
        let mut joined: Vec<_> = self.open.extract_if(.., touches).collect();
        joined.sort_by_key(|pane| (pane.span.1, pane.span.0));
        let mut merged = Pane::new(key, span);
        for pane in joined {
            merged.span = (merged.span.0.min(pane.span.0), merged.span.1.max(pane.span.1));
            if let Some(held) = pane.held {
                merged.held.get_or_insert_default().extend(held);
            }
            merged.count += pane.count;
            merged.next = merged.next.into_iter().chain(pane.next).min();
        }
        let processing = self.windows.of_processing_time();
        merged.has_ended = !processing && merged.end() <= self.watermark;
        let waits = matches!(self.rule, Rule::Default | Rule::PurgingDefault | Rule::ContinuousEventTime(_));
        merged.waits_for_end =
            waits && (processing || merged.end() > self.watermark) && merged.held.is_some();
        merged
    }

    /// Whether the window fires because of a record, and is purged.
    fn on_element(&self, pane: &mut Pane, value: u32, time: i64) -> (bool, bool) {
        match self.rule {
            Rule::Default | Rule::PurgingDefault => {
                // Global windows are made without a trigger of their own here.
                let fires = !self.windows.of_processing_time() && pane.end() <= self.watermark;
                pane.waits_for_end |= !fires && !matches!(self.windows, Windows::Global);
                (fires, fires && matches!(self.rule, Rule::PurgingDefault))
            }
            Rule::Count(count) | Rule::PurgingCount(count) => {
                pane.count += 1;
                let fires = pane.count >= count;
                if fires {
                    pane.count = 0;
                }
                (fires, fires && matches!(self.rule, Rule::PurgingCount(_)))
            }
            Rule::ContinuousEventTime(interval) => {
                if pane.end() <= self.watermark {
                    return (true, false);
                }
                pane.waits_for_end = true;
                pane.next.get_or_insert(((time.div_euclid(interval) + 1) * interval).min(pane.end()));
                (false, false)
            }
            Rule::ContinuousProcessingTime(interval) => {
                let next = self.next_multiple(pane, self.now, interval);
                pane.next.get_or_insert(next);
                (false, false)
            }
            Rule::Delta(threshold) => {
                let last = *pane.last.get_or_insert(value);
                let fires = last.abs_diff(value) > threshold;
                if fires {
                    pane.last = Some(value);
                }
                (fires, false)
            }
            Rule::Timeout { count, timeout, resets, .. } => {
                pane.count += 1;
                if pane.count >= count {
                    (pane.count, pane.due) = (0, None);
                    return (true, false);
                }
                if resets || pane.due.is_none() {
                    pane.due = Some(self.now + timeout);
                }
                (false, false)
            }
        }
    }

    fn next_multiple(&self, pane: &Pane, time: i64, interval: i64) -> i64 {
        let multiple = (time.div_euclid(interval) + 1) * interval;
        let end = pane.end().saturating_add(1);
        if time < end { multiple.min(end) } else { multiple }
    }

    /// All that is due in processing time; at the end of the stream all that waits for it.
    fn work_off_processing_time(&mut self, is_end: bool) {
        let mut open = std::mem::take(&mut self.open);
        open.retain_mut(|pane| self.at_time(pane, is_end));
        self.open = open;
    }

    /// False if the window is over.
    fn at_watermark(&mut self, pane: &mut Pane) -> bool {
        let waits = |pane: &Pane| pane.waits_for_end.then_some(pane.end());
        let processing = self.windows.of_processing_time();
        if let Rule::ContinuousEventTime(interval) = self.rule {
            while let Some(next) = pane.next.filter(|next| *next <= self.watermark && *next < pane.end()) {
                if self.watermark == i64::MAX || pane.has_ended {
                    break;
                }
                pane.next = Some((next + interval).min(pane.end()));
                self.obey(pane, true, false);
            }
        }
        if !processing && waits(pane).is_some_and(|end| end <= self.watermark) {
            pane.waits_for_end = false;
            self.obey(pane, true, matches!(self.rule, Rule::PurgingDefault));
        }
        let over = self.over(pane);
        if processing || over == i64::MAX || over > self.watermark {
            return true;
        }
        if let Rule::Timeout { .. } = self.rule
            && pane.due.is_some()
        {
            self.obey(pane, true, false);
        }
        false
    }

    /// False if the window is over.
    fn at_time(&mut self, pane: &mut Pane, is_end: bool) -> bool {
        let until = if is_end { i64::MAX } else { self.now };
        match self.rule {
            Rule::ContinuousProcessingTime(interval) => {
                while let Some(next) = pane.next.filter(|next| *next <= until) {
                    // Once for all that has been missed.
                    let following = self.next_multiple(pane, next.max(self.now), interval);
                    // When the stream has ended, the end of the window is still to come.
                    let ends = self.windows.of_processing_time() && following == pane.end() + 1;
                    pane.next = (!is_end || (ends && next < following)).then_some(following);
                    self.obey(pane, true, false);
                }
            }
            Rule::Timeout { clears, .. } => {
                let ends = self.windows.of_processing_time() && pane.end() < until;
                if pane.due.is_some_and(|due| due <= until || ends) {
                    pane.due = None;
                    if clears {
                        pane.count = 0;
                    }
                    self.obey(pane, true, false);
                }
            }
            _ => {}
        }
        if !self.windows.of_processing_time() || pane.end() >= until {
            return true;
        }
        if pane.waits_for_end {
            self.obey(pane, true, matches!(self.rule, Rule::PurgingDefault));
        }
        false
    }

    fn obey(&mut self, pane: &mut Pane, fires: bool, purges: bool) {
        if fires && let Some(held) = &mut pane.held {
            let evict = |held: &mut Vec<(u32, i64)>, is_after: bool| match &self.keeping {
                Some((keeping, after)) if *after == is_after => *held = keeping.keep(held),
                _ => {}
            };
            evict(held, false);
            self.emitted.push((pane.key, pane.span, held.iter().map(|(value, _)| *value).collect()));
            evict(held, true);
        }
        if purges {
            pane.held = None;
        }
    }
}

impl Keeping {
    fn keep(&self, held: &[(u32, i64)]) -> Vec<(u32, i64)> {
        let (Some(last), latest) = (held.last(), held.iter().map(|(_, time)| *time).max()) else {
            return Vec::new();
        };
        let numbered = held.iter().enumerate();
        let kept = numbered.filter(|(place, (value, time))| match self {
            Self::Count(count) => place + count >= held.len(),
            Self::Time(size) => latest.is_none_or(|latest| time + size > latest),
            Self::Delta(threshold) => value.abs_diff(last.0) < *threshold,
        });
        kept.map(|(_, element)| *element).collect()
    }
}
