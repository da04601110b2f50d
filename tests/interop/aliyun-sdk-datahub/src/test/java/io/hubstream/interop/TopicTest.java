package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.ResourceAlreadyExistException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.model.ExpandMode;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.GetTopicResult;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.RecordType;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TopicTest extends InteropTest {
    private static final RecordSchema SCHEMA = schema(
            new Field("id", FieldType.BIGINT, false, "the key"),
            new Field("tiny", FieldType.TINYINT),
            new Field("small", FieldType.SMALLINT),
            new Field("whole", FieldType.INTEGER),
            new Field("single", FieldType.FLOAT),
            new Field("number", FieldType.DOUBLE, "ünïcode \"€\""),
            new Field("flag", FieldType.BOOLEAN),
            new Field("at", FieldType.TIMESTAMP),
            new Field("text", FieldType.STRING),
            new Field("amount", FieldType.DECIMAL));

    @Test
    void aTupleTopicTellsWhatItIs() {
        createTupleTopic("Orders", 3, SCHEMA);
        GetTopicResult got = client.getTopic(project, "Orders");
        assertEquals(RecordType.TUPLE, got.getRecordType());
        assertEquals(SCHEMA, got.getRecordSchema());
        assertEquals(3, got.getShardCount());
        assertEquals(7, got.getLifeCycle());
        assertEquals("tuples", got.getComment());
        assertEquals(got.getCreateTime(), got.getLastModifyTime());
        assertFalse(got.getCreator().isEmpty());
        assertEquals("on", got.getStatus());
        assertEquals(got.getCreateTime(), client.getTopic(project, "orders").getCreateTime());
        assertEquals(List.of("Orders"), client.listTopic(project).getTopicNames());
        assertFails(
                ResourceAlreadyExistException.class,
                "TopicAlreadyExist",
                () -> client.createTopic(project, "ORDERS", 1, 1, RecordType.BLOB, ""));
    }

    @Test
    void aBlobTopicTellsWhatItIs() {
        createBlobTopic("log", 1);
        GetTopicResult got = client.getTopic(project, "log");
        assertEquals(RecordType.BLOB, got.getRecordType());
        assertNull(got.getRecordSchema());
    }

    @Test
    void shardsGrowInTheModeOfTheTopic() {
        client.createTopic(project, "split", 1, 1, RecordType.BLOB, "", ExpandMode.ONLY_SPLIT);
        client.createTopic(project, "extend", 1, 1, RecordType.TUPLE, SCHEMA, "", ExpandMode.ONLY_EXTEND);
        assertEquals(ExpandMode.ONLY_SPLIT, client.getTopic(project, "split").getExpandMode());
        assertEquals(ExpandMode.ONLY_EXTEND, client.getTopic(project, "extend").getExpandMode());
        client.extendShard(project, "extend", 3);
        client.waitForShardReady(project, "extend", 5000);
        assertEquals(3, client.getTopic(project, "extend").getShardCount());
        assertEquals(3, client.listShard(project, "extend").getShards().size());
    }

    @Test
    void topicsAreListed() {
        createBlobTopic("orders", 1);
        createBlobTopic("payments", 1);
        assertEquals(List.of("orders", "payments"), client.listTopic(project).getTopicNames());
        assertEquals(List.of("payments"), client.listTopic(project, "pay").getTopicNames());
    }

    @Test
    void topicsChange() {
        createBlobTopic("t", 1);
        client.updateTopic(project, "t", "other");
        assertEquals("other", client.getTopic(project, "t").getComment());
        assertEquals(7, client.getTopic(project, "t").getLifeCycle());
        client.updateTopic(project, "t", 2, "short");
        assertEquals(2, client.getTopic(project, "t").getLifeCycle());
        assertEquals("short", client.getTopic(project, "t").getComment());
        for (int days : new int[] {8, 100}) {
            assertFails(
                    InvalidParameterException.class,
                    "InvalidParameter",
                    () -> client.updateTopic(project, "t", days, "c"));
        }
    }

    @Test
    void columnsAreAppended() {
        createTupleTopic("t", 1, twoColumns());
        client.appendField(project, "t", new Field("Third", FieldType.DECIMAL));
        client.appendField(
                project,
                "t",
                List.of(new Field("fourth", FieldType.FLOAT, "a comment"), new Field("fifth", FieldType.TIMESTAMP)));
        RecordSchema expected = twoColumns();
        expected.addField(new Field("third", FieldType.DECIMAL));
        expected.addField(new Field("fourth", FieldType.FLOAT, "a comment"));
        expected.addField(new Field("fifth", FieldType.TIMESTAMP));
        assertEquals(expected, client.getTopic(project, "t").getRecordSchema());
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.appendField(project, "t", new Field("id", FieldType.BIGINT)));
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.appendField(
                        project, "t", List.of(new Field("x", FieldType.BIGINT), new Field("X", FieldType.BIGINT))));
        assertEquals(expected, client.getTopic(project, "t").getRecordSchema());
        assertRefusedLocally(() -> client.appendField(project, "t", new Field("x", FieldType.BIGINT, false)));
    }

    @Test
    void limitsAreThoseOfTheService() {
        for (int days : new int[] {8, 1000}) {
            assertFails(
                    InvalidParameterException.class,
                    "InvalidParameter",
                    () -> client.createTopic(project, "t", 1, days, RecordType.BLOB, ""));
        }
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.createTopic(project, "t", 257, 1, RecordType.BLOB, ""));
        assertRefusedLocally(() -> client.createTopic(project, "t", 0, 1, RecordType.BLOB, ""));
        assertRefusedLocally(() -> client.createTopic(project, "t", 1, 0, RecordType.BLOB, ""));
        assertRefusedLocally(() -> client.createTopic(project, "1t", 1, 1, RecordType.BLOB, ""));
        RecordSchema twice = schema(new Field("a", FieldType.BIGINT));
        twice.getFields().add(new Field("A", FieldType.STRING));
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.createTopic(project, "t", 1, 1, RecordType.TUPLE, twice, ""));
        assertEquals(List.of(), client.listTopic(project).getTopicNames());
    }

    @Test
    void aDeletedTopicIsGone() {
        createBlobTopic("t", 1);
        client.deleteTopic(project, "T".toUpperCase(Locale.ROOT));
        assertFails(ResourceNotFoundException.class, "NoSuchTopic", () -> client.getTopic(project, "t"));
        assertFails(ResourceNotFoundException.class, "NoSuchTopic", () -> client.deleteTopic(project, "t"));
        assertFails(ResourceNotFoundException.class, "NoSuchTopic", () -> client.updateTopic(project, "t", "c"));
        assertFails(ResourceNotFoundException.class, "NoSuchTopic", () -> client.listShard(project, "t"));
        createBlobTopic("t", 2);
        assertEquals(2, client.getTopic(project, "t").getShardCount());
    }
}
