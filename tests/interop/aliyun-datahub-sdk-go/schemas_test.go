package interop

import (
	"fmt"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

func twoSchemas(t *testing.T) (first, second *datahub.RecordSchema) {
	t.Helper()
	one := datahub.NewField("one", datahub.STRING)
	first = schemaOf(t, one)
	second = schemaOf(t, one, datahub.NewFieldWithProp("two", datahub.BIGINT, true, "a number"))
	return first, second
}

func TestSchemaRegistry(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		first, second := twoSchemas(t)
		project, topic := tupleTopic(t, hub, 1, first)
		versions := func(want ...string) {
			t.Helper()
			var found []string
			for _, info := range call(hub.ListTopicSchema(project, topic)).ok(t).SchemaInfoList {
				found = append(found, fmt.Sprint(info.VersionId, info.RecordSchema.String()))
			}
			equalTexts(t, "versions", found, want)
		}
		versions("0" + first.String())
		equal(t, "version", call(hub.RegisterTopicSchema(project, topic, second)).ok(t).VersionId, 1)
		equal(t, "version", call(hub.RegisterTopicSchema(project, topic, first)).ok(t).VersionId, 0)
		versions("0"+first.String(), "1"+second.String())
		equal(t, "registry", call(hub.GetTopic(project, topic)).ok(t).EnableSchema, true)
		byVersion := call(hub.GetTopicSchemaByVersion(project, topic, 1)).ok(t)
		equal(t, "schema", byVersion.RecordSchema.String(), second.String())
		bySchema := call(hub.GetTopicSchemaBySchema(project, topic, second)).ok(t)
		equal(t, "version", bySchema.VersionId, 1)
		equal(t, "schema", bySchema.RecordSchema.String(), second.String())
		call(hub.DeleteTopicSchema(project, topic, 0)).ok(t)
		versions("1" + second.String())
		refused[*datahub.InvalidParameterError](t, call(hub.GetTopicSchemaByVersion(project, topic, 0)))
		refused[*datahub.InvalidParameterError](t, call(hub.DeleteTopicSchema(project, topic, 0)))
		if _, err := hub.GetTopicSchemaBySchema(project, topic, first); err == nil {
			t.Error("a deleted schema was found")
		}
	})
}

// Batches of two schemas of one topic, as every client reads them.
func TestBatchesOfSeveralSchemas(t *testing.T) {
	first, second := twoSchemas(t)
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := tupleTopic(t, hub, 1, first)
	call(hub.RegisterTopicSchema(project, topic, second)).ok(t)
	batches := writer{hub, true}
	narrow := []datahub.IRecord{set(t, datahub.NewTupleRecord(first), "a")}
	wide := []datahub.IRecord{set(t, datahub.NewTupleRecord(second), "b", 7)}
	batches.put(t, project, topic, "0", narrow)
	batches.put(t, project, topic, "0", wide)
	same(t, oldest(t, hub, project, topic, "0", second, 2), []datahub.IRecord{narrow[0], wide[0]})
	widened := []datahub.IRecord{set(t, datahub.NewTupleRecord(second), "a"), wide[0]}
	for _, reader := range []string{"json", "protobuf"} {
		same(t, oldest(t, readers(endpoint)[reader], project, topic, "0", second, 2), widened)
	}
}

// Records from before and after a column was added, in all protocols. The SDK learns of it only after minutes, so the
// batches are written and read by a client that has not seen the topic before.
func TestRecordsAroundAnAppendedField(t *testing.T) {
	first, _ := twoSchemas(t)
	wide := schemaOf(t, datahub.NewField("one", datahub.STRING), datahub.NewField("two", datahub.BIGINT))
	protobuf := writer{connect(endpoint, datahub.Protobuf, datahub.ZSTD), true}
	project, topic := tupleTopic(t, protobuf, 1, first)
	before := []datahub.IRecord{set(t, datahub.NewTupleRecord(first), "before")}
	protobuf.put(t, project, topic, "0", before)
	call(protobuf.AppendField(project, topic, *datahub.NewField("two", datahub.BIGINT))).ok(t)
	after := []datahub.IRecord{set(t, datahub.NewTupleRecord(wide), "after", 1)}
	protobuf.put(t, project, topic, "0", after)
	batch := []datahub.IRecord{set(t, datahub.NewTupleRecord(wide), "in a batch", 2)}
	writer{datahub.New(accessID, accessKey, endpoint), true}.put(t, project, topic, "0", batch)
	want := []datahub.IRecord{set(t, datahub.NewTupleRecord(wide), "before"), after[0], batch[0]}
	for name, reader := range readers(endpoint) {
		t.Run(name, func(t *testing.T) {
			same(t, oldest(t, reader, project, topic, "0", wide, 3), want)
		})
	}
}
