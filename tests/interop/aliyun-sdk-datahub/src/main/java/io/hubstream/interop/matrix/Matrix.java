package io.hubstream.interop.matrix;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.DatahubClientBuilder;
import com.aliyun.datahub.client.auth.AliyunAccount;
import com.aliyun.datahub.client.common.DatahubConfig;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.GetRecordsResult;
import com.aliyun.datahub.client.model.PutErrorEntry;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The official client as a reader and writer of the interop matrix. */
public final class Matrix {
    private static final String SHARD = "0";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final DatahubClient client;
    private final String project;
    private final String topic;
    private final boolean isJson;
    /** Absent for blobs. */
    private final RecordSchema schema;

    private Matrix(String endpoint, String project, String topic, String protocol) {
        AliyunAccount account =
                new AliyunAccount(System.getenv("DATAHUB_ACCESS_ID"), System.getenv("DATAHUB_ACCESS_KEY"));
        this.isJson = protocol.equals("json");
        DatahubConfig config = new DatahubConfig(endpoint, account, !isJson);
        config.setEnableBatch(protocol.startsWith("batch"));
        this.client = DatahubClientBuilder.newBuilder().setDatahubConfig(config).build();
        this.project = project;
        this.topic = topic;
        this.schema = client.getTopic(project, topic).getRecordSchema();
    }

    /** Writes the records of the standard input, or prints those of the topic. */
    public static void main(String[] arguments) throws IOException {
        Matrix matrix = new Matrix(arguments[1], arguments[2], arguments[3], arguments[4]);
        if (arguments[0].equals("write")) {
            matrix.write();
        } else {
            matrix.read();
        }
        // The client keeps threads that do not end by themselves.
        System.exit(0);
    }

    private void write() throws IOException {
        List<RecordEntry> records = new ArrayList<>();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            RecordEntry record = Lines.record(schema, JSON.readTree(line));
            record.setShardId(SHARD);
            records.add(record);
        }
        if (!isJson) {
            client.putRecordsByShard(project, topic, SHARD, records);
            return;
        }
        for (PutErrorEntry failed : client.putRecords(project, topic, records).getPutErrorEntries()) {
            throw new IOException("record " + failed.getIndex() + ": " + failed.getMessage());
        }
    }

    private void read() throws IOException {
        PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        String cursor = client.getCursor(project, topic, SHARD, CursorType.OLDEST).getCursor();
        while (true) {
            GetRecordsResult got = schema == null
                    ? client.getRecords(project, topic, SHARD, cursor, 1000)
                    : client.getRecords(project, topic, SHARD, schema, cursor, 1000);
            if (got.getRecordCount() == 0) {
                output.flush();
                return;
            }
            for (RecordEntry record : got.getRecords()) {
                output.println(JSON.writeValueAsString(Lines.line(schema, record)));
            }
            cursor = got.getNextCursor();
        }
    }
}
