// The side of the official client for Go in a comparison with hubstream. It is told what to do by lines on the standard
// input and answers each with a line, see ../../../bench/go.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
	"github.com/sirupsen/logrus"
)

// bench has the records of both kinds.
type bench struct {
	rows  [][]any
	blobs [][]byte
}

func main() {
	logrus.SetOutput(os.Stderr)
	var b bench
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		answer, err := b.answer(strings.Fields(commands.Text()))
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		fmt.Println(answer)
	}
}

// answer does what a line says:
//
//	rows TUPLES BLOBS            reads the records
//	put CASE FILE                writes the body of a put, and tells its size before compression
//	get CASE FILE SIZE LINES     reads the body of a reply and writes its records
//	time CASE [FILE SIZE]        tells the CPU time per record in nanoseconds
//	make CASE                    tells the same for a put whose records have to be made first
func (b *bench) answer(words []string) (string, error) {
	if len(words) == 3 && words[0] == "rows" {
		return "ok", b.load(words[1], words[2])
	}
	if len(words) < 2 {
		return "", fmt.Errorf("there is no command %q", words)
	}
	side, err := newSide(words[1])
	if err != nil {
		return "", err
	}
	switch {
	case words[0] == "put" && len(words) == 3:
		if err := side.put(b.records(side)); err != nil {
			return "", err
		}
		return side.transport.rawSize(), os.WriteFile(words[2], side.transport.sent, 0o600)
	case words[0] == "get" && len(words) == 5:
		if err := side.reply(words[2], words[3]); err != nil {
			return "", err
		}
		records, err := side.get()
		if err != nil {
			return "", err
		}
		return "ok", save(words[4], records)
	case words[0] == "time" && len(words) == 4:
		if err := side.reply(words[2], words[3]); err != nil {
			return "", err
		}
		return perRecord(func() error {
			records, err := side.get()
			touch(records)
			return err
		})
	case words[0] == "time" && len(words) == 2:
		records := b.records(side)
		return perRecord(func() error { return side.put(records) })
	case words[0] == "make" && len(words) == 2:
		return perRecord(func() error { return side.put(b.records(side)) })
	}
	return "", fmt.Errorf("there is no command %q", words)
}

// records makes the records of a case as a program does.
func (b *bench) records(s *side) []datahub.IRecord {
	if !s.tuples {
		records := make([]datahub.IRecord, 0, len(b.blobs))
		for _, blob := range b.blobs {
			records = append(records, datahub.NewBlobRecord(blob))
		}
		return records
	}
	records := make([]datahub.IRecord, 0, len(b.rows))
	for _, row := range b.rows {
		record := datahub.NewTupleRecord(s.schema)
		for index, value := range row {
			if err := record.SetValueByIdx(index, value); err != nil {
				panic(err)
			}
		}
		records = append(records, record)
	}
	return records
}
