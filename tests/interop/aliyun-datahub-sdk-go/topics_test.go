package interop

import (
	"strings"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// allTypes has a column of every type, the last of which may not be null.
func allTypes(t *testing.T) *datahub.RecordSchema {
	t.Helper()
	return schemaOf(t,
		datahub.NewField("tiny", datahub.TINYINT),
		datahub.NewField("small", datahub.SMALLINT),
		datahub.NewField("whole", datahub.INTEGER),
		datahub.NewField("big", datahub.BIGINT),
		datahub.NewField("single", datahub.FLOAT),
		datahub.NewField("double", datahub.DOUBLE),
		datahub.NewField("yes", datahub.BOOLEAN),
		datahub.NewField("at", datahub.TIMESTAMP),
		datahub.NewField("exact", datahub.DECIMAL),
		datahub.NewField("text", datahub.STRING),
		datahub.NewField("document", datahub.JSON),
		datahub.NewFieldWithProp("id", datahub.STRING, false, "what it is called"),
	)
}

func TestTopics(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		project := projectOf(t, hub)
		schema := allTypes(t)
		created := call(hub.CreateTupleTopic(project, "tuples", "of all types", 3, 7, schema)).ok(t)
		equal(t, "status", created.StatusCode, 201)
		call(hub.CreateBlobTopic(project, "blobs", "of bytes", 1, 1)).ok(t)
		equalTexts(t, "topics", call(hub.ListTopic(project)).ok(t).TopicNames, []string{"blobs", "tuples"})
		equalTexts(t, "topics", call(hub.ListTopicWithFilter(project, "blob")).ok(t).TopicNames, []string{"blobs"})

		topic := call(hub.GetTopic(project, "tuples")).ok(t)
		equal(t, "schema", topic.RecordSchema.String(), schema.String())
		equal(t, "type", topic.RecordType, datahub.TUPLE)
		equal(t, "shards", topic.ShardCount, 3)
		equal(t, "lifecycle", topic.LifeCycle, 7)
		equal(t, "comment", topic.Comment, "of all types")
		equal(t, "status", topic.TopicStatus, datahub.TOPIC_ON)
		equal(t, "mode", topic.ExpandMode, datahub.ONLY_SPLIT)
		equal(t, "registry", topic.EnableSchema, false)
		if topic.CreateTime == 0 || topic.LastModifyTime < topic.CreateTime {
			t.Errorf("the times are %d and %d", topic.CreateTime, topic.LastModifyTime)
		}

		call(hub.UpdateTopic(project, "tuples", "changed")).ok(t)
		topic = call(hub.GetTopic(project, "tuples")).ok(t)
		equal(t, "comment", topic.Comment, "changed")
		equal(t, "lifecycle", topic.LifeCycle, 7)
		update := &datahub.UpdateTopicParameter{LifeCycle: 2, Comment: "again"}
		call(hub.UpdateTopicWithPara(project, "tuples", update)).ok(t)
		topic = call(hub.GetTopic(project, "tuples")).ok(t)
		equal(t, "comment", topic.Comment, "again")
		equal(t, "lifecycle", topic.LifeCycle, 2)

		blobs := call(hub.GetTopic(project, "blobs")).ok(t)
		equal(t, "type", blobs.RecordType, datahub.BLOB)
		if blobs.RecordSchema != nil {
			t.Errorf("the topic of blobs has the schema %v", blobs.RecordSchema)
		}
		call(hub.DeleteTopic(project, "blobs")).ok(t)
		missing := refused[*datahub.ResourceNotFoundError](t, call(hub.GetTopic(project, "blobs")))
		equal(t, "code", missing.Code, datahub.NoSuchTopic)
	})
}

func TestAppendField(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := tupleTopic(t, hub, 1, schemaOf(t, datahub.NewField("one", datahub.STRING)))
	call(hub.AppendField(project, topic, *datahub.NewField("two", datahub.DECIMAL))).ok(t)
	want := schemaOf(t, datahub.NewField("one", datahub.STRING), datahub.NewField("two", datahub.DECIMAL))
	equal(t, "schema", call(hub.GetTopic(project, topic)).ok(t).RecordSchema.String(), want.String())
	again := call(hub.AppendField(project, topic, *datahub.NewField("two", datahub.DECIMAL)))
	equal(t, "code", refused[*datahub.InvalidParameterError](t, again).Code, datahub.InvalidParameter)
}

func TestTopicErrors(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 1)
	exists := refused[*datahub.ResourceExistError](t, call(hub.CreateBlobTopic(project, topic, "again", 1, 3)))
	equal(t, "code", exists.Code, datahub.TopicAlreadyExist)
	orphan := refused[*datahub.ResourceNotFoundError](t, call(hub.CreateBlobTopic(fresh(), topic, "no project", 1, 3)))
	equal(t, "code", orphan.Code, datahub.NoSuchProject)
	refused[*datahub.InvalidParameterError](t, call(hub.CreateBlobTopic(project, "long", "lifecycle", 1, 8)))
	refused[*datahub.InvalidParameterError](t, call(hub.CreateBlobTopic(project, "none", "no shards", 0, 3)))
	refused[*datahub.InvalidParameterError](t, call(hub.CreateBlobTopic(project, "1st", "begins with a digit", 1, 3)))
	refused[*datahub.InvalidParameterError](t, call(hub.CreateTupleTopic(project, "bare", "no columns", 1, 3,
		datahub.NewRecordSchema())))
	refused[*datahub.InvalidParameterError](t, call(hub.AppendField(project, topic, *datahub.NewField("f", datahub.STRING))))
	long := &datahub.UpdateTopicParameter{LifeCycle: 8, Comment: "too long"}
	refused[*datahub.InvalidParameterError](t, call(hub.UpdateTopicWithPara(project, topic, long)))
	for _, err := range []error{
		call(hub.UpdateTopic(project, "none", "a comment")).err,
		call(hub.DeleteTopic(project, "none")).err,
		call(hub.ListShard(project, "none")).err,
		call(hub.AppendField(project, "none", *datahub.NewField("f", datahub.STRING))).err,
		call(hub.GetCursor(project, "none", "0", datahub.OLDEST)).err,
		call(hub.ListConnector(project, "none")).err,
		call(hub.CreateSubscription(project, "none", "a comment")).err,
		call(hub.ListTopicSchema(project, "none")).err,
	} {
		missing := refused[*datahub.ResourceNotFoundError](t, call(0, err))
		equal(t, "code", missing.Code, datahub.NoSuchTopic)
	}
}

func TestTopicModes(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project := projectOf(t, hub)
	for mode, shown := range map[datahub.ExpandMode]datahub.ExpandMode{
		datahub.SPLIT_EXTEND: datahub.ONLY_SPLIT,
		datahub.ONLY_SPLIT:   datahub.ONLY_SPLIT,
		datahub.ONLY_EXTEND:  datahub.ONLY_EXTEND,
	} {
		name := "mode" + strings.ToUpper(mode.String())
		parameters := &datahub.CreateTopicParameter{
			ShardCount: 2, LifeCycle: 3, Comment: "of a mode", RecordType: datahub.BLOB, ExpandMode: mode,
		}
		call(hub.CreateTopicWithPara(project, name, parameters)).ok(t)
		equal(t, "mode", call(hub.GetTopic(project, name)).ok(t).ExpandMode, shown)
	}
}
