package interop

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

var unit = datahub.ConnectorConfig{TimestampUnit: datahub.ConnectorMicrosecond}

func partitions() datahub.PartitionConfig {
	partitions := datahub.NewPartitionConfig()
	partitions.AddConfig("ds", "%Y%m%d")
	partitions.AddConfig("hh", "%H")
	partitions.AddConfig("mm", "%M")
	return *partitions
}

// sinks are configurations of every type, with a change to each.
func sinks() map[datahub.ConnectorType][2]any {
	odps := datahub.SinkOdpsConfig{
		ConnectorConfig: unit, Endpoint: "odps.example", Project: "p", Table: "t",
		AccessId: "id", AccessKey: "key", TimeRange: 60, TimeZone: "Asia/Shanghai",
		PartitionMode: datahub.SystemTimeMode, PartitionConfig: partitions(),
		TunnelEndpoint: "tunnel.example", SplitKey: "k", Base64Encode: true,
	}
	oss := datahub.SinkOssConfig{
		ConnectorConfig: unit, Endpoint: "oss.example", Bucket: "b", Prefix: "p", TimeFormat: "%Y%m%d%H%M",
		TimeRange: 100, AuthMode: datahub.AK, AccessId: "id", AccessKey: "key", MaxFileSize: 1 << 30,
	}
	es := datahub.SinkEsConfig{
		ConnectorConfig: unit, Index: "i", Endpoint: "es.example", User: "u", Password: "secret",
		IDFields: []string{"id"}, TypeFields: []string{"text"}, RouterFields: []string{}, ProxyMode: true,
	}
	mysql := datahub.SinkMysqlConfig{
		ConnectorConfig: unit, Host: "db.example", Port: "3306", Database: "d", Table: "t",
		User: "u", Password: "secret", Ignore: datahub.IGNORE,
	}
	fc := datahub.SinkFcConfig{
		ConnectorConfig: unit, Endpoint: "fc.example", Service: "s", Function: "f",
		AuthMode: datahub.STS, InvokeType: datahub.FcAsync,
	}
	ots := datahub.SinkOtsConfig{
		ConnectorConfig: unit, Endpoint: "ots.example", InstanceName: "i", TableName: "t",
		AuthMode: datahub.STS, WriteMode: datahub.OtsUpdate,
	}
	hub := datahub.SinkDatahubConfig{
		ConnectorConfig: unit, Endpoint: "dh.example", Project: "p", Topic: "t", AuthMode: datahub.STS,
	}
	made := map[datahub.ConnectorType][2]any{}
	changedOdps := odps
	changedOdps.TimeRange, changedOdps.Table, changedOdps.Base64Encode = 15, "other", false
	changedOdps.PartitionMode = datahub.UserDefineMode
	made[datahub.SinkOdps] = [2]any{odps, changedOdps}
	changedOss := oss
	changedOss.Prefix, changedOss.TimeRange, changedOss.MaxFileSize = "other", 15, 0
	changedOss.AuthMode, changedOss.AccessId, changedOss.AccessKey = datahub.STS, "", ""
	made[datahub.SinkOss] = [2]any{oss, changedOss}
	changedEs := es
	changedEs.Index, changedEs.ProxyMode, changedEs.IDFields = "other", false, []string{"id", "text"}
	made[datahub.SinkEs] = [2]any{es, changedEs}
	changedMysql := mysql
	changedMysql.Table, changedMysql.Ignore = "other", datahub.OVERWRITE
	made[datahub.SinkMysql] = [2]any{mysql, changedMysql}
	made[datahub.SinkAds] = [2]any{
		datahub.SinkAdsConfig{SinkMysqlConfig: mysql}, datahub.SinkAdsConfig{SinkMysqlConfig: changedMysql},
	}
	changedFc := fc
	changedFc.Function, changedFc.InvokeType = "other", datahub.FcSync
	made[datahub.SinkFc] = [2]any{fc, changedFc}
	changedOts := ots
	changedOts.TableName, changedOts.WriteMode = "other", datahub.OtsPut
	made[datahub.SinkOts] = [2]any{ots, changedOts}
	changedHub := hub
	changedHub.Topic, changedHub.TimestampUnit = "other", datahub.ConnectorSecond
	made[datahub.SinkDatahub] = [2]any{hub, changedHub}
	made[datahub.SinkHologres] = [2]any{
		datahub.SinkHologresConfig{SinkDatahubConfig: hub, InstanceId: "i"},
		datahub.SinkHologresConfig{SinkDatahubConfig: changedHub, InstanceId: "j"},
	}
	return made
}

// withoutSecrets shows a configuration without what is not given back.
func withoutSecrets(t *testing.T, config any) string {
	t.Helper()
	switch known := config.(type) {
	case datahub.SinkOdpsConfig:
		known.AccessId, known.AccessKey = "", ""
		return fmt.Sprintf("%+v", known)
	case datahub.SinkAdsConfig:
		return withoutSecrets(t, known.SinkMysqlConfig)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"AccessId", "AccessKey", "Password"} {
		delete(members, secret)
	}
	return fmt.Sprintf("%T %v", config, members)
}

func TestConnectors(t *testing.T) {
	for kind, configs := range sinks() {
		t.Run(string(kind), func(t *testing.T) {
			hub := datahub.New(accessID, accessKey, endpoint)
			project, topic := tupleTopic(t, hub, 2, allTypes(t))
			id := call(hub.CreateConnector(project, topic, kind, []string{"id", "text"}, configs[0])).ok(t).ConnectorId
			equalTexts(t, "connectors", call(hub.ListConnector(project, topic)).ok(t).ConnectorIds, []string{id})
			connector := call(hub.GetConnector(project, topic, id)).ok(t)
			equal(t, "id", connector.ConnectorId, id)
			equal(t, "type", connector.Type, kind)
			equal(t, "state", connector.State, datahub.ConnectorRunning)
			equalTexts(t, "columns", connector.ColumnFields, []string{"id", "text"})
			equal(t, "configuration", withoutSecrets(t, connector.Config), withoutSecrets(t, configs[0]))
			if connector.CreateTime == 0 || connector.ClusterAddress == "" || connector.Creator == "" ||
				connector.Owner == "" || connector.ExtraConfig["SubscriptionId"] == "" {
				t.Errorf("the connector lacks something: %+v", connector)
			}

			call(hub.UpdateConnector(project, topic, id, configs[1])).ok(t)
			connector = call(hub.GetConnector(project, topic, id)).ok(t)
			equal(t, "configuration", withoutSecrets(t, connector.Config), withoutSecrets(t, configs[1]))
			update := &datahub.UpdateConnectorParameter{ColumnFields: []string{"id"}}
			call(hub.UpdateConnectorWithPara(project, topic, id, update)).ok(t)
			connector = call(hub.GetConnector(project, topic, id)).ok(t)
			equalTexts(t, "columns", connector.ColumnFields, []string{"id"})
			equal(t, "configuration", withoutSecrets(t, connector.Config), withoutSecrets(t, configs[1]))

			call(hub.DeleteConnector(project, topic, id)).ok(t)
			gone := refused[*datahub.ResourceNotFoundError](t, call(hub.GetConnector(project, topic, id)))
			equal(t, "code", gone.Code, datahub.NoSuchConnector)
		})
	}
}

func TestConnectorStates(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		project, topic := tupleTopic(t, hub, 2, allTypes(t))
		kind := datahub.SinkOdps
		config := sinks()[kind][0]
		columns := []string{"id"}
		created := call(hub.CreateConnectorWithStartTime(project, topic, kind, columns, 1_700_000_000_000, config)).ok(t)
		id := created.ConnectorId
		exists := refused[*datahub.ResourceExistError](t, call(hub.CreateConnector(project, topic, kind, columns, config)))
		equal(t, "code", exists.Code, datahub.ConnectorAlreadyExist)

		done := call(hub.GetConnectorDoneTime(project, topic, id)).ok(t)
		equal(t, "window", done.TimeWindow, 3600)
		equal(t, "zone", done.TimeZone, "Asia/Shanghai")

		all := call(hub.GetConnectorShardStatus(project, topic, id)).ok(t).ShardStatus
		equal(t, "shards", len(all), 2)
		status := call(hub.GetConnectorShardStatusByShard(project, topic, id, "1")).ok(t).ConnectorShardStatusEntry
		equal(t, "status", status, all["1"])
		call(hub.ReloadConnector(project, topic, id)).ok(t)
		call(hub.ReloadConnectorByShard(project, topic, id, "1")).ok(t)

		offset := datahub.ConnectorOffset{Sequence: 10, Timestamp: 1_700_000_000_000}
		running := call(hub.UpdateConnectorOffset(project, topic, id, "1", offset))
		if running.err == nil {
			t.Error("the offset of a running connector was changed")
		}
		call(hub.UpdateConnectorState(project, topic, id, datahub.ConnectorStopped)).ok(t)
		equal(t, "state", call(hub.GetConnector(project, topic, id)).ok(t).State, datahub.ConnectorStopped)
		call(hub.UpdateConnectorOffset(project, topic, id, "1", offset)).ok(t)
		status = call(hub.GetConnectorShardStatusByShard(project, topic, id, "1")).ok(t).ConnectorShardStatusEntry
		equal(t, "sequence", status.CurrentSequence, 10)
		equal(t, "timestamp", status.CurrentTimestamp, 1_700_000_000_000)
		equal(t, "shard state", status.State, datahub.ConnectorShardStopped)
		call(hub.UpdateConnectorState(project, topic, id, datahub.ConnectorRunning)).ok(t)
		equal(t, "state", call(hub.GetConnector(project, topic, id)).ok(t).State, datahub.ConnectorRunning)

		call(hub.AppendConnectorField(project, topic, id, "text")).ok(t)
		connector := call(hub.GetConnector(project, topic, id)).ok(t)
		equalTexts(t, "columns", connector.ColumnFields, []string{"id", "text"})
		refused[*datahub.InvalidParameterError](t, call(hub.AppendConnectorField(project, topic, id, "none")))
		refused[*datahub.InvalidParameterError](t, call(hub.AppendConnectorField(project, topic, id, "text")))
		call(hub.DeleteConnector(project, topic, id)).ok(t)
	})
}

func TestConnectorColumnNames(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := tupleTopic(t, hub, 1, allTypes(t))
	id := call(hub.CreateConnectorWithPara(project, topic, &datahub.CreateConnectorParameter{
		SinkStartTime: -1,
		ConnectorType: datahub.SinkMysql,
		ColumnFields:  []string{"id", "text"},
		ColumnNameMap: map[string]string{"id": "key", "text": "value"},
		Config:        sinks()[datahub.SinkMysql][0],
	})).ok(t).ConnectorId
	call(hub.UpdateConnectorWithPara(project, topic, id, &datahub.UpdateConnectorParameter{
		ColumnNameMap: map[string]string{"id": "other"},
		Config:        sinks()[datahub.SinkMysql][1],
	})).ok(t)
	connector := call(hub.GetConnector(project, topic, id)).ok(t)
	equal(t, "configuration", withoutSecrets(t, connector.Config), withoutSecrets(t, sinks()[datahub.SinkMysql][1]))
}

func TestMissingConnector(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := tupleTopic(t, hub, 1, allTypes(t))
	refused[*datahub.InvalidParameterError](t,
		call(hub.CreateConnector(project, topic, datahub.SinkFc, []string{"none"}, sinks()[datahub.SinkFc][0])))
	for _, err := range []error{
		call(hub.GetConnector(project, topic, "none")).err,
		call(hub.DeleteConnector(project, topic, "none")).err,
		call(hub.ReloadConnector(project, topic, "none")).err,
		call(hub.GetConnectorDoneTime(project, topic, "none")).err,
		call(hub.GetConnectorShardStatus(project, topic, "none")).err,
		call(hub.UpdateConnectorState(project, topic, "none", datahub.ConnectorStopped)).err,
		call(hub.UpdateConnector(project, topic, "none", sinks()[datahub.SinkOdps][0])).err,
		call(hub.AppendConnectorField(project, topic, "none", "id")).err,
	} {
		missing := refused[*datahub.ResourceNotFoundError](t, call(0, err))
		equal(t, "code", missing.Code, datahub.NoSuchConnector)
	}
}
