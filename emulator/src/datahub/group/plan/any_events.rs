//! Whatever happens in whatever order, no shard has two readers, and in the end all have their share.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::{GRACE_MS, Group, Refusal};

/// A consumer as it sees itself.
struct Consumer {
    timeout: i64,
    heard_of: i64,
    reads: BTreeSet<u32>,
    /// Shards that it still commits, and since when it knows that it is to give them up.
    winds_up: BTreeMap<u32, i64>,
    stale: bool,
}

impl Consumer {
    fn is_gone(&self, now: i64) -> bool {
        now - self.heard_of >= self.timeout + GRACE_MS
    }

    /// Shards that only this consumer may touch now.
    fn claims(&self, now: i64) -> impl Iterator<Item = u32> {
        let timeout = self.timeout;
        let winds_up = self.winds_up.iter();
        let winds_up = winds_up.filter(move |(_, since)| now - **since < timeout);
        self.reads
            .iter()
            .chain(winds_up.map(|(shard, _)| shard))
            .copied()
    }
}

#[derive(Default)]
struct World {
    group: Group,
    consumers: BTreeMap<u64, Consumer>,
    joined: u64,
    now: i64,
    parents: Vec<Vec<u32>>,
    closed: BTreeSet<u32>,
    finished: BTreeSet<u32>,
}

impl World {
    fn assignable(&self) -> BTreeSet<u32> {
        let shards = self.parents.iter().enumerate();
        shards
            .filter(|(_, parents)| parents.iter().all(|parent| self.finished.contains(parent)))
            .map(|(shard, _)| shard as u32)
            .filter(|shard| !self.finished.contains(shard))
            .collect()
    }

    fn some_consumer(&self, rng: &mut Rng) -> Option<u64> {
        let numbers: Vec<u64> = self.consumers.keys().copied().collect();
        rng.choice(numbers)
    }

    fn join(&mut self, rng: &mut Rng) {
        self.joined += 1;
        let timeout = rng.i64(5..60) * 1000;
        self.group.join(self.joined, timeout, self.now);
        let consumer = Consumer {
            timeout,
            heard_of: self.now,
            reads: BTreeSet::new(),
            winds_up: BTreeMap::new(),
            stale: false,
        };
        self.consumers.insert(self.joined, consumer);
    }

    /// Hears of a consumer as a call does, and says whether it was served.
    fn admit(&mut self, number: u64) -> bool {
        let consumer = self.consumers.get_mut(&number).expect("known");
        let expected = if consumer.is_gone(self.now) {
            Err(Refusal::Unknown)
        } else if consumer.stale {
            Err(Refusal::Reset)
        } else {
            Ok(())
        };
        assert_eq!(self.group.admit(number, self.now), expected);
        consumer.heard_of = self.now;
        match expected {
            Ok(()) => return true,
            Err(Refusal::Unknown) => drop(self.consumers.remove(&number)),
            Err(Refusal::Reset) => {
                consumer.reads.clear();
                consumer.winds_up.clear();
            }
        }
        false
    }

    fn heartbeat(&mut self, number: u64) {
        if !self.admit(number) {
            return;
        }
        self.group.plan(&self.assignable(), self.now);
        let told: BTreeSet<u32> = self.group.announce(number, self.now).into_iter().collect();
        let now = self.now;
        let consumer = self.consumers.get_mut(&number).expect("known");
        for shard in consumer.reads.difference(&told) {
            consumer.winds_up.insert(*shard, now);
        }
        consumer.winds_up.retain(|shard, _| !told.contains(shard));
        consumer.reads = told;
    }

    fn sync(&mut self, number: u64, rng: &mut Rng) {
        if !self.admit(number) {
            return;
        }
        let consumer = self.consumers.get_mut(&number).expect("known");
        let mut released: Vec<u32> = consumer.winds_up.keys().copied().collect();
        rng.shuffle(&mut released);
        released.truncate(rng.usize(0..=released.len()));
        // Late or careless: one that it reads, or that is none of its business.
        released.push(rng.u32(..self.parents.len() as u32));
        for shard in released {
            consumer.winds_up.remove(&shard);
            self.group.release(number, shard);
        }
    }

    /// The consumer reads a closed shard to its end, and tells of it.
    fn finish(&mut self, number: u64) {
        let consumer = &self.consumers[&number];
        let Some(shard) = consumer.reads.intersection(&self.closed).next().copied() else {
            return;
        };
        if !self.admit(number) {
            return;
        }
        self.consumers
            .get_mut(&number)
            .expect("known")
            .reads
            .remove(&shard);
        self.group.finish(shard);
        self.finished.insert(shard);
    }

    fn split(&mut self, rng: &mut Rng) {
        let open = (0..self.parents.len() as u32).filter(|shard| !self.closed.contains(shard));
        let Some(parent) = rng.choice(open.collect::<Vec<_>>()) else {
            return;
        };
        self.closed.insert(parent);
        self.parents.extend([vec![parent], vec![parent]]);
    }

    fn merge(&mut self, rng: &mut Rng) {
        let open = (0..self.parents.len() as u32).filter(|shard| !self.closed.contains(shard));
        let parents = rng.choose_multiple(open, 2);
        if parents.len() == 2 {
            self.closed.extend(&parents);
            self.parents.push(parents);
        }
    }

    fn reset(&mut self, rng: &mut Rng) {
        self.finished.retain(|_| rng.bool());
        self.group.reset();
        for consumer in self.consumers.values_mut() {
            consumer.stale = true;
        }
    }

    fn step(&mut self, rng: &mut Rng) {
        let consumer = self.some_consumer(rng);
        match (rng.u32(0..100), consumer) {
            (0..5, _) if self.consumers.len() < 8 => self.join(rng),
            (5..8, Some(number)) => {
                let gone = self
                    .consumers
                    .remove(&number)
                    .expect("known")
                    .is_gone(self.now);
                assert_eq!(self.group.leave(number, self.now).is_err(), gone);
            }
            (8..11, _) => self.split(rng),
            (11..12, _) => self.merge(rng),
            (12..13, _) => self.reset(rng),
            (13..23, _) => self.now += rng.i64(0..20_000),
            (23..35, Some(number)) => self.finish(number),
            (35..55, Some(number)) => self.sync(number, rng),
            (_, Some(number)) => self.heartbeat(number),
            _ => {}
        }
    }

    fn check(&self) {
        let mut claimed = BTreeMap::new();
        for (number, consumer) in &self.consumers {
            if consumer.is_gone(self.now) {
                continue;
            }
            for shard in consumer.claims(self.now) {
                let other = claimed.insert(shard, number);
                assert_eq!(other, None, "shard {shard} is also read by {number}");
            }
        }
    }

    /// Everybody does as told until nothing changes.
    fn settle(&mut self) {
        for _ in 0..4 {
            let numbers: Vec<u64> = self.consumers.keys().copied().collect();
            for number in numbers {
                self.heartbeat(number);
                let Some(consumer) = self.consumers.get_mut(&number) else {
                    continue;
                };
                for shard in std::mem::take(&mut consumer.winds_up).into_keys() {
                    self.group.release(number, shard);
                }
                self.check();
            }
        }
        let fresh: Vec<&Consumer> = self.consumers.values().filter(|c| !c.stale).collect();
        if fresh.is_empty() {
            return;
        }
        let sizes = fresh.iter().map(|consumer| consumer.reads.len());
        let all: BTreeSet<u32> = fresh
            .iter()
            .flat_map(|consumer| consumer.reads.clone())
            .collect();
        assert_eq!(all, self.assignable());
        assert!(sizes.clone().max() <= sizes.min().map(|least| least + 1));
    }
}

#[test]
fn no_shard_has_two_readers() {
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let mut world = World {
            parents: vec![Vec::new(); rng.usize(1..12)],
            ..World::default()
        };
        for _ in 0..300 {
            world.step(&mut rng);
            world.check();
        }
        world.settle();
    }
}
