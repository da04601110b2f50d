package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
	"github.com/shopspring/decimal"
)

// Records of one request.
const count = 1000

// One sample takes about this long.
const sample = 50 * time.Millisecond

// line is a record as both sides write it, whose numbers are texts.
type line struct {
	Values []any  `json:"values,omitempty"`
	Data   []byte `json:"data,omitempty"`
}

// load reads the records of both kinds.
func (b *bench) load(tuples, blobs string) error {
	err := each(tuples, func(read line) error {
		row, err := typed(read.Values)
		b.rows = append(b.rows, row)
		return err
	})
	if err != nil {
		return err
	}
	return each(blobs, func(read line) error {
		b.blobs = append(b.blobs, read.Data)
		return nil
	})
}

func each(path string, use func(line) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		var read line
		if err := json.Unmarshal(scanner.Bytes(), &read); err != nil {
			return err
		}
		if err := use(read); err != nil {
			return err
		}
	}
	return scanner.Err()
}

// typed gives the values of a row the types that a program has them in.
func typed(texts []any) ([]any, error) {
	if len(texts) != len(columns) {
		return nil, fmt.Errorf("a row has %d values", len(texts))
	}
	row := make([]any, len(texts))
	for index, column := range columns {
		text, _ := texts[index].(string)
		var err error
		switch column.Type {
		case datahub.BIGINT, datahub.TIMESTAMP:
			row[index], err = strconv.ParseInt(text, 10, 64)
		case datahub.DOUBLE:
			row[index], err = strconv.ParseFloat(text, 64)
		case datahub.DECIMAL:
			row[index], err = decimal.NewFromString(text)
		default:
			row[index] = texts[index]
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}

// save writes records as lines.
func save(path string, records []datahub.IRecord) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	encoder := json.NewEncoder(file)
	for _, record := range records {
		var written line
		if tuple, is := record.(*datahub.TupleRecord); is {
			for _, value := range tuple.Values {
				if known, is := value.(datahub.Boolean); is {
					written.Values = append(written.Values, bool(known))
				} else {
					written.Values = append(written.Values, value.String())
				}
			}
		} else {
			written.Data, _ = record.GetData().([]byte)
		}
		if err := encoder.Encode(written); err != nil {
			return err
		}
	}
	return nil
}

// Where values go that are only looked at.
var seen int

// touch looks at every value.
func touch(records []datahub.IRecord) {
	for _, record := range records {
		switch known := record.(type) {
		case *datahub.TupleRecord:
			for _, value := range known.Values {
				if value != nil {
					seen++
				}
			}
		case *datahub.BlobRecord:
			seen += len(known.RawData)
		}
	}
}

// perRecord measures the CPU time of the process for one record of a call, in nanoseconds: one sample, what the
// collector of garbage does meanwhile included.
func perRecord(work func() error) (string, error) {
	var once time.Duration
	for range 3 {
		start := spent()
		if err := work(); err != nil {
			return "", err
		}
		once = spent() - start
	}
	times := max(int(sample/max(once, time.Microsecond)), 1)
	runtime.GC()
	start := spent()
	for range times {
		if err := work(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%.2f", float64(spent()-start)/float64(times)/count), nil
}

// spent is the CPU time of the process so far.
func spent() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
