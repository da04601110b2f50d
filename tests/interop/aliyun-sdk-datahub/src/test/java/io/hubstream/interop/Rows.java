package io.hubstream.interop;

import com.aliyun.datahub.client.model.BlobRecordData;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.RecordData;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.TupleRecordData;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Records to exchange, with every type and its extreme values. */
final class Rows {
    static final RecordSchema SCHEMA = InteropTest.schema(
            new Field("tiny", FieldType.TINYINT),
            new Field("small", FieldType.SMALLINT),
            new Field("whole", FieldType.INTEGER),
            new Field("big", FieldType.BIGINT),
            new Field("single", FieldType.FLOAT),
            new Field("number", FieldType.DOUBLE),
            new Field("flag", FieldType.BOOLEAN),
            new Field("at", FieldType.TIMESTAMP),
            new Field("text", FieldType.STRING),
            new Field("amount", FieldType.DECIMAL));

    static final List<List<Object>> ALL = List.of(
            row((byte) 1, (short) 2, 3, 4L, 0.1f, 0.1, true, 1_700_000_000_000_000L, "ä€😀", "1.50"),
            row(Byte.MIN_VALUE, Short.MIN_VALUE, Integer.MIN_VALUE, -Long.MAX_VALUE, -Float.MAX_VALUE,
                    -Double.MAX_VALUE, false, -62135798400000000L, "", "-0.000000000000000000001"),
            row(Byte.MAX_VALUE, Short.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, Float.MIN_VALUE,
                    Double.MIN_VALUE, true, 253402271999000000L, "x".repeat(300), "9".repeat(45)),
            row((byte) 0, (short) 0, 0, 0L, 1e20f, 1e300, false, 0L, "1234567", "0"),
            Arrays.asList(new Object[10]));

    static final List<byte[]> BLOBS = List.of(
            "text".getBytes(StandardCharsets.UTF_8), everyByte(), new byte[0], "0123456789".repeat(20000).getBytes(StandardCharsets.UTF_8));

    static final Map<String, String> ATTRIBUTES = Map.of("plain", "text", "empty", "");

    /** The batches of the official client cannot carry these, see README. */
    static final Map<String, String> WIDE_ATTRIBUTES = Map.of("plain", "text", "ünïcode", "€ 😀");

    private Rows() {}

    private static List<Object> row(Object... values) {
        values[9] = new BigDecimal((String) values[9]);
        return List.of(values);
    }

    private static byte[] everyByte() {
        byte[] bytes = new byte[256];
        for (int value = 0; value < bytes.length; value++) {
            bytes[value] = (byte) value;
        }
        return bytes;
    }

    static RecordEntry tuple(RecordSchema schema, List<?> values) {
        TupleRecordData data = new TupleRecordData(schema);
        for (int column = 0; column < values.size(); column++) {
            data.setField(column, values.get(column));
        }
        return entry(data);
    }

    static RecordEntry blob(byte[] bytes) {
        return entry(new BlobRecordData(bytes));
    }

    private static RecordEntry entry(RecordData data) {
        RecordEntry entry = new RecordEntry();
        entry.setRecordData(data);
        return entry;
    }

    static List<RecordEntry> tuples(Map<String, String> attributes) {
        return with(attributes, ALL.stream().map(row -> tuple(SCHEMA, row)).toList());
    }

    static List<RecordEntry> blobs(Map<String, String> attributes) {
        return with(attributes, BLOBS.stream().map(Rows::blob).toList());
    }

    private static List<RecordEntry> with(Map<String, String> attributes, List<RecordEntry> entries) {
        for (RecordEntry entry : entries) {
            attributes.forEach(entry::addAttribute);
            entry.setShardId("0");
        }
        return entries;
    }

    static List<Object> values(RecordEntry entry) {
        TupleRecordData data = (TupleRecordData) entry.getRecordData();
        List<Object> values = new ArrayList<>();
        for (int column = 0; column < data.getRecordSchema().getFields().size(); column++) {
            values.add(data.getField(column));
        }
        return values;
    }

    static byte[] bytes(RecordEntry entry) {
        return ((BlobRecordData) entry.getRecordData()).getData();
    }
}
