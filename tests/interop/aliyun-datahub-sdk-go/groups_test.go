package interop

import (
	"fmt"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// A consumer group over a topic.
type group struct {
	*testing.T
	hub                datahub.DataHubApi
	project, topic, id string
}

func groupOf(t *testing.T, hub datahub.DataHubApi, shards int) group {
	t.Helper()
	project, topic := blobTopic(t, hub, shards)
	return group{t, hub, project, topic, call(hub.CreateSubscription(project, topic, "a group")).ok(t).SubId}
}

func (g group) join(timeout int64) *datahub.JoinGroupResult {
	g.Helper()
	joined := call(g.hub.JoinGroup(g.project, g.topic, g.id, timeout)).ok(g.T)
	equal(g.T, "timeout", joined.SessionTimeout, timeout)
	return joined
}

func (g group) heartbeat(member *datahub.JoinGroupResult, held, finished []string) result[*datahub.HeartbeatResult] {
	return call(g.hub.Heartbeat(g.project, g.topic, g.id, member.ConsumerId, member.VersionId, held, finished))
}

// assigned are the shards that a heartbeat tells a member to hold.
func (g group) assigned(member *datahub.JoinGroupResult, held []string, want ...string) {
	g.Helper()
	equalTexts(g.T, "plan of "+member.ConsumerId, g.heartbeat(member, held, nil).ok(g.T).ShardList, want)
}

func (g group) sync(member *datahub.JoinGroupResult, released, finished []string) result[*datahub.SyncGroupResult] {
	return call(g.hub.SyncGroup(g.project, g.topic, g.id, member.ConsumerId, member.VersionId, released, finished))
}

func (g group) leave(member *datahub.JoinGroupResult) result[*datahub.LeaveGroupResult] {
	return call(g.hub.LeaveGroup(g.project, g.topic, g.id, member.ConsumerId, member.VersionId))
}

func TestGroup(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		g := groupOf(t, hub, 3)
		one := g.join(60_000)
		g.assigned(one, nil, "0", "1", "2")
		two := g.join(60_000)
		if one.ConsumerId == two.ConsumerId {
			t.Errorf("both consumers are %s", one.ConsumerId)
		}
		g.assigned(two, nil)
		g.assigned(one, []string{"0", "1", "2"}, "0", "1")
		g.assigned(two, nil)
		// The SDK does not sync without shards of both kinds; one that is not closed cannot have been read to its end.
		g.sync(one, []string{"2"}, []string{"1"}).ok(t)
		g.assigned(two, nil, "2")
		g.leave(one).ok(t)
		g.assigned(two, []string{"2"}, "0", "1", "2")
		for _, err := range []error{
			g.heartbeat(one, nil, nil).err,
			g.sync(one, []string{"0"}, []string{"0"}).err,
			g.leave(one).err,
		} {
			gone := refused[*datahub.ResourceNotFoundError](t, call(0, err))
			equal(t, "code", gone.Code, datahub.NoSuchConsumer)
		}
		g.leave(two).ok(t)
	})
}

func TestGroupOfASplitShard(t *testing.T) {
	hub := datahub.New(accessID, accessKey, relaxed)
	g := groupOf(t, hub, 1)
	member := g.join(60_000)
	g.assigned(member, nil, "0")
	call(hub.SplitShard(g.project, g.topic, "0")).ok(t)
	g.assigned(member, []string{"0"}, "0")
	after := g.heartbeat(member, []string{"0"}, []string{"0"}).ok(t)
	equalTexts(t, "plan", after.ShardList, []string{"1", "2"})
	g.sync(member, []string{"1"}, []string{"0"}).ok(t)
	g.leave(member).ok(t)
}

func TestGroupErrors(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	g := groupOf(t, hub, 1)
	missing := call(hub.JoinGroup(g.project, g.topic, "none", 60_000))
	equal(t, "code", refused[*datahub.ResourceNotFoundError](t, missing).Code, datahub.NoSuchSubscription)
	member := g.join(60_000)
	g.assigned(member, nil, "0")
	call(hub.ResetSubscriptionOffset(g.project, g.topic, g.id,
		map[string]datahub.SubscriptionOffset{"0": {Sequence: 0, Timestamp: 0}})).ok(t)
	refused[*datahub.SubscriptionOffsetResetError](t, g.heartbeat(member, []string{"0"}, nil))
	g.leave(member).ok(t)
	member = g.join(60_000)
	call(hub.UpdateSubscriptionState(g.project, g.topic, g.id, datahub.SUB_OFFLINE)).ok(t)
	refused[*datahub.SubscriptionOfflineError](t, g.heartbeat(member, nil, nil))
	refused[*datahub.SubscriptionOfflineError](t, call(hub.JoinGroup(g.project, g.topic, g.id, 60_000)))
}

// What one member of a group has read, another goes on after.
func TestGroupOffsets(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	g := groupOf(t, hub, 1)
	writer{connect(endpoint, datahub.Protobuf, datahub.ZSTD), true}.put(t, g.project, g.topic, "0", blobs())
	o := offsets{t, hub, g.project, g.topic, g.id}
	var read []datahub.IRecord
	for _, limit := range []int{2, 10} {
		member := g.join(60_000)
		g.assigned(member, nil, "0")
		offset := o.open("0")["0"]
		cursor := call(hub.GetCursor(g.project, g.topic, "0", datahub.SEQUENCE, offset.Sequence+1)).ok(t).Cursor
		for _, record := range get(t, hub, g.project, g.topic, "0", cursor, limit, nil).Records {
			read = append(read, record)
			offset.Sequence, offset.Timestamp = record.GetSequence(), record.GetSystemTime()
		}
		o.commit(map[string]datahub.SubscriptionOffset{"0": offset}).ok(t)
		g.leave(member).ok(t)
	}
	same(t, read, blobs())
	equal(t, "offset", fmt.Sprint(o.get("0")["0"].Sequence), "4")
}
