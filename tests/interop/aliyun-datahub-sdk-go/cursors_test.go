package interop

import (
	"testing"
	"time"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

func TestCursors(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 1)
	protobuf := writer{connect(endpoint, datahub.Protobuf, datahub.ZSTD), true}
	protobuf.put(t, project, topic, "0", blobs()[:3])
	times := map[int64]int64{}
	for _, record := range oldest(t, protobuf, project, topic, "0", nil, 3) {
		times[record.GetSequence()] = record.GetSystemTime()
	}
	first := func(kind datahub.CursorType, parameter ...int64) datahub.IRecord {
		t.Helper()
		cursor := call(hub.GetCursor(project, topic, "0", kind, parameter...)).ok(t)
		got := get(t, protobuf, project, topic, "0", cursor.Cursor, 1, nil)
		if got.RecordCount == 0 {
			return nil
		}
		equal(t, "sequence of the cursor", cursor.Sequence, got.Records[0].GetSequence())
		equal(t, "time of the cursor", cursor.RecordTime, got.Records[0].GetSystemTime())
		return got.Records[0]
	}
	equal(t, "oldest", first(datahub.OLDEST).GetSequence(), 0)
	equal(t, "latest", first(datahub.LATEST).GetSequence(), 2)
	for sequence, at := range times {
		equal(t, "by sequence", first(datahub.SEQUENCE, sequence).GetSequence(), sequence)
		equal(t, "by time", first(datahub.SYSTEM_TIME, at).GetSystemTime(), at)
	}
	equal(t, "since ever", first(datahub.SYSTEM_TIME, 0).GetSequence(), 0)
	if record := first(datahub.SEQUENCE, 3); record != nil {
		t.Errorf("behind the last record is %v", record)
	}

	for _, outcome := range []error{
		call(hub.GetCursor(project, topic, "0", datahub.SEQUENCE, 4)).err,
		call(hub.GetCursor(project, topic, "0", datahub.SYSTEM_TIME, time.Now().Add(time.Hour).UnixMilli())).err,
	} {
		equal(t, "code", refused[*datahub.SeekOutOfRangeError](t, call(0, outcome)).Code, datahub.SeekOutOfRange)
	}
	missing := refused[*datahub.ResourceNotFoundError](t, call(hub.GetCursor(project, topic, "7", datahub.OLDEST)))
	equal(t, "code", missing.Code, datahub.NoSuchShard)
	for name, reader := range readers(endpoint) {
		invalid := refused[*datahub.InvalidParameterError](t, call(reader.GetBlobRecords(project, topic, "0", "no cursor", 1)))
		equal(t, "code for "+name, invalid.Code, datahub.InvalidCursor)
	}
}

func TestReadingASealedShard(t *testing.T) {
	for name, hub := range readers(relaxed) {
		t.Run(name, func(t *testing.T) {
			project, topic := blobTopic(t, hub, 1)
			protobuf := writer{connect(relaxed, datahub.Protobuf, datahub.ZSTD), true}
			protobuf.put(t, project, topic, "0", blobs()[:2])
			call(hub.SplitShard(project, topic, "0")).ok(t)
			sealed := call(protobuf.PutRecordsByShard(project, topic, "0", blobs()[:1]))
			equal(t, "code", refused[*datahub.ShardSealedError](t, sealed).Code, datahub.InvalidShardOperation)
			cursor := call(hub.GetCursor(project, topic, "0", datahub.OLDEST)).ok(t).Cursor
			got := get(t, hub, project, topic, "0", cursor, 10, nil)
			equal(t, "count", got.RecordCount, 2)
			end := call(hub.GetBlobRecords(project, topic, "0", got.NextCursor, 10))
			if !datahub.IsShardSealedError(end.err) {
				t.Errorf("at the end of a sealed shard is %+v, %v", end.value, end.err)
			}
		})
	}
}

func TestMeter(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 1)
	writer{hub, true}.put(t, project, topic, "0", blobs())
	meter := call(hub.GetMeterInfo(project, topic, "0")).ok(t)
	if meter.ActiveTime < 0 || meter.Storage <= 0 {
		t.Errorf("the metering is %+v", meter)
	}
	missing := refused[*datahub.ResourceNotFoundError](t, call(hub.GetMeterInfo(project, topic, "7")))
	equal(t, "code", missing.Code, datahub.NoSuchShard)
}
