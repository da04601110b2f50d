package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.MalformedRecordException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.CompressType;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.PutErrorEntry;
import com.aliyun.datahub.client.model.PutRecordsResult;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where records go, and what is refused. */
class PutTest extends InteropTest {
    private static final String[] BOTH = {"JSON", "PROTOBUF"};

    private DatahubClient connect(Protocol protocol) {
        return protocol.connect(home().url, new HttpConfig());
    }

    private long stored(String shard) {
        return client.getRecords(
                        project,
                        "t",
                        shard,
                        client.getCursor(project, "t", shard, CursorType.OLDEST).getCursor(),
                        1000)
                .getRecordCount();
    }

    private static List<String> codes(PutRecordsResult result) {
        return result.getPutErrorEntries().stream().map(PutErrorEntry::getErrorcode).toList();
    }

    @ParameterizedTest
    @EnumSource(names = {"JSON", "PROTOBUF"})
    void keysDecideTheShard(Protocol protocol) {
        createBlobTopic("t", 3);
        RecordEntry byPartition = Rows.blob("by partition key".getBytes());
        byPartition.setPartitionKey("TestPartitionKey");
        RecordEntry byHash = Rows.blob("by hash key".getBytes());
        byHash.setHashKey("4FFFFFFFFFFFFFFD7FFFFFFFFFFFFFFD");
        byHash.setPartitionKey("TestPartitionKey");
        RecordEntry atBorder = Rows.blob("at the lower end of a shard".getBytes());
        atBorder.setHashKey("5".repeat(32));
        RecordEntry byShard = Rows.blob("by shard".getBytes());
        byShard.setShardId("0");
        byShard.setHashKey("F".repeat(32));
        List<RecordEntry> records = List.of(byPartition, byHash, atBorder, byShard);
        assertEquals(0, connect(protocol).putRecords(project, "t", records).getFailedRecordCount());
        assertEquals(List.of(2L, 1L, 1L), Stream.of("0", "1", "2").map(this::stored).toList());
    }

    @ParameterizedTest
    @EnumSource(names = {"JSON", "PROTOBUF"})
    void goodRecordsAreKeptAndBadOnesReported(Protocol protocol) {
        createTupleTopic("t", 1, twoColumns());
        List<RecordEntry> records = Stream.of("0", "-1", "7", "0", "x")
                .map(shard -> {
                    RecordEntry record = Rows.tuple(twoColumns(), List.of(1L, shard));
                    record.setShardId(shard);
                    return record;
                })
                .toList();
        PutRecordsResult result = connect(protocol).putRecords(project, "t", records);
        assertEquals(3, result.getFailedRecordCount());
        assertEquals(List.of("InvalidShardId", "NoSuchShard", "InvalidShardId"), codes(result));
        assertEquals(List.of(1, 2, 4), result.getPutErrorEntries().stream().map(PutErrorEntry::getIndex).toList());
        assertEquals("Invalid shard id: -1", result.getPutErrorEntries().get(0).getMessage());
        assertEquals(List.of(records.get(1), records.get(2), records.get(4)), result.getFailedRecords());
    }

    @ParameterizedTest
    @EnumSource(names = {"JSON", "PROTOBUF"})
    void recordsThatDoNotFitAreMalformed(Protocol protocol) {
        RecordSchema strict = schema(new Field("id", FieldType.BIGINT, false), new Field("name", FieldType.STRING));
        createTupleTopic("t", 1, strict);
        RecordSchema wider = twoColumns();
        wider.addField(new Field("more", FieldType.BIGINT));
        RecordSchema texts = schema(new Field("id", FieldType.STRING), new Field("name", FieldType.STRING));
        List<RecordEntry> records = List.of(
                Rows.tuple(wider, List.of(1L, "a", 2L)),
                Rows.tuple(schema(new Field("id", FieldType.BIGINT)), List.of(1L)),
                Rows.tuple(texts, List.of("no number", "a")),
                Rows.tuple(twoColumns(), Arrays.asList(null, "a")),
                Rows.blob(new byte[] {1}),
                Rows.tuple(strict, Arrays.asList(1L, null)));
        PutRecordsResult result = connect(protocol).putRecords(project, "t", records);
        assertEquals(5, result.getFailedRecordCount());
        assertEquals(List.of("MalformedRecord"), codes(result).stream().distinct().toList());
    }

    @Test
    void aShardTakesAllOrNothing() {
        createTupleTopic("t", 1, twoColumns());
        RecordSchema texts = schema(new Field("id", FieldType.STRING), new Field("name", FieldType.STRING));
        List<RecordEntry> records = List.of(
                Rows.tuple(twoColumns(), List.of(1L, "good")), Rows.tuple(texts, List.of("no number", "bad")));
        assertFails(
                MalformedRecordException.class,
                "MalformedRecord",
                () -> client.putRecordsByShard(project, "t", "0", records));
        RecordSchema schema = client.getTopic(project, "t").getRecordSchema();
        String cursor = client.getCursor(project, "t", "0", CursorType.OLDEST).getCursor();
        assertEquals(0, client.getRecords(project, "t", "0", schema, cursor, 10).getRecordCount());
        assertFails(
                ShardNotFoundException.class,
                "NoSuchShard",
                () -> client.putRecordsByShard(project, "t", "9", records));
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchTopic",
                () -> client.putRecordsByShard(project, "unknown", "0", records));
        assertRefusedLocally(() -> client.putRecordsByShard(project, "t", "0", List.of()));
        DatahubClient batch = Protocol.BATCH.connect(home().url, CompressType.DEFLATE);
        assertFails(
                ShardNotFoundException.class,
                "NoSuchShard",
                () -> batch.putRecordsByShard(project, "t", "9", Rows.blobs(Map.of())));
    }

    @Test
    void writersFollowAnAppendedColumn() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", List.of(Rows.tuple(twoColumns(), List.of(1L, "old"))));
        client.appendField(project, "t", new Field("more", FieldType.DOUBLE));
        RecordSchema wider = client.getTopic(project, "t").getRecordSchema();
        client.putRecordsByShard(project, "t", "0", List.of(Rows.tuple(wider, List.of(2L, "new", 0.5))));
        for (String name : BOTH) {
            DatahubClient reader = connect(Protocol.valueOf(name));
            String cursor = client.getCursor(project, "t", "0", CursorType.OLDEST).getCursor();
            List<RecordEntry> got = reader.getRecords(project, "t", "0", wider, cursor, 10).getRecords();
            assertEquals(
                    List.of(Arrays.asList(1L, "old", null), List.of(2L, "new", 0.5)),
                    got.stream().map(Rows::values).toList());
        }
    }

    @Test
    void theClientChecksValuesItself() {
        assertThrows(InvalidParameterException.class, () -> Rows.tuple(twoColumns(), List.of("no number", "a")));
        RecordSchema strict = schema(new Field("id", FieldType.BIGINT, false));
        assertThrows(InvalidParameterException.class, () -> Rows.tuple(strict, Arrays.asList((Object) null)));
        RecordSchema times = schema(new Field("at", FieldType.TIMESTAMP));
        assertThrows(InvalidParameterException.class, () -> Rows.tuple(times, List.of(253402271999000001L)));
    }

    @Test
    void meteringBeginsWithTheFirstRecord() {
        createBlobTopic("t", 1);
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchMeteringInfo",
                () -> client.getMeterInfo(project, "t", "0"));
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        assertTrue(client.getMeterInfo(project, "t", "0").getActiveTime() > 0);
        assertTrue(client.getMeterInfo(project, "t", "0").getStorage() > 0);
    }
}
