package interop

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

func producerConfig(url, project, topic string, protocol datahub.Protocol) *datahub.ProducerConfig {
	config := datahub.NewProducerConfig()
	config.Account = account()
	config.Endpoint = url
	config.Project = project
	config.Topic = topic
	config.Protocol = protocol
	config.RetryInterval = time.Millisecond
	config.MaxAsyncBufferNum = 10
	config.MaxAsyncBufferTime = 10 * time.Millisecond
	return config
}

var protocols = map[string]datahub.Protocol{"protobuf": datahub.Protobuf, "batch": datahub.Batch}

// all reads every shard of a topic.
func all(t *testing.T, hub datahub.DataHubApi, project, topic string, schema *datahub.RecordSchema) map[string][]datahub.IRecord {
	t.Helper()
	read := map[string][]datahub.IRecord{}
	for id, state := range states(t, hub, project, topic) {
		cursor := call(hub.GetCursor(project, topic, id, datahub.OLDEST)).ok(t).Cursor
		for {
			var got result[*datahub.GetRecordsResult]
			if schema == nil {
				got = call(hub.GetBlobRecords(project, topic, id, cursor, 100))
			} else {
				got = call(hub.GetTupleRecords(project, topic, id, cursor, 100, schema))
			}
			if state == datahub.CLOSED && datahub.IsShardSealedError(got.err) {
				break
			}
			if got.ok(t).RecordCount == 0 {
				break
			}
			read[id] = append(read[id], got.value.Records...)
			cursor = got.value.NextCursor
		}
	}
	return read
}

func numbered(t *testing.T, schema *datahub.RecordSchema, count int) []datahub.IRecord {
	t.Helper()
	var records []datahub.IRecord
	for number := range count {
		records = append(records, set(t, datahub.NewTupleRecord(schema), number))
	}
	return records
}

// everything tells the numbers in records of all shards, in order.
func everything(read map[string][]datahub.IRecord) []string {
	var texts []string
	for _, records := range read {
		for _, record := range records {
			texts = append(texts, fmt.Sprintf("%6s", record.(*datahub.TupleRecord).Values[0]))
		}
	}
	slices.Sort(texts)
	return texts
}

func count(number int) []string {
	var texts []string
	for index := range number {
		texts = append(texts, fmt.Sprintf("%6d", index))
	}
	return texts
}

func TestProducer(t *testing.T) {
	schema := schemaOf(t, datahub.NewField("number", datahub.BIGINT))
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			hub := datahub.New(accessID, accessKey, relaxed)
			project, topic := tupleTopic(t, hub, 2, schema)
			producer := datahub.NewProducer(producerConfig(relaxed, project, topic, protocol))
			if err := producer.Init(); err != nil {
				t.Fatal(err)
			}
			equalTexts(t, "shards", producer.GetActiveShards(), []string{"0", "1"})
			equal(t, "schema", call(producer.GetSchema()).ok(t).String(), schema.String())
			equal(t, "schema", call(producer.GetSchemaByVersionId(0)).ok(t).String(), schema.String())
			records := numbered(t, schema, 40)
			for start := 0; start < 30; start += 10 {
				sent := call(producer.Send(records[start : start+10])).ok(t)
				if sent.RequestId == "" || sent.ReqSize == 0 || sent.RawSize == 0 {
					t.Errorf("what was sent is %+v", sent)
				}
			}
			sent := call(producer.SendByShard(records[30:], "1")).ok(t)
			equal(t, "shard", sent.ShardId, "1")
			read := all(t, hub, project, topic, schema)
			equalTexts(t, "records", everything(read), count(40))
			if len(read["0"]) == 0 {
				t.Error("all records are in one shard")
			}

			// Sealed shards are noticed and left.
			call(hub.MergeShard(project, topic, "0", "1")).ok(t)
			equal(t, "shard", call(producer.Send(records[:1])).ok(t).ShardId, "2")
			equalTexts(t, "shards", producer.GetActiveShards(), []string{"2"})
			sealed := call(producer.SendByShard(records[:1], "0"))
			equal(t, "code", refused[*datahub.ShardSealedError](t, sealed).Code, datahub.InvalidShardOperation)
			if err := producer.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A producer sends again what the service did not take.
func TestProducerOverFaults(t *testing.T) {
	schema := schemaOf(t, datahub.NewField("number", datahub.BIGINT))
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			hub := datahub.New(accessID, accessKey, endpoint)
			project, topic := tupleTopic(t, hub, 1, schema)
			producer := datahub.NewProducer(producerConfig(endpoint, project, topic, protocol))
			if err := producer.Init(); err != nil {
				t.Fatal(err)
			}
			records := numbered(t, schema, 2)
			for index, effect := range []any{
				map[string]any{"throttle": true},
				map[string]any{"error": map[string]any{"status": 500, "code": "InternalServerError", "message": "again"}},
			} {
				fault(t, "PutRecordsByShard", effect, "before", 2)
				call(producer.Send(records[index : index+1])).ok(t)
			}
			equalTexts(t, "records", everything(all(t, hub, project, topic, schema)), count(2))
		})
	}
}

func TestAsyncProducer(t *testing.T) {
	schema := schemaOf(t, datahub.NewField("number", datahub.BIGINT))
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			hub := datahub.New(accessID, accessKey, relaxed)
			project, topic := tupleTopic(t, hub, 2, schema)
			producer := datahub.NewAsyncProducer(producerConfig(relaxed, project, topic, protocol))
			if err := producer.Init(); err != nil {
				t.Fatal(err)
			}
			equalTexts(t, "shards", producer.GetActiveShards(), []string{"0", "1"})
			equal(t, "schema", call(producer.GetSchema()).ok(t).String(), schema.String())
			equal(t, "schema", call(producer.GetSchemaByVersionId(0)).ok(t).String(), schema.String())
			records := numbered(t, schema, 125)
			acknowledged := func(wanted int) {
				for wanted > 0 {
					select {
					case sent := <-producer.Successes():
						wanted -= len(sent.Records)
					case failed := <-producer.Errors():
						t.Fatalf("shard %s failed: %v", failed.ShardId, failed.Err)
					}
				}
			}
			for index, record := range records[:100] {
				switch index % 3 {
				case 0:
					record.SetShardId("1")
				case 1:
					record.SetPartitionKey(fmt.Sprint(index))
				}
				producer.Input() <- record
			}
			acknowledged(100)
			// The shards are sealed under the producer, which finds the new one.
			call(hub.MergeShard(project, topic, "0", "1")).ok(t)
			for _, record := range records[100:] {
				producer.Input() <- record
			}
			acknowledged(25)
			if err := producer.Close(); err != nil {
				t.Error(err)
			}
			read := all(t, hub, project, topic, schema)
			equalTexts(t, "records", everything(read), count(125))
			equal(t, "records of the new shard", len(read["2"]), 25)
		})
	}
}

// Where the SDK computes the shard of a key itself, it is the one that the service would choose.
func TestPartitions(t *testing.T) {
	hub := connectJSON(endpoint, datahub.ZSTD)
	project, topic := blobTopic(t, hub, 5)
	meta := call(hub.GetTopic(project, topic)).ok(t)
	shards := call(hub.ListShard(project, topic)).ok(t).Shards
	want := map[string][]datahub.IRecord{}
	var records []datahub.IRecord
	for index := range 100 {
		key := fmt.Sprintf("key %d", index)
		record := datahub.NewBlobRecord([]byte(key))
		record.SetPartitionKey(key)
		shard := datahub.DefaultPartitionFunc(meta, shards, record)
		records = append(records, record)
		want[shard] = append(want[shard], datahub.NewBlobRecord([]byte(key)))
	}
	for index, shard := range shards {
		data := []byte(fmt.Sprintf("hash key %d", index))
		record := datahub.NewBlobRecord(data)
		record.HashKey = shard.BeginHashKey
		records = append(records, record)
		want[shard.ShardId] = append(want[shard.ShardId], datahub.NewBlobRecord(data))
	}
	put := call(hub.PutRecords(project, topic, records)).ok(t)
	equal(t, "failed records", put.FailedRecordCount, 0)
	read := all(t, hub, project, topic, nil)
	for shard, records := range want {
		t.Run(shard, func(t *testing.T) { same(t, read[shard], records) })
	}
}
