package interop

import (
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

func states(t *testing.T, hub datahub.DataHubApi, project, topic string) map[string]datahub.ShardState {
	t.Helper()
	found := map[string]datahub.ShardState{}
	for _, shard := range call(hub.ListShard(project, topic)).ok(t).Shards {
		found[shard.ShardId] = shard.State
	}
	return found
}

func TestListShards(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 3)
	if !hub.WaitAllShardsReady(project, topic) || !hub.WaitAllShardsReadyWithTime(project, topic, -1) {
		t.Error("the shards are not ready")
	}
	listed := call(hub.ListShard(project, topic)).ok(t)
	if listed.Protocol == "" || listed.IntervalMs <= 0 {
		t.Errorf("the protocol is %q, the interval %d", listed.Protocol, listed.IntervalMs)
	}
	end := "00000000000000000000000000000000"
	for index, shard := range listed.Shards {
		equal(t, "id", shard.ShardId, string(rune('0'+index)))
		equal(t, "state", shard.State, datahub.ACTIVE)
		equal(t, "begin", shard.BeginHashKey, end)
		end = shard.EndHashKey
		if shard.LeftShardId == "" || shard.RightShardId == "" || len(shard.ParentShardIds) > 0 {
			t.Errorf("shard %s has the neighbours %q and %q and the parents %q",
				shard.ShardId, shard.LeftShardId, shard.RightShardId, shard.ParentShardIds)
		}
	}
	equal(t, "end", end, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")
}

func TestSplitAndMerge(t *testing.T) {
	hub := datahub.New(accessID, accessKey, relaxed)
	project, topic := blobTopic(t, hub, 1)
	halves := call(hub.SplitShard(project, topic, "0")).ok(t).NewShards
	equal(t, "number of halves", len(halves), 2)
	equal(t, "first half", halves[0].ShardId+" "+halves[0].EndHashKey, "1 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")
	key := "66666666666666666666666666666666"
	parts := call(hub.SplitShardBySplitKey(project, topic, "1", key)).ok(t).NewShards
	equal(t, "first part", parts[0].ShardId+" "+parts[0].EndHashKey, "3 "+key)
	equal(t, "second part", parts[1].ShardId+" "+parts[1].BeginHashKey, "4 "+key)
	merged := call(hub.MergeShard(project, topic, "2", "4")).ok(t)
	equal(t, "merged", merged.ShardId, "5")
	equal(t, "begin", merged.BeginHashKey, key)
	equal(t, "end", merged.EndHashKey, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")
	found := states(t, hub, project, topic)
	for id, state := range map[string]datahub.ShardState{
		"0": datahub.CLOSED, "1": datahub.CLOSED, "2": datahub.CLOSED,
		"3": datahub.ACTIVE, "4": datahub.CLOSED, "5": datahub.ACTIVE,
	} {
		equal(t, "state of shard "+id, found[id], state)
	}
	for _, shard := range call(hub.ListShard(project, topic)).ok(t).Shards {
		if shard.ShardId == "5" {
			equalTexts(t, "parents", shard.ParentShardIds, []string{"2", "4"})
		}
		if shard.State == datahub.CLOSED && shard.ClosedTime == 0 {
			t.Errorf("shard %s was closed at no time", shard.ShardId)
		}
	}

	sealed := call(hub.SplitShardBySplitKey(project, topic, "0", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"))
	equal(t, "code", refused[*datahub.ShardSealedError](t, sealed).Code, datahub.InvalidShardOperation)
	missing := call(hub.SplitShardBySplitKey(project, topic, "9", key))
	equal(t, "code", refused[*datahub.ResourceNotFoundError](t, missing).Code, datahub.NoSuchShard)
	refused[*datahub.InvalidParameterError](t, call(hub.SplitShardBySplitKey(project, topic, "5", key)))
	refused[*datahub.InvalidParameterError](t, call(hub.MergeShard(project, topic, "3", "3")))
}

func TestYoungShards(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 2)
	for _, outcome := range []error{
		call(hub.SplitShard(project, topic, "0")).err,
		call(hub.MergeShard(project, topic, "0", "1")).err,
	} {
		equal(t, "code", refused[*datahub.LimitExceededError](t, call(0, outcome)).Code, datahub.LimitExceed)
	}
}

func TestExtend(t *testing.T) {
	hub := datahub.New(accessID, accessKey, relaxed)
	project := projectOf(t, hub)
	parameters := &datahub.CreateTopicParameter{
		ShardCount: 1, LifeCycle: 3, Comment: "grows", RecordType: datahub.BLOB, ExpandMode: datahub.ONLY_EXTEND,
	}
	call(hub.CreateTopicWithPara(project, "grows", parameters)).ok(t)
	call(hub.ExtendShard(project, "grows", 4)).ok(t)
	equal(t, "shards", len(states(t, hub, project, "grows")), 4)
	equal(t, "shards", call(hub.GetTopic(project, "grows")).ok(t).ShardCount, 4)
	refused[*datahub.InvalidParameterError](t, call(hub.ExtendShard(project, "grows", 2)))
	if _, err := hub.SplitShardBySplitKey(project, "grows", "0", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"); err == nil {
		t.Error("a shard of a topic that is extended was split")
	}
}
