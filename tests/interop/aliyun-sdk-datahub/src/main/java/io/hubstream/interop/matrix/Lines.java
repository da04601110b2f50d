package io.hubstream.interop.matrix;

import com.aliyun.datahub.client.model.BlobRecordData;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.TupleRecordData;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Base64;
import java.util.Map;

/** Records as the lines of JSON that the interop matrix exchanges. */
final class Lines {
    private Lines() {}

    /** The record of a line; without a schema it is a blob. */
    static RecordEntry record(RecordSchema schema, JsonNode line) {
        RecordEntry record = new RecordEntry();
        if (schema == null) {
            record.setRecordData(new BlobRecordData(Base64.getDecoder().decode(line.get("data").textValue())));
        } else {
            TupleRecordData data = new TupleRecordData(schema);
            for (int column = 0; column < schema.getFields().size(); column++) {
                data.setField(column, value(schema.getField(column).getType(), line.get("values").get(column)));
            }
            record.setRecordData(data);
        }
        line.get("attributes").fields().forEachRemaining(
                entry -> record.addAttribute(entry.getKey(), entry.getValue().textValue()));
        return record;
    }

    private static Object value(FieldType type, JsonNode value) {
        if (value.isNull()) {
            return null;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        String text = value.textValue();
        return switch (type) {
            case TINYINT -> Byte.valueOf(text);
            case SMALLINT -> Short.valueOf(text);
            case INTEGER -> Integer.valueOf(text);
            case BIGINT, TIMESTAMP -> Long.valueOf(text);
            // At once: a double in between would round twice.
            case FLOAT -> Float.valueOf(javaNumber(text));
            case DOUBLE -> Double.valueOf(javaNumber(text));
            case DECIMAL -> new BigDecimal(text);
            case STRING -> text;
            case BOOLEAN -> throw new IllegalArgumentException("a BOOLEAN is no text");
        };
    }

    private static String javaNumber(String text) {
        return text.replace("nan", "NaN").replace("inf", "Infinity");
    }

    private static String shown(Object value) {
        return value instanceof Float || value instanceof Double
                ? value.toString().replace("Infinity", "inf")
                : value.toString();
    }

    /** A record as a line. */
    static ObjectNode line(RecordSchema schema, RecordEntry record) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        if (schema == null) {
            byte[] data = ((BlobRecordData) record.getRecordData()).getData();
            line.put("data", Base64.getEncoder().encodeToString(data));
        } else {
            ArrayNode values = line.putArray("values");
            TupleRecordData data = (TupleRecordData) record.getRecordData();
            for (int column = 0; column < schema.getFields().size(); column++) {
                Object value = data.getField(column);
                if (value == null) {
                    values.addNull();
                } else if (value instanceof Boolean flag) {
                    values.add(flag);
                } else {
                    values.add(shown(value));
                }
            }
        }
        ObjectNode attributes = line.putObject("attributes");
        if (record.getAttributes() != null) {
            for (Map.Entry<String, String> entry : record.getAttributes().entrySet()) {
                attributes.put(entry.getKey(), entry.getValue());
            }
        }
        return line;
    }
}
