//! A stream of the other service: records in partitions, and a checkpoint.

use serde_json::{Value, json};

use crate::Worker;
use crate::served::{Served, Wire};

const PARTITION: &str = "shardId-0000000000";

/// Puts of two records each into one partition, whose sequence numbers tell them apart.
pub(crate) struct Stream {
    /// The sequence number that comes next, as far as is known.
    next: u64,
    checkpoint: u64,
    open: Option<u64>,
}

impl Stream {
    pub(crate) fn new(served: &Served) -> Self {
        served.ok(
            "POST",
            "/v2/p/streams",
            &json!({"stream_name": "s", "partition_count": 1}),
        );
        served.ok("POST", "/v2/p/apps", &json!({"app_name": "a"}));
        Self {
            next: 0,
            checkpoint: 0,
            open: None,
        }
    }

    fn commit(&self) -> Value {
        json!({
            "app_name": "a", "stream_name": "s", "partition_id": PARTITION, "checkpoint_type": "LAST_READ",
            "sequence_number": self.next.to_string()
        })
    }
}

impl Worker for Stream {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let records = ["AAAA", "BBBB"].map(|data| json!({"data": data, "partition_id": PARTITION}));
        let put = json!({"stream_name": "s", "records": records});
        let reply = wire.write("POST", "/v2/p/records", &put)?;
        for (place, row) in reply["records"]
            .as_array()
            .expect("rows")
            .iter()
            .enumerate()
        {
            assert_eq!(
                row["sequence_number"],
                (self.next + place as u64).to_string(),
                "{reply}"
            );
        }
        self.next += 2;
        if random.u8(..4) == 0 {
            self.open = Some(self.next);
            wire.write("POST", "/v2/p/checkpoints", &self.commit())?;
            (self.checkpoint, self.open) = (self.next, None);
        }
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let cursor = |kind: &str| {
            let target = format!("/v2/p/cursors?stream-name=s&partition-id={PARTITION}&{kind}");
            served.ok("GET", &target, &Value::Null)["partition_cursor"].clone()
        };
        // Behind what was acknowledged there may be one put more, and not half of it.
        let from = self.next.saturating_sub(1);
        let start = cursor(&if self.next == 0 {
            "cursor-type=TRIM_HORIZON".to_owned()
        } else {
            format!("cursor-type=AT_SEQUENCE_NUMBER&starting-sequence-number={from}")
        });
        let target = format!(
            "/v2/p/records?partition-cursor={}",
            start.as_str().expect("a cursor")
        );
        let page = served.ok("GET", &target, &Value::Null);
        let found = page["records"].as_array().expect("records");
        let more = found.len() as u64 - (self.next - from);
        assert!(more == 0 || more == 2, "{page}");
        self.next += more;
        let target = format!(
            "/v2/p/checkpoints?stream_name=s&partition_id={PARTITION}&app_name=a&checkpoint_type=LAST_READ"
        );
        let (status, found) = served.call("GET", &target, &Value::Null);
        let open = self.open.take();
        let found = found["sequence_number"]
            .as_str()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        assert!(
            status < 300 || self.checkpoint == 0,
            "the checkpoint is gone"
        );
        assert!(
            found == self.checkpoint || Some(found) == open,
            "checkpoint {found}, not {} or {open:?}",
            self.checkpoint
        );
        self.checkpoint = found;
    }
}
