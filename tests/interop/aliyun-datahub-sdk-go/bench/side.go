package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// The columns of the tuples.
var columns = []*datahub.Field{
	datahub.NewField("id", datahub.BIGINT),
	datahub.NewField("price", datahub.DOUBLE),
	datahub.NewField("paid", datahub.BOOLEAN),
	datahub.NewField("at", datahub.TIMESTAMP),
	datahub.NewField("amount", datahub.DECIMAL),
	datahub.NewField("host", datahub.STRING),
	datahub.NewField("path", datahub.STRING),
	datahub.NewField("agent", datahub.STRING),
	datahub.NewField("referrer", datahub.STRING),
	datahub.NewField("message", datahub.STRING),
}

// side is a client for one case, whose requests are answered at once.
type side struct {
	hub       datahub.DataHubApi
	transport *transport
	schema    *datahub.RecordSchema
	tuples    bool
	topic     string
}

// transport answers without a network: it keeps what is put and gives a reply that was made before to every get.
type transport struct {
	schema string
	sent   []byte
	header http.Header
	reply  []byte
	got    http.Header
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: request, Body: http.NoBody}
	if request.Method == http.MethodGet {
		body, err := json.Marshal(map[string]any{"RecordType": t.recordType(), "RecordSchema": t.schema})
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, err
	}
	if request.Header.Get("x-datahub-request-action") == "sub" {
		response.Header = t.got
		response.Body = io.NopCloser(bytes.NewReader(t.reply))
		return response, nil
	}
	// Read in place: a buffer gives its bytes away without a copy.
	t.header = request.Header
	var kept kept
	_, err := io.Copy(&kept, request.Body)
	t.sent = kept
	return response, err
}

func (t *transport) recordType() datahub.RecordType {
	if t.schema == "" {
		return datahub.BLOB
	}
	return datahub.TUPLE
}

// rawSize is the size of the last put before its body was compressed; 0 if it was not.
func (t *transport) rawSize() string {
	if size := t.header.Get("x-datahub-content-raw-size"); size != "" {
		return size
	}
	return "0"
}

// kept is what was written last.
type kept []byte

func (k *kept) Write(text []byte) (int, error) {
	*k = text
	return len(text), nil
}

// newSide makes the client of a case, as in batch1-encode-tuple-lz4.
func newSide(name string) (*side, error) {
	words := strings.Split(name, "-")
	if len(words) != 4 {
		return nil, fmt.Errorf("there is no case %s", name)
	}
	config := datahub.NewDefaultConfig()
	switch words[0] {
	case "batch1":
		config.Protocol = datahub.Batch
	case "protobuf":
		config.Protocol = datahub.Protobuf
	default:
		return nil, fmt.Errorf("the client has no protocol %s", words[0])
	}
	config.CompressorType = datahub.CompressorType(words[3])
	if words[3] == "none" {
		config.CompressorType = datahub.NOCOMPRESS
	}
	s := &side{transport: &transport{got: http.Header{}}, topic: words[2], tuples: words[2] == "tuple"}
	if s.tuples {
		s.schema = datahub.NewRecordSchema()
		for _, column := range columns {
			if err := s.schema.AddField(*column); err != nil {
				return nil, err
			}
		}
		s.transport.schema = s.schema.String()
	}
	config.HttpClient = &http.Client{Transport: s.transport}
	account := datahub.NewAliyunAccount("id", "key")
	s.hub = datahub.NewClientWithConfig("http://datahub.example", config, account)
	return s, nil
}

func (s *side) put(records []datahub.IRecord) error {
	_, err := s.hub.PutRecordsByShard("bench", s.topic, "0", records)
	return err
}

// reply takes the body that every get is answered with, and its size before compression.
func (s *side) reply(path, rawSize string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.transport.reply = body
	if rawSize != fmt.Sprint(len(body)) {
		s.transport.got.Set("Content-Encoding", "lz4")
		s.transport.got.Set("x-datahub-content-raw-size", rawSize)
	}
	return nil
}

func (s *side) get() ([]datahub.IRecord, error) {
	var got *datahub.GetRecordsResult
	var err error
	if s.tuples {
		got, err = s.hub.GetTupleRecords("bench", s.topic, "0", "a cursor", 1000, s.schema)
	} else {
		got, err = s.hub.GetBlobRecords("bench", s.topic, "0", "a cursor", 1000)
	}
	if err != nil {
		return nil, err
	}
	return got.Records, nil
}
