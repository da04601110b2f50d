package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.CompressType;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.GetRecordsResult;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Records in every protocol with every compression. */
class RecordTest extends InteropTest {
    static Stream<Arguments> connections() {
        return Stream.of(Protocol.values())
                .flatMap(protocol -> Stream.of(CompressType.values())
                        .filter(compression -> protocol.ordinal() < Protocol.BATCH.ordinal()
                                || compression != CompressType.NONE)
                        .map(compression -> Arguments.of(protocol, compression)));
    }

    /** Clients of the protocols that every client reads. */
    private Map<Protocol, DatahubClient> readers() {
        return Stream.of(Protocol.values())
                .collect(Collectors.toMap(protocol -> protocol, protocol -> protocol.connect(home().url, new HttpConfig())));
    }

    private static Map<String, String> attributes(Protocol protocol) {
        return protocol.ordinal() < Protocol.BATCH.ordinal() ? Rows.WIDE_ATTRIBUTES : Rows.ATTRIBUTES;
    }

    private void put(Protocol protocol, DatahubClient writer, List<RecordEntry> records) {
        if (protocol.ordinal() < Protocol.BATCH.ordinal()) {
            assertEquals(0, writer.putRecords(project, "t", records).getFailedRecordCount());
        } else {
            writer.putRecordsByShard(project, "t", "0", records);
        }
    }

    private List<RecordEntry> readAll(DatahubClient reader, RecordSchema schema) {
        String cursor = client.getCursor(project, "t", "0", CursorType.OLDEST).getCursor();
        List<RecordEntry> records = new ArrayList<>();
        while (true) {
            GetRecordsResult got = schema == null
                    ? reader.getRecords(project, "t", "0", cursor, 1000)
                    : reader.getRecords(project, "t", "0", schema, cursor, 1000);
            if (got.getRecordCount() == 0) {
                return records;
            }
            records.addAll(got.getRecords());
            cursor = got.getNextCursor();
        }
    }

    @ParameterizedTest
    @MethodSource("connections")
    void tuplesComeBack(Protocol protocol, CompressType compression) {
        createTupleTopic("t", 1, Rows.SCHEMA);
        Map<String, String> attributes = attributes(protocol);
        put(protocol, protocol.connect(home().url, compression), Rows.tuples(attributes));
        readers().forEach((read, reader) -> {
            List<RecordEntry> got = readAll(reader, Rows.SCHEMA);
            assertEquals(Rows.ALL, got.stream().map(Rows::values).toList(), () -> "read in " + read);
            if (attributes == Rows.ATTRIBUTES) {
                got.forEach(record -> assertEquals(attributes, record.getAttributes(), () -> "read in " + read));
            }
        });
        DatahubClient reader = protocol.connect(home().url, compression);
        for (RecordEntry record : readAll(reader, Rows.SCHEMA)) {
            assertEquals("0", record.getShardId());
            assertTrue(Math.abs(System.currentTimeMillis() - record.getSystemTime()) < 60_000);
        }
    }

    @ParameterizedTest
    @MethodSource("connections")
    void blobsComeBack(Protocol protocol, CompressType compression) {
        createBlobTopic("t", 1);
        put(protocol, protocol.connect(home().url, compression), Rows.blobs(Rows.ATTRIBUTES));
        readers().forEach((read, reader) -> {
            List<RecordEntry> got = readAll(reader, null);
            assertEquals(Rows.BLOBS.size(), got.size(), () -> "read in " + read);
            for (int index = 0; index < got.size(); index++) {
                assertArrayEquals(Rows.BLOBS.get(index), Rows.bytes(got.get(index)), () -> "read in " + read);
                assertEquals(Rows.ATTRIBUTES, got.get(index).getAttributes(), () -> "read in " + read);
            }
        });
    }

    @Test
    void attributesOfAnyTextComeBackOutsideBatches() {
        createBlobTopic("t", 1);
        for (Protocol protocol : List.of(Protocol.JSON, Protocol.PROTOBUF)) {
            DatahubClient both = protocol.connect(home().url, new HttpConfig());
            both.putRecords(project, "t", Rows.blobs(Rows.WIDE_ATTRIBUTES));
            readAll(both, null).forEach(got -> assertEquals(Rows.WIDE_ATTRIBUTES, got.getAttributes()));
        }
    }

    @Test
    void positionsCountRecordsAndBatches() {
        createBlobTopic("t", 1);
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        DatahubClient batch = Protocol.BATCH.connect(home().url, CompressType.LZ4);
        batch.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()).subList(0, 1));
        List<RecordEntry> got = readAll(client, null);
        List<Long> sequences = got.stream().map(RecordEntry::getSequence).toList();
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 4L, 4L, 4L, 5L), sequences);
        assertEquals(List.of(0L, 1L, 2L, 3L), got.subList(4, 8).stream().map(RecordEntry::getSerial).toList());
        List<RecordEntry> inBatch = readAll(batch, null).subList(4, 8);
        assertEquals(List.of(0, 1, 2, 3), inBatch.stream().map(RecordEntry::getSegmentIndexForBatch).toList());
        inBatch.forEach(record -> assertEquals(4, record.getSegmentSizeForBatch()));
        GetRecordsResult first = client.getRecords(project, "t", "0", got.get(0).getNextCursor(), 2);
        assertEquals(1, first.getStartSequence());
        assertEquals(2, first.getRecordCount());
        assertEquals(5, first.getLatestSequence());
        assertTrue(first.getLatestTime() > 0);
    }

    @Test
    void anEmptyShardHasNoRecords() {
        createBlobTopic("t", 1);
        readers().values().forEach(reader -> assertEquals(List.of(), readAll(reader, null)));
    }

    @Test
    void jsonHasNoPutToAShard() {
        createBlobTopic("t", 1);
        DatahubClient json = Protocol.JSON.connect(home().url, new HttpConfig());
        assertThrows(
                DatahubClientException.class,
                () -> json.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of())));
    }

    @Test
    void aCallIsRepeatedAsOftenAsTheClientSays() throws Exception {
        createBlobTopic("t", 1);
        HttpConfig http = new HttpConfig().setMaxRetryCount(3).setRetryIntervalMs(1);
        DatahubClient patient = Protocol.PROTOBUF.connect(home().url, http);
        try {
            home().setFaults("[{\"operation\": \"GetTopic\", \"effect\": {\"throttle\": true}, \"count\": 2}]");
            assertEquals(1, patient.getTopic(project, "t").getShardCount());
            home().setFaults("[{\"operation\": \"GetTopic\", \"effect\": {\"throttle\": true}, \"count\": 3}]");
            assertFails(
                    com.aliyun.datahub.client.exception.LimitExceededException.class,
                    "LimitExceeded",
                    () -> patient.getTopic(project, "t"));
        } finally {
            home().setFaults("[]");
        }
    }

    @Test
    void aDamagedReplyIsNoticed() throws Exception {
        createBlobTopic("t", 1);
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        String cursor = client.getCursor(project, "t", "0", CursorType.OLDEST).getCursor();
        try {
            home().setFaults("[{\"operation\": \"GetBlobRecords\", \"effect\": \"corrupt_crc\", \"count\": 1}]");
            assertThrows(
                    DatahubClientException.class, () -> client.getRecords(project, "t", "0", cursor, 10));
        } finally {
            home().setFaults("[]");
        }
    }
}
