//! What official documents and clients say about the sharing of shards.

use std::collections::BTreeSet;

use super::{Group, Refusal};

const TIMEOUT: i64 = 60_000;

/// A group with consumers that do as they are told.
struct Run {
    group: Group,
    shards: BTreeSet<u32>,
    now: i64,
    members: Vec<(u64, Vec<u32>)>,
    joined: u64,
}

impl Run {
    fn new(shards: u32, members: u64) -> Self {
        let mut run = Self {
            group: Group::default(),
            shards: (0..shards).collect(),
            now: 0,
            members: Vec::new(),
            joined: 0,
        };
        for _ in 0..members {
            run.join();
        }
        run
    }

    fn join(&mut self) -> u64 {
        self.joined += 1;
        self.group.join(self.joined, TIMEOUT, self.now);
        self.members.push((self.joined, Vec::new()));
        self.joined
    }

    fn heartbeat(&mut self, number: u64) -> Result<Vec<u32>, Refusal> {
        self.group.admit(number, self.now)?;
        self.group.plan(&self.shards, self.now);
        Ok(self.group.announce(number, self.now))
    }

    /// A heartbeat of every member, each of which releases at once what it is to release.
    fn round(&mut self) {
        for at in 0..self.members.len() {
            let (number, held) = self.members[at].clone();
            let told = self.heartbeat(number).expect("a member");
            for shard in held.iter().filter(|shard| !told.contains(shard)) {
                self.group.release(number, *shard);
            }
            self.members[at].1 = told;
        }
    }

    fn settle(&mut self) {
        self.round();
        self.round();
        let all: BTreeSet<u32> = self
            .members
            .iter()
            .flat_map(|(_, shards)| shards.clone())
            .collect();
        assert_eq!(all, self.shards, "every shard has a reader");
    }

    fn sizes(&self) -> Vec<usize> {
        self.members
            .iter()
            .map(|(_, shards)| shards.len())
            .collect()
    }

    fn part(&mut self, at: usize) {
        let (number, _) = self.members.remove(at);
        self.group.leave(number, self.now).expect("a member");
    }
}

#[test]
fn a_first_member_has_everything_in_its_first_heartbeat() {
    let mut run = Run::new(10, 1);
    assert_eq!(run.heartbeat(1), Ok((0..10).collect()));
    assert_eq!(run.group.plan_version(), 1);
    assert_eq!(run.heartbeat(1).map(|shards| shards.len()), Ok(10));
    assert_eq!(run.group.plan_version(), 1);
}

#[test]
fn shares_of_a_hundred_shards() {
    for (members, expected) in [
        (1, &[100][..]),
        (2, &[50, 50]),
        (3, &[34, 33, 33]),
        (4, &[25, 25, 25, 25]),
    ] {
        let mut run = Run::new(100, members);
        run.settle();
        assert_eq!(run.sizes(), expected);
        let mut grown = Run::new(100, 1);
        for _ in 1..members {
            grown.settle();
            grown.join();
        }
        grown.settle();
        assert_eq!(grown.sizes(), expected, "one after the other");
    }
    let mut run = Run::new(100, 100);
    run.settle();
    assert_eq!(run.sizes(), [1; 100]);
}

#[test]
fn one_member_more_than_shards_is_idle() {
    let mut run = Run::new(3, 4);
    run.settle();
    assert_eq!(run.sizes(), [1, 1, 1, 0]);
    run.part(0);
    run.settle();
    assert_eq!(run.sizes(), [1, 1, 1]);
}

#[test]
fn the_documented_example() {
    let mut run = Run::new(10, 1);
    run.settle();
    assert_eq!(run.sizes(), [10]);
    run.join();
    run.join();
    run.settle();
    assert_eq!(run.sizes(), [4, 3, 3]);
    let before: Vec<Vec<u32>> = run.members.iter().map(|(_, held)| held.clone()).collect();
    run.group.finish(0);
    run.shards.remove(&0);
    run.shards.extend([10, 11]);
    run.settle();
    assert_eq!(run.sizes(), [4, 4, 3]);
    for ((_, now), before) in run.members.iter().zip(before) {
        for shard in before.iter().filter(|shard| **shard != 0) {
            assert!(now.contains(shard), "shard {shard} moved without need");
        }
    }
    run.part(2);
    run.settle();
    assert_eq!(run.sizes(), [6, 5]);
}

#[test]
fn a_shard_moves_only_after_its_release() {
    let mut run = Run::new(4, 1);
    run.settle();
    run.join();
    assert_eq!(run.heartbeat(2), Ok(vec![]));
    assert_eq!(run.heartbeat(1), Ok(vec![0, 1]));
    assert_eq!(run.heartbeat(2), Ok(vec![]), "not released yet");
    run.group.release(2, 3);
    assert_eq!(run.heartbeat(2), Ok(vec![]), "released by another one");
    run.group.release(1, 3);
    assert_eq!(run.heartbeat(2), Ok(vec![3]));
    run.group.release(1, 0);
    assert_eq!(run.heartbeat(2), Ok(vec![3]), "not asked for");
    run.group.release(1, 2);
    assert_eq!(run.heartbeat(2), Ok(vec![2, 3]));
}

#[test]
fn a_shard_that_is_never_released_is_free_after_a_session_timeout() {
    let mut run = Run::new(2, 1);
    run.settle();
    run.join();
    run.now = 1000;
    assert_eq!(run.heartbeat(1), Ok(vec![0]));
    run.now = 1000 + TIMEOUT - 1;
    assert_eq!(run.heartbeat(2), Ok(vec![]));
    assert_eq!(run.heartbeat(1), Ok(vec![0]));
    run.now = 1000 + TIMEOUT;
    assert_eq!(run.heartbeat(2), Ok(vec![1]));
}

#[test]
fn shards_of_one_who_leaves_are_free_at_once() {
    let mut run = Run::new(5, 2);
    run.settle();
    run.part(0);
    assert_eq!(run.heartbeat(2), Ok(vec![0, 1, 2, 3, 4]));
    assert_eq!(run.heartbeat(1), Err(Refusal::Unknown));
    assert_eq!(run.group.leave(1, run.now), Err(Refusal::Unknown));
}

#[test]
fn a_silent_member_is_gone_three_seconds_after_its_timeout() {
    let mut run = Run::new(5, 2);
    run.settle();
    run.now = TIMEOUT + 2999;
    assert_eq!(run.heartbeat(2).map(|shards| shards.len()), Ok(2));
    run.now = TIMEOUT + 3000;
    assert_eq!(run.heartbeat(1), Err(Refusal::Unknown));
    assert_eq!(run.heartbeat(2).map(|shards| shards.len()), Ok(5));
}

#[test]
fn a_call_of_any_kind_is_a_sign_of_life() {
    let mut run = Run::new(1, 1);
    for _ in 0..5 {
        run.now += TIMEOUT + 2999;
        assert_eq!(run.group.admit(1, run.now), Ok(()));
    }
}

#[test]
fn all_members_join_again_after_a_reset() {
    let mut run = Run::new(4, 2);
    run.settle();
    run.group.reset();
    let third = run.join();
    assert_eq!(
        run.heartbeat(third),
        Ok(vec![]),
        "the shards are still read"
    );
    assert_eq!(run.heartbeat(1), Err(Refusal::Reset));
    assert_eq!(run.heartbeat(third), Ok(vec![0, 2]));
    assert_eq!(run.group.admit(2, run.now), Err(Refusal::Reset));
    assert_eq!(
        run.heartbeat(1),
        Err(Refusal::Reset),
        "until it joins again"
    );
    assert_eq!(run.heartbeat(third), Ok(vec![0, 1, 2, 3]));
    assert_eq!(run.group.leave(1, run.now), Ok(()));
    assert_eq!(run.heartbeat(third), Ok(vec![0, 1, 2, 3]));
}

#[test]
fn the_plan_in_words() {
    let mut run = Run::new(3, 2);
    run.settle();
    assert_eq!(run.group.described(), "0:1,1:2,2:1");
    assert_eq!(run.group.plan_version(), 1);
    run.part(1);
    assert_eq!(run.heartbeat(1), Ok(vec![0, 1, 2]));
    assert_eq!(run.group.plan_version(), 2);
}
