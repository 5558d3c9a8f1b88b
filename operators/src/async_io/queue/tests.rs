use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Push,
    Watermark,
    Status,
    /// The answer to one of the records that have none.
    Answer(prop::sample::Index),
    Pop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Push),
        2 => Just(Step::Watermark),
        1 => Just(Step::Status),
        4 => any::<prop::sample::Index>().prop_map(Step::Answer),
        4 => Just(Step::Pop),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Marker(Marker),
    /// A record by its number, and when it was answered.
    Record(u64, Option<usize>),
}

/// All there is in a list, which is searched each time.
#[derive(Default)]
struct Model {
    items: Vec<Item>,
    answers: usize,
}

impl Model {
    fn push_marker(&mut self, marker: Marker) {
        if let (Some(Item::Marker(before @ Marker::Watermark(_))), Marker::Watermark(_)) =
            (self.items.last_mut(), marker)
        {
            *before = marker;
        } else {
            self.items.push(Item::Marker(marker));
        }
    }

    fn unanswered(&mut self) -> Vec<(u64, &mut Option<usize>)> {
        let unanswered = |item| match item {
            &mut Item::Record(number, ref mut answered @ None) => Some((number, answered)),
            _ => None,
        };
        self.items.iter_mut().filter_map(unanswered).collect()
    }

    fn pop(&mut self, order: OutputOrder) -> Option<Departure<u64>> {
        let first = *self.items.first()?;
        if let Item::Marker(marker) = first {
            self.items.remove(0);
            return Some(Departure::Marker(marker));
        }
        let segment = self.items.iter().take_while(|item| matches!(item, Item::Record(..)));
        let segment = segment.take(if order == OutputOrder::Ordered { 1 } else { usize::MAX });
        let answered = segment.enumerate().filter_map(|(place, item)| match item {
            Item::Record(number, Some(rank)) => Some((*rank, place, *number)),
            _ => None,
        });
        let (_, place, number) = answered.min()?;
        self.items.remove(place);
        Some(Departure::Answers(vec![number], Timestamp::from_millis(number.cast_signed())))
    }
}

proptest! {
    #[test]
    fn what_leaves_is_what_a_list_says(
        ordered in any::<bool>(),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let order = if ordered { OutputOrder::Ordered } else { OutputOrder::Unordered };
        let (mut queue, mut model) = (Queue::new(order), Model::default());
        let (mut pushed, mut watermark) = (0_u64, 0);
        // The number that the queue has given to each record.
        let mut numbers = Vec::new();
        for step in steps {
            match step {
                Step::Push => {
                    let time = Timestamp::from_millis(pushed.cast_signed());
                    numbers.push(queue.push((pushed, time, Timestamp::MIN)));
                    model.items.push(Item::Record(pushed, None));
                    pushed += 1;
                }
                Step::Watermark | Step::Status => {
                    watermark += 1;
                    let marker = match step {
                        Step::Status => Marker::Status(StreamStatus::Idle),
                        _ => Marker::Watermark(Timestamp::from_millis(watermark)),
                    };
                    queue.push_marker(marker);
                    model.push_marker(marker);
                }
                Step::Answer(index) => {
                    let answers = model.answers;
                    let mut unanswered = model.unanswered();
                    if !unanswered.is_empty() {
                        let (number, answered) = index.get_mut(&mut unanswered);
                        **answered = Some(answers);
                        let place = numbers[usize::try_from(*number).unwrap()];
                        prop_assert_eq!(queue.get(place), Some(&*number));
                        queue.answer(place, vec![*number]);
                        model.answers += 1;
                    }
                }
                Step::Pop => prop_assert_eq!(queue.pop(), model.pop(order)),
            }
            let records: Vec<_> = model.items.iter().filter_map(|item| match item {
                Item::Record(number, _) => Some(*number),
                Item::Marker(_) => None,
            }).collect();
            prop_assert_eq!(queue.records(), records.len());
            prop_assert_eq!(queue.is_empty(), model.items.is_empty());
            prop_assert_eq!(queue.inputs().map(|(number, ..)| *number).collect::<Vec<_>>(), records);
        }
    }
}
