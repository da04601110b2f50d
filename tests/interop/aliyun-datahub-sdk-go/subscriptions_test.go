package interop

import (
	"slices"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

func TestSubscriptions(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		project, topic := blobTopic(t, hub, 1)
		created := call(hub.CreateSubscription(project, topic, "first")).ok(t)
		equal(t, "status", created.StatusCode, 201)
		subscription := call(hub.GetSubscription(project, topic, created.SubId)).ok(t)
		equal(t, "id", subscription.SubId, created.SubId)
		equal(t, "topic", subscription.TopicName, topic)
		equal(t, "owner", subscription.IsOwner, true)
		equal(t, "type", subscription.Type, datahub.SUBTYPE_USER)
		equal(t, "state", subscription.State, datahub.SUB_ONLINE)
		equal(t, "comment", subscription.Comment, "first")
		if subscription.CreateTime == 0 || subscription.LastModifyTime < subscription.CreateTime {
			t.Errorf("the times are %d and %d", subscription.CreateTime, subscription.LastModifyTime)
		}
		call(hub.UpdateSubscription(project, topic, created.SubId, "changed")).ok(t)
		equal(t, "comment", call(hub.GetSubscription(project, topic, created.SubId)).ok(t).Comment, "changed")
		for _, state := range []datahub.SubscriptionState{datahub.SUB_OFFLINE, datahub.SUB_ONLINE} {
			call(hub.UpdateSubscriptionState(project, topic, created.SubId, state)).ok(t)
			equal(t, "state", call(hub.GetSubscription(project, topic, created.SubId)).ok(t).State, state)
		}

		all := []string{created.SubId}
		for range 2 {
			all = append(all, call(hub.CreateSubscription(project, topic, "another")).ok(t).SubId)
		}
		var listed []string
		for page := 1; page <= 2; page++ {
			found := call(hub.ListSubscription(project, topic, page, 2)).ok(t)
			equal(t, "total", found.TotalCount, 3)
			for _, subscription := range found.Subscriptions {
				listed = append(listed, subscription.SubId)
			}
		}
		slices.Sort(all)
		slices.Sort(listed)
		equalTexts(t, "subscriptions", listed, all)

		call(hub.DeleteSubscription(project, topic, created.SubId)).ok(t)
		for _, err := range []error{
			call(hub.GetSubscription(project, topic, created.SubId)).err,
			call(hub.UpdateSubscription(project, topic, created.SubId, "gone")).err,
			call(hub.DeleteSubscription(project, topic, created.SubId)).err,
			call(hub.OpenSubscriptionSession(project, topic, created.SubId, []string{"0"})).err,
		} {
			missing := refused[*datahub.ResourceNotFoundError](t, call(0, err))
			equal(t, "code", missing.Code, datahub.NoSuchSubscription)
		}
	})
}

// A subscription to a topic of two shards.
type offsets struct {
	*testing.T
	hub                datahub.DataHubApi
	project, topic, id string
}

func offsetsOf(t *testing.T, hub datahub.DataHubApi) offsets {
	t.Helper()
	project, topic := blobTopic(t, hub, 2)
	return offsets{t, hub, project, topic, call(hub.CreateSubscription(project, topic, "a reader")).ok(t).SubId}
}

func (o offsets) open(shards ...string) map[string]datahub.SubscriptionOffset {
	o.Helper()
	return call(o.hub.OpenSubscriptionSession(o.project, o.topic, o.id, shards)).ok(o.T).Offsets
}

func (o offsets) get(shards ...string) map[string]datahub.SubscriptionOffset {
	o.Helper()
	return call(o.hub.GetSubscriptionOffset(o.project, o.topic, o.id, shards)).ok(o.T).Offsets
}

func (o offsets) commit(offsets map[string]datahub.SubscriptionOffset) result[*datahub.CommitSubscriptionOffsetResult] {
	return call(o.hub.CommitSubscriptionOffset(o.project, o.topic, o.id, offsets))
}

func TestOffsets(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		o := offsetsOf(t, hub)
		opened := o.open("0", "1")
		equal(t, "shards", len(opened), 2)
		for _, offset := range opened {
			equal(t, "sequence", offset.Sequence, -1)
			equal(t, "timestamp", offset.Timestamp, -1)
			equal(t, "version", offset.VersionId, 0)
			equal(t, "session", *offset.SessionId, 1)
		}
		one := opened["0"]
		one.Sequence, one.Timestamp = 7, 1_700_000_000_123
		o.commit(map[string]datahub.SubscriptionOffset{"0": one}).ok(t)
		got := o.get()
		equal(t, "shards", len(got), 2)
		equal(t, "sequence", got["0"].Sequence, 7)
		equal(t, "timestamp", got["0"].Timestamp, 1_700_000_000_123)
		equal(t, "sequence", got["1"].Sequence, -1)
		if got["0"].SessionId != nil {
			t.Errorf("there is the session %d", *got["0"].SessionId)
		}
		equal(t, "shards", len(o.get("1")), 1)

		reset := map[string]datahub.SubscriptionOffset{"0": {Sequence: 3, Timestamp: 1_700_000_000_000}}
		call(hub.ResetSubscriptionOffset(o.project, o.topic, o.id, reset)).ok(t)
		reopened := o.open("0")
		equal(t, "sequence", reopened["0"].Sequence, 3)
		equal(t, "version", reopened["0"].VersionId, 1)
		equal(t, "session", *reopened["0"].SessionId, 2)
	})
}

func TestLostSessions(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	o := offsetsOf(t, hub)
	closed := refused[*datahub.SubscriptionSessionInvalidError](t, o.commit(o.get("0")))
	equal(t, "code", closed.Code, datahub.OffsetSessionClosed)
	first := o.open("0")
	second := o.open("0")
	changed := refused[*datahub.SubscriptionSessionInvalidError](t, o.commit(first))
	equal(t, "code", changed.Code, datahub.OffsetSessionChanged)
	o.commit(second).ok(t)
	call(hub.ResetSubscriptionOffset(o.project, o.topic, o.id,
		map[string]datahub.SubscriptionOffset{"0": {Sequence: 0, Timestamp: 0}})).ok(t)
	was := refused[*datahub.SubscriptionOffsetResetError](t, o.commit(second))
	equal(t, "code", was.Code, datahub.OffsetReseted)
	third := o.open("0")
	call(hub.UpdateSubscriptionState(o.project, o.topic, o.id, datahub.SUB_OFFLINE)).ok(t)
	offline := refused[*datahub.SubscriptionOfflineError](t, o.commit(third))
	equal(t, "code", offline.Code, datahub.SubscriptionOffline)
	missing := call(hub.GetSubscriptionOffset(o.project, o.topic, "none", nil))
	equal(t, "code", refused[*datahub.ResourceNotFoundError](t, missing).Code, datahub.NoSuchSubscription)
}
