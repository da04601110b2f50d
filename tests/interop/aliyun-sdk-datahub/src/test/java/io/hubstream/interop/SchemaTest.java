package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.model.CompressType;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.GetTopicSchemaResult;
import com.aliyun.datahub.client.model.ListTopicSchemaResult;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.RecordSchemaInfo;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** The versions of a topic's schema. */
class SchemaTest extends InteropTest {
    private static RecordSchema threeColumns() {
        RecordSchema schema = twoColumns();
        schema.addField(new Field("price", FieldType.DECIMAL));
        return schema;
    }

    @Test
    void versionsAreRegisteredAndFound() {
        createTupleTopic("t", 1, twoColumns());
        int version = client.registerTopicSchema(project, "t", threeColumns()).getVersionId();
        assertEquals(1, version);
        GetTopicSchemaResult got = client.getTopicSchema(project, "t", version);
        assertEquals(threeColumns(), got.getRecordSchema());
        assertEquals(version, got.getVersionId());
        assertFalse(got.getCreator().isEmpty());
        assertEquals(version, client.getTopicSchema(project, "t", threeColumns()).getVersionId());
        assertEquals(0, client.getTopicSchema(project, "t", twoColumns()).getVersionId());

        ListTopicSchemaResult all = client.listTopicSchema(project, "t");
        assertEquals(2, all.getTotalCount());
        assertEquals(
                List.of(0L, 1L), all.getRecordSchemaInfoList().stream().map(RecordSchemaInfo::getVersionId).toList());
        ListTopicSchemaResult second = client.listTopicSchema(project, "t", 2, 1);
        assertEquals(2, second.getPageCount());
        assertEquals(threeColumns(), second.getRecordSchemaInfoList().get(0).getRecordSchema());

        client.deleteTopicSchema(project, "t", 0);
        assertEquals(1, client.listTopicSchema(project, "t").getTotalCount());
        Assertions.assertThrows(DatahubClientException.class, () -> client.getTopicSchema(project, "t", 0));
    }

    @Test
    void aBlobTopicHasNone() {
        createBlobTopic("t", 1);
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.registerTopicSchema(project, "t", twoColumns()));
    }

    @Test
    void batchesAreOfTheVersionOfTheirSchema() {
        createTupleTopic("t", 1, twoColumns());
        client.registerTopicSchema(project, "t", threeColumns());
        DatahubClient batch = Protocol.BATCH_WITH_REGISTRY.connect(home().url, CompressType.LZ4);
        RecordEntry narrow = Rows.tuple(twoColumns(), List.of(1L, "narrow"));
        RecordEntry wide = Rows.tuple(threeColumns(), List.of(2L, "wide", new java.math.BigDecimal("0.10")));
        batch.putRecordsByShard(project, "t", "0", List.of(narrow));
        batch.putRecordsByShard(project, "t", "0", List.of(wide));
        batch.putRecordsByShard(project, "t", "0", List.of(wide, narrow));
        String cursor = client.getCursor(project, "t", "0", CursorType.OLDEST).getCursor();
        List<RecordEntry> got = batch.getRecords(project, "t", "0", cursor, 10).getRecords();
        assertEquals(List.of(0, 1, 1, 0), got.stream().map(RecordEntry::getSchemaVersionId).toList());
        assertEquals(
                List.of(Rows.values(narrow), Rows.values(wide), Rows.values(wide), Rows.values(narrow)),
                got.stream().map(Rows::values).toList());
    }
}
