package interop

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// fault makes something go wrong with an operation `count` times.
func fault(t *testing.T, operation string, effect any, when string, count int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"faults": []any{
		map[string]any{"operation": operation, "effect": effect, "when": when, "count": count},
	}})
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, body string) {
		request, err := http.NewRequest(method, endpoint+"/_hubstream/faults", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		reply := call(http.DefaultClient.Do(request)).ok(t)
		if err := reply.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if reply.StatusCode >= 300 {
			t.Fatalf("%s of faults gives %s", method, reply.Status)
		}
	}
	send(http.MethodPut, string(body))
	t.Cleanup(func() { send(http.MethodDelete, "") })
}

// Every error code that the SDK knows becomes the type that it has for it.
func TestErrorTypes(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	for want, codes := range map[error][]string{
		&datahub.InvalidParameterError{}: {datahub.InvalidParameter, datahub.InvalidSubscription, datahub.InvalidCursor},
		&datahub.ResourceNotFoundError{}: {
			datahub.ResourceNotFound, datahub.NoSuchTopic, datahub.NoSuchProject, datahub.NoSuchSubscription,
			datahub.NoSuchShard, datahub.NoSuchConnector, datahub.NoSuchMeterInfo, datahub.NoSuchConsumer,
		},
		&datahub.SeekOutOfRangeError{}: {datahub.SeekOutOfRange},
		&datahub.ResourceExistError{}: {
			datahub.ResourceAlreadyExist, datahub.ProjectAlreadyExist, datahub.TopicAlreadyExist,
			datahub.ConnectorAlreadyExist,
		},
		&datahub.AuthorizationFailedError{}:        {datahub.UnAuthorized},
		&datahub.NoPermissionError{}:               {datahub.NoPermission},
		&datahub.InvalidOperationError{}:           {datahub.OperatorDenied},
		&datahub.LimitExceededError{}:              {datahub.LimitExceed},
		&datahub.SubscriptionOfflineError{}:        {datahub.SubscriptionOffline},
		&datahub.SubscriptionOffsetResetError{}:    {datahub.OffsetReseted},
		&datahub.SubscriptionSessionInvalidError{}: {datahub.OffsetSessionClosed, datahub.OffsetSessionChanged},
		&datahub.MalformedRecordError{}:            {datahub.MalformedRecord},
		&datahub.ServiceInProcessError{}:           {datahub.ConsumerGroupInProcess},
		&datahub.ShardSealedError{}:                {datahub.InvalidShardOperation},
		&datahub.DatahubError{}:                    {"InternalServerError"},
	} {
		for _, code := range codes {
			effect := map[string]any{"status": 418, "code": code, "message": "as asked for"}
			fault(t, "ListProject", map[string]any{"error": effect}, "before", 1)
			_, err := hub.ListProject()
			equal(t, "type of "+code, reflect.TypeOf(err), reflect.TypeOf(want))
			if err == nil || !strings.Contains(err.Error(), "HttpCode: 418") ||
				!strings.Contains(err.Error(), "ErrMsg: as asked for") {
				t.Errorf("%s gives %v", code, err)
			}
		}
	}
	fault(t, "ListProject", map[string]any{"throttle": true}, "before", 1)
	if _, err := hub.ListProject(); !datahub.IsLimitExceedError(err) {
		t.Errorf("too many requests give %v", err)
	}
	fault(t, "ListProject", "drop", "before", 1)
	// A connection that was not used before, whose requests are not sent again by Go itself.
	if _, err := datahub.New(accessID, accessKey, endpoint).ListProject(); !datahub.IsNetworkError(err) {
		t.Errorf("a closed connection gives %v", err)
	}
}

func TestDamagedReplies(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, topic := blobTopic(t, hub, 1)
	writer{hub, true}.put(t, project, topic, "0", blobs())
	for name, reader := range readers(endpoint) {
		cursor := call(reader.GetCursor(project, topic, "0", datahub.OLDEST)).ok(t).Cursor
		effects := []any{"half"}
		if name != "json" {
			effects = append(effects, "corrupt_crc")
		}
		for _, effect := range effects {
			fault(t, "GetBlobRecords", effect, "after", 1)
			if got, err := reader.GetBlobRecords(project, topic, "0", cursor, 10); err == nil {
				t.Errorf("%s over %s gives %d records", effect, name, got.RecordCount)
			}
			equal(t, "records", get(t, reader, project, topic, "0", cursor, 10, nil).RecordCount, 5)
		}
	}
}
