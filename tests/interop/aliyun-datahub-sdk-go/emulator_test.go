package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
	"github.com/sirupsen/logrus"
)

const (
	accessID  = "interop-id"
	accessKey = "interop-key"
)

// Endpoints of the two emulators that all tests share.
var (
	endpoint string
	// Its shards may be split and merged at once.
	relaxed string
)

// process is an emulator that serves DataHub on a free port.
type process struct {
	command *exec.Cmd
	url     string
}

func start(arguments ...string) (*process, error) {
	words := strings.Fields(os.Getenv("HUBSTREAM_EMULATOR"))
	if len(words) == 0 {
		return nil, fmt.Errorf("HUBSTREAM_EMULATOR does not name the command that starts the emulator")
	}
	words = append(words, "--datahub", "127.0.0.1:0", "--access-id", accessID, "--access-key", accessKey)
	words = append(words, arguments...)
	command := exec.Command(words[0], words[1:]...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the emulator did not start: %w", err)
	}
	var ready struct{ Datahub string }
	if err := json.Unmarshal(line, &ready); err != nil {
		return nil, err
	}
	return &process{command, ready.Datahub}, nil
}

// stop asks the emulator to end, which it must do cleanly.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.command.Wait()
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	logrus.SetLevel(logrus.PanicLevel)
	for _, one := range []struct {
		url       *string
		arguments []string
	}{{&endpoint, nil}, {&relaxed, []string{"--limits", "relaxed"}}} {
		emulator, err := start(one.arguments...)
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			return 1
		}
		defer func() {
			if err := emulator.stop(); err != nil {
				fmt.Fprintln(os.Stderr, "error: the emulator ended badly:", err)
				code = 1
			}
		}()
		*one.url = emulator.url
	}
	return m.Run()
}

// result is what a call of the SDK returned.
type result[T any] struct {
	value T
	err   error
}

func call[T any](value T, err error) result[T] {
	return result[T]{value, err}
}

// ok gives the value of a call that must succeed.
func (r result[T]) ok(t *testing.T) T {
	t.Helper()
	if r.err != nil {
		t.Fatalf("the call failed: %v", r.err)
	}
	return r.value
}

// refused gives the error of a call that must fail with one of a type.
func refused[E error, T any](t *testing.T, outcome result[T]) E {
	t.Helper()
	if outcome.err == nil {
		t.Fatalf("the call succeeded: %+v", outcome.value)
	}
	err, matches := outcome.err.(E)
	if !matches {
		t.Fatalf("the call failed with %T: %v", outcome.err, outcome.err)
	}
	return err
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func equalTexts(t *testing.T, what string, got, want []string) {
	t.Helper()
	equal(t, what, fmt.Sprintf("%q", got), fmt.Sprintf("%q", want))
}

func account() datahub.Account {
	return datahub.NewAliyunAccount(accessID, accessKey)
}

// connect makes a client of a protocol; requests are compressed with codec, in batches or as HTTP bodies.
func connect(url string, protocol datahub.Protocol, codec datahub.CompressorType) datahub.DataHubApi {
	config := datahub.NewDefaultConfig()
	config.Protocol = protocol
	config.CompressorType = codec
	return datahub.NewClientWithConfig(url, config, account())
}

// connectJSON makes a client that puts and gets records in JSON, which the SDK has no constructor for.
func connectJSON(url string, codec datahub.CompressorType) datahub.DataHubApi {
	agent := datahub.DefaultUserAgent()
	rest := datahub.NewRestClient(url, agent, datahub.DefaultHttpClient(), account(), codec, datahub.Protobuf)
	return &datahub.DataHub{Client: rest}
}

var codecs = map[string]datahub.CompressorType{
	"plain":   datahub.NOCOMPRESS,
	"lz4":     datahub.LZ4,
	"deflate": datahub.DEFLATE,
	"zlib":    datahub.ZLIB,
	"zstd":    datahub.ZSTD,
}

// clients are those of every protocol with every compression. The SDK's batches with ZLIB say that they are not compressed,
// so that nobody can read them.
func clients(url string) map[string]datahub.DataHubApi {
	made := map[string]datahub.DataHubApi{"default": datahub.New(accessID, accessKey, url)}
	for name, codec := range codecs {
		made["json/"+name] = connectJSON(url, codec)
		made["protobuf/"+name] = connect(url, datahub.Protobuf, codec)
		if codec != datahub.ZLIB {
			made["batch/"+name] = connect(url, datahub.Batch, codec)
		}
	}
	return made
}

// withEach runs a test with the client of every protocol and compression.
func withEach(t *testing.T, test func(*testing.T, datahub.DataHubApi)) {
	for name, hub := range clients(endpoint) {
		t.Run(name, func(t *testing.T) { test(t, hub) })
	}
}

var names atomic.Int64

// fresh makes a name that nothing else has.
func fresh() string {
	return fmt.Sprintf("n%d_%d", names.Add(1), os.Getpid())
}

// projectOf makes a project, which is deleted after the test with all that is in it.
func projectOf(t *testing.T, hub datahub.DataHubApi) string {
	t.Helper()
	name := fresh()
	call(hub.CreateProject(name, "a test")).ok(t)
	t.Cleanup(func() {
		for _, topic := range call(hub.ListTopic(name)).ok(t).TopicNames {
			call(hub.DeleteTopic(name, topic)).ok(t)
		}
		call(hub.DeleteProject(name)).ok(t)
	})
	return name
}

// blobTopic makes a project with a topic of blobs.
func blobTopic(t *testing.T, hub datahub.DataHubApi, shards int) (project, topic string) {
	t.Helper()
	project, topic = projectOf(t, hub), "blobs"
	call(hub.CreateBlobTopic(project, topic, "blobs", shards, 3)).ok(t)
	return project, topic
}

// tupleTopic makes a project with a topic of tuples.
func tupleTopic(t *testing.T, hub datahub.DataHubApi, shards int, schema *datahub.RecordSchema) (project, topic string) {
	t.Helper()
	project, topic = projectOf(t, hub), "tuples"
	call(hub.CreateTupleTopic(project, topic, "tuples", shards, 3, schema)).ok(t)
	return project, topic
}

func schemaOf(t *testing.T, fields ...*datahub.Field) *datahub.RecordSchema {
	t.Helper()
	schema := datahub.NewRecordSchema()
	for _, field := range fields {
		if err := schema.AddField(*field); err != nil {
			t.Fatal(err)
		}
	}
	return schema
}
