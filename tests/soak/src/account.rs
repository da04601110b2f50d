//! What was put and what was found, put by put.

use std::collections::HashMap;
use std::fmt;

use crate::Failure;
use crate::record::Origin;

/// What became of one put as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Put {
    pub(crate) records: u16,
    pub(crate) acknowledged: bool,
}

/// Identifies a put: writer and number.
pub(crate) type PutId = (u16, u32);

/// All puts of a round.
pub(crate) type Puts = HashMap<PutId, Put>;

/// How often every record of a put was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    copies: HashMap<PutId, Vec<u32>>,
    /// The last put of each writer in the shard that is being read.
    last: HashMap<u16, u32>,
}

impl Found {
    /// Notes a record of a shard; the records of a shard come in their order.
    pub(crate) fn add(&mut self, origin: Origin) -> Result<(), Failure> {
        let last = self.last.entry(origin.writer).or_default();
        if origin.put < *last {
            return Err(format!("{origin:?} comes after put {last} of its writer").into());
        }
        *last = origin.put;
        let copies = self.copies.entry((origin.writer, origin.put)).or_default();
        let place = usize::from(origin.place);
        if copies.len() <= place {
            copies.resize(place + 1, 0);
        }
        copies[place] += 1;
        Ok(())
    }

    /// Adds what was found in another shard.
    pub(crate) fn merge(&mut self, other: Self) {
        for (id, found) in other.copies {
            let copies = self.copies.entry(id).or_default();
            copies.resize(copies.len().max(found.len()), 0);
            for (sum, count) in copies.iter_mut().zip(found) {
                *sum += count;
            }
        }
    }
}

/// The account of one round or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) acknowledged: u64,
    pub(crate) failed: u64,
    pub(crate) records: u64,
    /// Puts that were carried out, each as often as it was.
    pub(crate) stored: u64,
    /// Failed puts that were carried out all the same.
    pub(crate) stored_though_failed: u64,
    /// How often puts were carried out once more than needed.
    pub(crate) repeated: u64,
}

impl Account {
    /// Compares what was put with what was found.
    ///
    /// Every acknowledged put must be there, whole; without `repeats` none may be there twice. A put is stored as
    /// often as it was acknowledged or its answer was lost, not once more and not once less.
    pub(crate) fn balance(
        puts: &Puts,
        found: &Found,
        repeats: bool,
        lost_answers: u64,
    ) -> Result<Self, Failure> {
        let mut account = Self::default();
        for (id, put) in puts {
            let copies = found.copies.get(id).map_or(&[][..], Vec::as_slice);
            let times = copies.first().copied().unwrap_or(0);
            let whole = copies.is_empty() || copies.len() == usize::from(put.records);
            if !whole || copies.iter().any(|count| *count != times) {
                return Err(
                    format!("put {id:?} is there in part: {copies:?} of {}", put.records).into(),
                );
            }
            if put.acknowledged && times == 0 {
                return Err(format!("put {id:?} was acknowledged and is lost").into());
            }
            if times > 1 && !repeats {
                return Err(
                    format!("put {id:?} is there {times} times and was not repeated").into(),
                );
            }
            account.acknowledged += u64::from(put.acknowledged);
            account.failed += u64::from(!put.acknowledged);
            account.records += u64::from(put.records) * u64::from(times);
            account.stored += u64::from(times);
            account.stored_though_failed += u64::from(!put.acknowledged && times > 0);
            account.repeated += u64::from(times.saturating_sub(1));
        }
        if let Some(id) = found.copies.keys().find(|id| !puts.contains_key(id)) {
            return Err(format!("records of put {id:?} were found, which nobody made").into());
        }
        if account.stored != account.acknowledged + lost_answers {
            return Err(format!(
                "{} puts are stored; {} were acknowledged and {lost_answers} lost their answer",
                account.stored, account.acknowledged
            )
            .into());
        }
        Ok(account)
    }

    /// Adds another account.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.failed += other.failed;
        self.records += other.records;
        self.stored += other.stored;
        self.stored_though_failed += other.stored_though_failed;
        self.repeated += other.repeated;
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} puts acknowledged and {} failed, {} stored ({} though failed, {} once more) as {} records",
            self.acknowledged,
            self.failed,
            self.stored,
            self.stored_though_failed,
            self.repeated,
            self.records
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(copies: &[(u32, u16)]) -> Found {
        let mut found = Found::default();
        for (put, place) in copies {
            let origin = Origin {
                writer: 1,
                put: *put,
                place: *place,
            };
            found.add(origin).unwrap();
        }
        found
    }

    fn puts(acknowledged: &[bool]) -> Puts {
        let puts = acknowledged.iter().enumerate();
        puts.map(|(number, acknowledged)| {
            (
                (1, number as u32),
                Put {
                    records: 2,
                    acknowledged: *acknowledged,
                },
            )
        })
        .collect()
    }

    #[test]
    fn a_balanced_account() {
        let found = found(&[(0, 0), (0, 1), (1, 0), (1, 1), (1, 0), (1, 1)]);
        let account = Account::balance(&puts(&[true, true, false]), &found, true, 1).unwrap();
        assert_eq!(
            (account.stored, account.repeated, account.failed),
            (3, 1, 1)
        );
    }

    #[test]
    fn whatever_is_wrong_is_found() {
        for (copies, acknowledged, repeats, lost, told) in [
            (&[][..], &[true][..], true, 0, "is lost"),
            (&[(0, 0)], &[true], true, 0, "in part"),
            (&[(0, 1)], &[true], true, 0, "in part"),
            (
                &[(0, 0), (0, 1), (0, 0), (0, 1)],
                &[true],
                false,
                1,
                "2 times",
            ),
            (
                &[(0, 0), (0, 1), (0, 0), (0, 1)],
                &[true],
                true,
                0,
                "lost their answer",
            ),
            (&[(0, 0), (0, 1)], &[true], true, 1, "lost their answer"),
            (&[(5, 0)], &[], true, 0, "nobody made"),
        ] {
            let told_really = Account::balance(&puts(acknowledged), &found(copies), repeats, lost)
                .unwrap_err()
                .to_string();
            assert!(told_really.contains(told), "{told_really}");
        }
        let mut found = found(&[(3, 0)]);
        assert!(
            found
                .add(Origin {
                    writer: 1,
                    put: 2,
                    place: 0
                })
                .is_err()
        );
    }
}
