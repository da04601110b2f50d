//! A number of every record, in as few bytes as the numbers allow.

/// What is added to differences, so that they may be negative.
const MIDDLE: u64 = 1 << 31;

/// Numbers in the order of the records. Those that grow evenly take no memory, those that are near to the first one
/// four bytes each.
///
/// Signed numbers are kept as the unsigned ones of the same bits: all arithmetic wraps around.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    count: usize,
    first: u64,
    /// The difference between neighbours, as long as there is no list.
    step: u64,
    /// The number that goes on evenly.
    next: u64,
    list: List,
}

#[derive(Clone, Debug, Default)]
enum List {
    #[default]
    Even,
    /// Differences to the first number, plus [`MIDDLE`].
    Near(Vec<u32>),
    Far(Vec<u64>),
}

impl Column {
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Adds a number behind the others.
    #[inline]
    pub(crate) fn push(&mut self, number: u64) {
        if number == self.next && matches!(self.list, List::Even) {
            self.count += 1;
            self.next = number.wrapping_add(self.step);
        } else {
            self.push_other(number);
        }
    }

    #[inline(never)]
    fn push_other(&mut self, number: u64) {
        let difference = self.difference(number);
        match (&mut self.list, difference) {
            (List::Even, _) if self.count == 0 => {
                self.first = number;
                self.next = number;
            }
            (List::Even, _) if self.count == 1 => {
                self.step = number.wrapping_sub(self.first);
                self.next = number.wrapping_add(self.step);
            }
            (List::Near(list), Some(difference)) => list.push(difference),
            (List::Far(list), _) => list.push(number),
            (List::Even | List::Near(_), _) => self.list = self.list_with(number),
        }
        self.count += 1;
    }

    fn difference(&self, number: u64) -> Option<u32> {
        let difference = number.wrapping_sub(self.first).wrapping_add(MIDDLE);
        u32::try_from(difference).ok()
    }

    /// The numbers so far and another one.
    fn list_with(&self, number: u64) -> List {
        let all = || (0..self.count).map(|place| self.get(place)).chain([number]);
        all()
            .map(|number| self.difference(number))
            .collect::<Option<_>>()
            .map_or_else(|| List::Far(all().collect()), List::Near)
    }

    /// The number of a record; 0 behind the last one.
    #[inline]
    pub(crate) fn get(&self, place: usize) -> u64 {
        if place >= self.count {
            return 0;
        }
        match &self.list {
            List::Even => self
                .first
                .wrapping_add(self.step.wrapping_mul(place as u64)),
            List::Near(list) => list.get(place).map_or(0, |difference| {
                self.first
                    .wrapping_add(u64::from(*difference))
                    .wrapping_sub(MIDDLE)
            }),
            List::Far(list) => list.get(place).copied().unwrap_or_default(),
        }
    }

    /// Gives back the room for further numbers.
    pub(crate) fn shrink(&mut self) {
        match &mut self.list {
            List::Even => {}
            List::Near(list) => list.shrink_to_fit(),
            List::Far(list) => list.shrink_to_fit(),
        }
    }

    /// How many bytes the list takes.
    pub(crate) const fn memory_size(&self) -> usize {
        match &self.list {
            List::Even => 0,
            List::Near(list) => size_of::<u32>() * list.capacity(),
            List::Far(list) => size_of::<u64>() * list.capacity(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(numbers: &[u64]) -> Column {
        let mut column = Column::default();
        for number in numbers {
            column.push(*number);
        }
        column.shrink();
        let read: Vec<u64> = (0..numbers.len()).map(|place| column.get(place)).collect();
        assert_eq!(read, numbers);
        assert_eq!(
            (column.len(), column.get(numbers.len())),
            (numbers.len(), 0)
        );
        column
    }

    #[test]
    fn even_numbers_take_no_memory_and_near_ones_little() {
        for (numbers, size) in [
            (&[][..], 0),
            (&[0], 0),
            (&[0; 9], 0),
            (&[u64::MAX; 9], 0),
            (&[7, 5, 3, 1, u64::MAX, u64::MAX - 2], 0),
            (&[5, 6, 7, 9], 16),
            (&[MIDDLE, MIDDLE, 0], 12),
            (&[MIDDLE, MIDDLE, 2 * MIDDLE - 1], 12),
            (&[MIDDLE, MIDDLE, 2 * MIDDLE], 24),
            (&[1, 1, 0, u64::MAX], 16),
            (&[1, u64::MAX / 2, 3, 4], 32),
            (&[0, 9, 1, u64::MAX / 2, 1], 40),
        ] {
            assert_eq!(column(numbers).memory_size(), size, "{numbers:?}");
        }
    }

    proptest! {
        #[test]
        fn all_numbers_are_kept(
            steps in prop::collection::vec(prop_oneof![4 => Just(1), 1 => 0..9_u64, 1 => any::<u64>()], 0..40)
        ) {
            let mut number = 0_u64;
            let numbers: Vec<u64> = steps
                .into_iter()
                .map(|step| {
                    number = number.wrapping_add(step);
                    number
                })
                .collect();
            column(&numbers);
        }
    }
}
