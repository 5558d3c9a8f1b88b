//! How windows of processing time are shifted in each subtask.

/// How the windows of a subtask are shifted, so that not those of all subtasks fire at once. As Flink's `WindowStagger`. See
/// [`TumblingProcessingTimeWindows::stagger`](super::TumblingProcessingTimeWindows::stagger).
///
/// The shift is chosen anew whenever the job starts or restarts: windows that were open then keep their bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WindowStagger {
    /// They are not: windows of all subtasks begin and end together.
    #[default]
    Aligned,
    /// By chance, less than their length.
    Random,
    /// So that the first window begins with the subtask's first record.
    Natural,
}
