package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
)

// Longest line in bytes.
const longest = 64 << 20

// line is a record in the form of the matrix.
type line struct {
	Values     []any             `json:"values,omitempty"`
	Data       []byte            `json:"data,omitempty"`
	Attributes map[string]string `json:"attributes"`
}

// lines are records in text.
type lines struct {
	scanner *bufio.Scanner
}

func newLines(input io.Reader) lines {
	scanner := bufio.NewScanner(input)
	scanner.Buffer(nil, longest)
	return lines{scanner}
}

// next reads a record, or gives io.EOF; without a schema it is a blob.
func (l lines) next(schema *datahub.RecordSchema) (datahub.IRecord, error) {
	if !l.scanner.Scan() {
		if err := l.scanner.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	var read line
	if err := json.Unmarshal(l.scanner.Bytes(), &read); err != nil {
		return nil, err
	}
	var record datahub.IRecord
	if schema == nil {
		record = datahub.NewBlobRecord(read.Data)
	} else {
		tuple := datahub.NewTupleRecord(schema)
		if len(read.Values) != schema.Size() {
			return nil, fmt.Errorf("a record has %d values for %d columns", len(read.Values), schema.Size())
		}
		for index, value := range read.Values {
			if err := set(tuple, index, value); err != nil {
				return nil, fmt.Errorf("column %s: %w", schema.Fields[index].Name, err)
			}
		}
		record = tuple
	}
	for key, value := range read.Attributes {
		record.SetAttribute(key, value)
	}
	return record, nil
}

// set gives a column the value that the matrix writes in this form.
func set(record *datahub.TupleRecord, index int, value any) error {
	text, is := value.(string)
	if !is {
		if value == nil {
			return nil
		}
		return record.SetValueByIdx(index, value)
	}
	var err error
	var typed any = text
	switch record.RecordSchema.Fields[index].Type {
	case datahub.TINYINT, datahub.SMALLINT, datahub.INTEGER, datahub.BIGINT, datahub.TIMESTAMP:
		typed, err = strconv.ParseInt(text, 10, 64)
	case datahub.DOUBLE:
		typed, err = strconv.ParseFloat(text, 64)
	case datahub.FLOAT:
		var number float64
		number, err = strconv.ParseFloat(text, 32)
		typed = float32(number)
	}
	if err != nil {
		return err
	}
	return record.SetValueByIdx(index, typed)
}

func writeLine(output io.Writer, record datahub.IRecord) error {
	written := line{Attributes: record.GetAttributes()}
	if written.Attributes == nil {
		written.Attributes = map[string]string{}
	}
	var text []byte
	var err error
	if tuple, is := record.(*datahub.TupleRecord); is {
		for _, value := range tuple.Values {
			written.Values = append(written.Values, shown(value))
		}
		text, err = json.Marshal(written)
	} else {
		// Also when it is empty.
		text, err = json.Marshal(map[string]any{"data": record.GetData(), "attributes": written.Attributes})
	}
	if err != nil {
		return err
	}
	_, err = output.Write(append(text, '\n'))
	return err
}

// shown is the form of the matrix for a value.
func shown(value datahub.DataType) any {
	switch known := value.(type) {
	case nil:
		return nil
	case datahub.Boolean:
		return bool(known)
	case datahub.Float:
		return number(float64(known), 32)
	case datahub.Double:
		return number(float64(known), 64)
	}
	return value.String()
}

func number(value float64, bits int) string {
	switch {
	case math.IsNaN(value):
		return "nan"
	case math.IsInf(value, 1):
		return "inf"
	case math.IsInf(value, -1):
		return "-inf"
	}
	return strconv.FormatFloat(value, 'g', -1, bits)
}
