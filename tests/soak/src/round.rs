//! One round: everybody works for a while, then the books are balanced.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hubstream::client::ClientBuilder;
use hubstream::credentials::Credentials;
use hubstream::datahub::{
    CreateBlobTopic, CreateProject, CreateSubscription, CreateTupleTopic, CursorType, DataHub,
    GetCursor, WaitShardsReady,
};
use hubstream::dis::{self, CreateApp, CreateStream, DisClient};
use hubstream::error::{Error, ErrorKind};
use hubstream::record::RecordSchema;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Failure;
use crate::account::{Account, Found, Puts};
use crate::faults::{self, Struck};
use crate::group;
use crate::reader::{Read, Signals, Source};
use crate::record;
use crate::server::Server;
use crate::writer::{Way, Writer};

pub(crate) const PROJECT: &str = "soak";
pub(crate) const TUPLES: &str = "tuples";
const BLOBS: &str = "blobs";
pub(crate) const STREAM: &str = "stream";
pub(crate) const APP: &str = "app";
/// Shards of every topic, partitions of the stream.
pub(crate) const SHARDS: usize = 3;

/// Protocol, layout of batches and compression of the clients.
const FORMS: [[&str; 3]; 7] = [
    ["json", "1", "lz4"],
    ["json", "1", "deflate"],
    ["protobuf", "1", "zstd"],
    ["protobuf", "1", "none"],
    ["protobuf", "1", "zlib"],
    ["batch", "0", "lz4"],
    ["batch", "1", "zstd"],
];
/// What forms writers put in: a form, a topic, and whether a put goes to one shard.
const WRITERS: [(usize, &str, bool); 9] = [
    (0, TUPLES, false),
    (2, TUPLES, false),
    (3, TUPLES, true),
    (5, TUPLES, true),
    (6, TUPLES, true),
    (1, BLOBS, false),
    (4, BLOBS, false),
    (5, BLOBS, true),
    (6, BLOBS, true),
];
const STREAM_WRITERS: usize = 2;

/// A call is made again so many times before its failure counts.
const PATIENCE: usize = 100;

/// Whether a failure is one that faults explain.
pub(crate) fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Connection
            | ErrorKind::Unavailable
            | ErrorKind::RateLimited
            | ErrorKind::Malformed
    )
}

/// Makes a call until it succeeds or fails for a reason that faults do not explain.
pub(crate) async fn insist<T, F: Future<Output = Result<T, Error>>>(
    call: impl Fn() -> F,
) -> Result<T, Failure> {
    let mut failures = 0;
    loop {
        match call().await {
            Ok(value) => return Ok(value),
            Err(error) if is_passing(&error) && failures < PATIENCE => failures += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Clients that do not repeat puts, and clients that do.
struct Clients {
    hubs: Vec<DataHub>,
    streams: DisClient,
}

/// Where everybody works.
pub(crate) struct Places {
    clients: [Clients; 2],
    schema: Arc<RecordSchema>,
    /// Of readers and of a group, by topic.
    subscriptions: [String; 2],
    group: String,
}

/// What all rounds came to.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    account: Account,
    struck: Struck,
    gets: u64,
    commits: u64,
    beats: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, other: Self) {
        self.account.add(&other.account);
        self.struck.all += other.struck.all;
        self.struck.lost_answers += other.struck.lost_answers;
        for (effect, count) in other.struck.effects {
            *self.struck.effects.entry(effect).or_default() += count;
        }
        self.gets += other.gets;
        self.commits += other.commits;
        self.beats += other.beats;
    }

    /// A soak in which nothing happened has shown nothing.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let seen = [
            self.account.acknowledged,
            self.account.failed,
            self.account.repeated,
            self.commits,
            self.beats,
        ];
        let quiet = self.struck.effects.iter().find(|(_, count)| **count == 0);
        match quiet {
            Some((effect, _)) => Err(format!("the fault {effect} never happened").into()),
            None if seen.contains(&0) => Err("some of the work was never done".into()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {} gets, {} commits, {} heartbeats; {} faults (",
            self.account, self.gets, self.commits, self.beats, self.struck.all
        )?;
        for (place, (effect, count)) in self.struck.effects.iter().enumerate() {
            write!(f, "{}{effect} {count}", if place == 0 { "" } else { ", " })?;
        }
        write!(
            f,
            "), of which {} withheld the answer to a put; nothing lost",
            self.struck.lost_answers
        )
    }
}

fn signed(builder: ClientBuilder, server: &Server, repeats: bool) -> ClientBuilder {
    builder
        .credentials(Credentials::new("emulator", "emulator"))
        .clock(server.clock.clone())
        .set("at_least_once", repeats)
}

impl Clients {
    fn connect(server: &Server, repeats: bool) -> Result<Self, Failure> {
        let hubs = FORMS.map(|[protocol, version, compression]| {
            let builder = DataHub::builder(&server.datahub)
                .set("protocol", protocol)
                .set("batch_version", version)
                .set("compress_format", compression);
            DataHub::new(signed(builder, server, repeats))
        });
        let streams = DisClient::builder(&server.dis).set("project_id", PROJECT);
        Ok(Self {
            hubs: hubs.into_iter().collect::<Result<_, _>>()?,
            streams: DisClient::new(signed(streams, server, repeats))?,
        })
    }
}

impl Places {
    /// Creates the topics and the stream.
    pub(crate) async fn create(server: &Server) -> Result<Self, Failure> {
        let clients = [
            Clients::connect(server, false)?,
            Clients::connect(server, true)?,
        ];
        let schema = record::schema()?;
        let hub = &clients[0].hubs[0];
        let shards = SHARDS as i32;
        hub.create_project(CreateProject::new(PROJECT)).await?;
        hub.create_tuple_topic(CreateTupleTopic::new(
            PROJECT,
            TUPLES,
            shards,
            1,
            Arc::clone(&schema),
        ))
        .await?;
        hub.create_blob_topic(CreateBlobTopic::new(PROJECT, BLOBS, shards, 1))
            .await?;
        let mut subscriptions = Vec::new();
        for topic in [TUPLES, BLOBS, TUPLES] {
            hub.wait_shards_ready(WaitShardsReady::new(PROJECT, topic))
                .await?;
            subscriptions.push(
                hub.create_subscription(CreateSubscription::new(PROJECT, topic))
                    .await?
                    .sub_id,
            );
        }
        clients[0]
            .streams
            .create_stream(CreateStream::new(STREAM, shards))
            .await?;
        clients[0].streams.create_app(CreateApp::new(APP)).await?;
        let group = subscriptions.pop().unwrap_or_default();
        let [tuples, blobs] =
            <[String; 2]>::try_from(subscriptions).map_err(|_| "two subscriptions")?;
        Ok(Self {
            clients,
            schema,
            subscriptions: [tuples, blobs],
            group,
        })
    }

    /// Asks for the oldest record of every shard.
    pub(crate) async fn look(&self) -> Result<(), Failure> {
        let Clients { hubs, streams } = &self.clients[0];
        for shard in (0..SHARDS).map(|shard| shard.to_string()) {
            for topic in [TUPLES, BLOBS] {
                let oldest = GetCursor::new(PROJECT, topic, &shard, CursorType::Oldest);
                insist(|| hubs[0].get_cursor(oldest.clone())).await?;
            }
            let oldest = dis::GetCursor::new(STREAM, &shard);
            let oldest = oldest.cursor_type(dis::CursorType::TrimHorizon);
            insist(|| streams.get_cursor(oldest.clone())).await?;
        }
        Ok(())
    }

    /// One round of so long, under faults that follow from the seed; then everything is read and compared.
    pub(crate) async fn run(
        &self,
        server: &Server,
        number: u64,
        seed: u64,
        time: Duration,
    ) -> Result<Totals, Failure> {
        let repeats = !number.is_multiple_of(2);
        let mut random = fastrand::Rng::with_seed(seed ^ number << 32);
        server.faults(Some(&faults::plan(random.u64(..)))).await?;
        let (stop, done) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let (told, puts) = watch::channel(0);
        let mut writers = JoinSet::new();
        for writer in self.writers(usize::from(repeats)) {
            writers.spawn(writer.work(random.fork(), Arc::clone(&stop), told.clone()));
        }
        let mut readers = JoinSet::new();
        for source in self.sources(number as usize) {
            let signals = Signals {
                done: Arc::clone(&done),
                puts: puts.clone(),
            };
            readers.spawn(source.read(signals));
        }
        let member = group::work(
            self.clients[0].hubs[2].clone(),
            self.group.clone(),
            Arc::clone(&stop),
        );
        let member = tokio::spawn(member);

        tokio::select! {
            () = tokio::time::sleep(time) => {}
            // A reader ends only when something is wrong.
            Some(ended) = readers.join_next() => return Err(ended?.err().unwrap_or_else(|| "a reader gave up".into())),
        }
        stop.store(true, Ordering::SeqCst);
        let mut all = Puts::new();
        while let Some(ended) = writers.join_next().await {
            all.extend(ended??);
        }
        done.store(true, Ordering::SeqCst);
        told.send_modify(|count| *count += 1);
        let beats = member.await??;
        let (found, mut totals) = collect(readers).await?;
        totals.beats = beats;
        totals.struck = Struck::read(&server.faults(None).await?)?;
        totals.account = Account::balance(&all, &found, repeats, totals.struck.lost_answers)?;
        Ok(totals)
    }

    fn schema_of(&self, topic: &str) -> Option<Arc<RecordSchema>> {
        (topic == TUPLES).then(|| Arc::clone(&self.schema))
    }

    fn writers(&self, clients: usize) -> Vec<Writer> {
        let clients = &self.clients[clients];
        let hubs = WRITERS.iter().map(|(form, topic, shard)| {
            let hub = clients.hubs[*form].clone();
            let way = if *shard {
                Way::Shard(hub, topic)
            } else {
                Way::Topic(hub, topic)
            };
            (way, self.schema_of(topic))
        });
        let streams = (0..STREAM_WRITERS).map(|_| (Way::Stream(clients.streams.clone()), None));
        let all = hubs.chain(streams).enumerate();
        all.map(|(number, (way, schema))| Writer {
            number: number as u16,
            way,
            schema,
        })
        .collect()
    }

    /// All shards, each read in another form in every round.
    fn sources(&self, round: usize) -> Vec<Source> {
        let clients = &self.clients[0];
        let mut sources = Vec::new();
        for (place, topic) in [TUPLES, BLOBS].into_iter().enumerate() {
            for shard in 0..SHARDS {
                sources.push(Source::Topic {
                    hub: clients.hubs[(round + shard + place) % FORMS.len()].clone(),
                    topic,
                    shard: shard.to_string(),
                    schema: self.schema_of(topic),
                    subscription: self.subscriptions[place].clone(),
                });
            }
        }
        sources.extend((0..SHARDS).map(|partition| Source::Stream {
            client: clients.streams.clone(),
            partition: format!("shardId-{partition:010}"),
        }));
        sources
    }
}

/// What all readers found, once they are done.
async fn collect(mut readers: JoinSet<Result<Read, Failure>>) -> Result<(Found, Totals), Failure> {
    let (mut found, mut totals) = (Found::default(), Totals::default());
    while let Some(ended) = readers.join_next().await {
        let Read {
            found: part,
            gets,
            commits,
        } = ended??;
        found.merge(part);
        totals.gets += gets;
        totals.commits += commits;
    }
    Ok((found, totals))
}
