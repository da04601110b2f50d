// The official client for Go as a participant of the read matrix, see ../../matrix/README.md.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
	"github.com/sirupsen/logrus"
)

// Where records are written and read.
const shard = "0"

// Most records of one request.
const chunk = 100

// participant is a client and the topic that it works with.
type participant struct {
	datahub.DataHubApi
	project, topic string
	schema         *datahub.RecordSchema
	json           bool
}

func main() {
	logrus.SetOutput(os.Stderr)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) != 5 {
		return fmt.Errorf("usage: write|read ENDPOINT PROJECT TOPIC PROTOCOL")
	}
	hub, err := connect(words[1], words[4])
	if err != nil {
		return err
	}
	topic, err := hub.GetTopic(words[2], words[3])
	if err != nil {
		return err
	}
	p := participant{hub, words[2], words[3], topic.RecordSchema, words[4] == "json"}
	switch words[0] {
	case "write":
		return p.write(os.Stdin)
	case "read":
		return p.read(os.Stdout)
	}
	return fmt.Errorf("there is no command %q", words[0])
}

// connect makes a client with the compression that it chooses itself.
func connect(endpoint, protocol string) (datahub.DataHubApi, error) {
	config := datahub.NewDefaultConfig()
	account := datahub.NewAliyunAccount(os.Getenv("DATAHUB_ACCESS_ID"), os.Getenv("DATAHUB_ACCESS_KEY"))
	switch protocol {
	case "json":
		rest := datahub.NewRestClient(endpoint, config.UserAgent, config.HttpClient, account,
			config.CompressorType, datahub.Protobuf)
		return &datahub.DataHub{Client: rest}, nil
	case "pb":
		config.Protocol = datahub.Protobuf
	case "batch", "batch1":
		config.Protocol = datahub.Batch
	default:
		return nil, fmt.Errorf("the client has no protocol %q", protocol)
	}
	return datahub.NewClientWithConfig(endpoint, config, account), nil
}

func (p participant) write(input io.Reader) error {
	lines := newLines(input)
	for {
		var records []datahub.IRecord
		for len(records) < chunk {
			record, err := lines.next(p.schema)
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		if len(records) == 0 {
			return nil
		}
		if err := p.put(records); err != nil {
			return err
		}
	}
}

func (p participant) put(records []datahub.IRecord) error {
	if !p.json {
		_, err := p.PutRecordsByShard(p.project, p.topic, shard, records)
		return err
	}
	for _, record := range records {
		record.SetShardId(shard)
	}
	put, err := p.PutRecords(p.project, p.topic, records)
	if err == nil && put.FailedRecordCount > 0 {
		err = fmt.Errorf("%d records failed: %v", put.FailedRecordCount, put.FailedRecords)
	}
	return err
}

func (p participant) read(output io.Writer) error {
	cursor, err := p.GetCursor(p.project, p.topic, shard, datahub.OLDEST)
	if err != nil {
		return err
	}
	for next := cursor.Cursor; ; {
		var got *datahub.GetRecordsResult
		if p.schema == nil {
			got, err = p.GetBlobRecords(p.project, p.topic, shard, next, chunk)
		} else {
			got, err = p.GetTupleRecords(p.project, p.topic, shard, next, chunk, p.schema)
		}
		if err != nil {
			return err
		}
		if got.RecordCount == 0 {
			return nil
		}
		for _, record := range got.Records {
			if err := writeLine(output, record); err != nil {
				return err
			}
		}
		next = got.NextCursor
	}
}
