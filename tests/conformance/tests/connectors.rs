//! Connectors of every type through the client and the emulator.

use std::sync::Arc;

use hubstream::credentials::Credentials;
use hubstream::datahub::{
    AppendConnectorField, AuthMode, ConnectorConfig, ConnectorOffset, ConnectorShardState,
    ConnectorState, ConnectorType, CreateConnector, CreateProject, CreateTupleTopic, DataHub,
    DataHubConnectorConfig, DatabaseConnectorConfig, DeleteConnector, EsConnectorConfig,
    FcConnectorConfig, GetConnector, GetConnectorDoneTime, GetConnectorShardStatus,
    HologresConnectorConfig, ListConnector, OdpsConnectorConfig, OssConnectorConfig,
    OtsConnectorConfig, PartitionMode, ReloadConnector, TimestampUnit, UpdateConnector,
    UpdateConnectorOffset, UpdateConnectorState, WriteMode,
};
use hubstream::error::ErrorKind;
use hubstream::record::{Field, FieldType, RecordSchema};
use hubstream_emulator::Emulator;

const START: i64 = 10_000_000;

async fn topic() -> (Emulator, DataHub) {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let credentials = Credentials::new(emulator.access_id(), emulator.access_key());
    let hub =
        DataHub::new(DataHub::builder(emulator.datahub_url().unwrap()).credentials(credentials))
            .unwrap();
    let fields = ["f1", "f2"].map(|name| Field::new(name, FieldType::String));
    let schema = Arc::new(RecordSchema::new(fields.to_vec()).unwrap());
    hub.create_project(CreateProject::new("shop"))
        .await
        .unwrap();
    hub.create_tuple_topic(CreateTupleTopic::new("shop", "orders", 2, 1, schema))
        .await
        .unwrap();
    (emulator, hub)
}

fn odps() -> OdpsConnectorConfig {
    let mut config = OdpsConnectorConfig::new("project", "table")
        .odps_endpoint("http://odps")
        .tunnel_endpoint("http://tunnel")
        .access_id("id")
        .partition_mode(PartitionMode::EventTime)
        .time_range(30);
    let formats = [("mm", "%M"), ("ds", "%Y%m%d"), ("hh", "%H")];
    config.partition_config = Some(
        formats
            .map(|(column, format)| (column.to_owned(), format.to_owned()))
            .into_iter()
            .collect(),
    );
    config
}

fn configs() -> Vec<(ConnectorType, ConnectorConfig)> {
    let database = DatabaseConnectorConfig::new("host", 3306, "database")
        .user("user")
        .table("table")
        .ignore(false);
    let mut es = EsConnectorConfig::new("index", "http://es").proxy_mode(true);
    es.id_fields = vec!["f1".to_owned()];
    vec![
        (ConnectorType::SinkOdps, odps().into()),
        (ConnectorType::SinkAds, database.clone().into()),
        (ConnectorType::SinkMysql, database.into()),
        (ConnectorType::SinkEs, es.into()),
        (
            ConnectorType::SinkFc,
            FcConnectorConfig::new("http://fc", "service", "function", AuthMode::Sts).into(),
        ),
        (
            ConnectorType::SinkOss,
            OssConnectorConfig::new("http://oss", "bucket", "prefix", "%Y", 120, AuthMode::Ak)
                .access_id("id")
                .into(),
        ),
        (
            ConnectorType::SinkOts,
            OtsConnectorConfig::new("http://ots", "instance", "table", AuthMode::Sts)
                .write_mode(WriteMode::Update)
                .into(),
        ),
        (
            ConnectorType::SinkHologres,
            HologresConnectorConfig::new("db", "table", "http://holo", "id", AuthMode::Sts)
                .timestamp_unit(TimestampUnit::Second)
                .into(),
        ),
        (
            ConnectorType::SinkDatahub,
            DataHubConnectorConfig::new("http://datahub", "project", "topic", AuthMode::Sts).into(),
        ),
    ]
}

fn create(kind: ConnectorType, config: ConnectorConfig) -> CreateConnector {
    CreateConnector::new("shop", "orders", kind, vec!["f1".to_owned()], config).start_time(START)
}

#[tokio::test]
async fn settings_of_every_type_come_back() {
    let (emulator, hub) = topic().await;
    for (kind, config) in configs() {
        let id = hub
            .create_connector(create(kind.clone(), config.clone()))
            .await
            .unwrap()
            .connector_id;
        for name in [id.as_str(), kind.as_str()] {
            let found = hub
                .get_connector(GetConnector::new("shop", "orders", name))
                .await
                .unwrap();
            assert_eq!((&found.connector_id, &found.r#type), (&id, &kind));
            assert_eq!(found.config, config);
            assert_eq!(found.column_fields, ["f1"]);
            assert!(!found.sub_id.is_empty() && !found.cluster_addr.is_empty());
        }
        let same = UpdateConnector::new("shop", "orders", &id, config.clone());
        hub.update_connector(same).await.unwrap();
        let again = hub
            .create_connector(create(kind, config))
            .await
            .unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    }
    let listed = hub
        .list_connector(ListConnector::new("shop", "orders"))
        .await
        .unwrap();
    assert_eq!(listed.connector_ids.len(), configs().len());
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_update_keeps_what_only_other_clients_know() {
    let (emulator, hub) = topic().await;
    let mut config = odps()
        .time_zone("Asia/Shanghai")
        .base64_encode(true)
        .timestamp_unit(TimestampUnit::Millisecond);
    let others = [
        ("SplitKey", "k"),
        ("BinaryParserConfig", r#"{"BinaryParserType":"X"}"#),
    ];
    config.other_settings = others
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    let created = hub
        .create_connector(create(ConnectorType::SinkOdps, config.clone().into()))
        .await
        .unwrap();
    let get = GetConnector::new("shop", "orders", &created.connector_id);
    let found = hub.get_connector(get.clone()).await.unwrap();
    let ConnectorConfig::Odps(mut read) = found.config else {
        panic!("{:?}", found.r#type)
    };
    assert_eq!(read, config);
    read.time_range = 60;
    let update = UpdateConnector::new("shop", "orders", &created.connector_id, read.clone());
    hub.update_connector(update).await.unwrap();
    let found = hub.get_connector(get).await.unwrap();
    assert_eq!(found.config, ConnectorConfig::from(read));

    config
        .other_settings
        .insert("Table".to_owned(), "u".to_owned());
    let twice = UpdateConnector::new("shop", "orders", &created.connector_id, config);
    let refused = hub.update_connector(twice).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_connector_is_stopped_moved_and_deleted() {
    let (emulator, hub) = topic().await;
    let created = hub
        .create_connector(create(ConnectorType::SinkOdps, odps().into()))
        .await
        .unwrap();
    let id = created.connector_id.as_str();
    let status = GetConnectorShardStatus::new("shop", "orders", id);
    let found = hub
        .get_connector_shard_status(status.clone())
        .await
        .unwrap();
    let shards: Vec<&str> = found
        .shard_status_infos
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(shards, ["0", "1"]);
    let first = &found.shard_status_infos["0"];
    assert_eq!(
        (first.current_sequence, first.current_timestamp),
        (-1, START)
    );
    assert_eq!(first.state, ConnectorShardState::ContextPlanned);

    let mut place = ConnectorOffset::new();
    place.sequence = 7;
    let set = UpdateConnectorOffset::new("shop", "orders", id, "1", place);
    let running = hub.update_connector_offset(set.clone()).await.unwrap_err();
    assert_eq!(
        (running.kind(), running.code()),
        (ErrorKind::Conflict, "OperationDenied")
    );
    let stop = UpdateConnectorState::new("shop", "orders", id, ConnectorState::ConnectorStopped);
    hub.update_connector_state(stop).await.unwrap();
    hub.update_connector_offset(set).await.unwrap();
    let found = hub
        .get_connector_shard_status(status.shard_id("1"))
        .await
        .unwrap();
    let second = &found.shard_status_infos["1"];
    assert_eq!(
        (second.current_sequence, second.current_timestamp),
        (7, START)
    );

    hub.append_connector_field(AppendConnectorField::new("shop", "orders", id, "f2"))
        .await
        .unwrap();
    hub.reload_connector(ReloadConnector::new("shop", "orders", id))
        .await
        .unwrap();
    let done = hub
        .get_connector_done_time(GetConnectorDoneTime::new("shop", "orders", id))
        .await
        .unwrap();
    assert_eq!((done.done_time, done.time_window), (0, 1800));
    let get = GetConnector::new("shop", "orders", id);
    let found = hub.get_connector(get.clone()).await.unwrap();
    assert_eq!(found.column_fields, ["f1", "f2"]);
    assert_eq!(found.state, ConnectorState::ConnectorStopped);
    hub.delete_connector(DeleteConnector::new("shop", "orders", id))
        .await
        .unwrap();
    let gone = hub.get_connector(get).await.unwrap_err();
    assert_eq!(
        (gone.kind(), gone.code()),
        (ErrorKind::NotFound, "NoSuchConnector")
    );
    emulator.shutdown().await;
}
