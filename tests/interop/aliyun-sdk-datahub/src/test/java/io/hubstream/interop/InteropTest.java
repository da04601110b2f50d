package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.RecordType;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** What the tests share: running emulators, a client, and a project of each test's own. */
abstract class InteropTest {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    @RegisterExtension
    final BeforeEachCallback start = this::start;

    /** With the limits of the service. */
    Emulator emulator;
    /** Without them: shards may be split and merged at once. */
    Emulator relaxed;

    DatahubClient client;
    final String project = "java_" + NUMBERS.incrementAndGet();

    private void start(ExtensionContext context) {
        emulator = Emulator.shared(context, "standard");
        relaxed = Emulator.shared(context, "relaxed");
    }

    /** The emulator that the project of a test is at. */
    Emulator home() {
        return emulator;
    }

    @BeforeEach
    void createProject() {
        client = Protocol.PROTOBUF.connect(home().url, new HttpConfig());
        client.createProject(project, "a test");
    }

    @AfterEach
    void deleteProject() {
        for (String topic : client.listTopic(project).getTopicNames()) {
            client.deleteTopic(project, topic);
        }
        client.deleteProject(project);
    }

    void createBlobTopic(String topic, int shards) {
        client.createTopic(project, topic, shards, 7, RecordType.BLOB, "blobs");
        client.waitForShardReady(project, topic);
    }

    void createTupleTopic(String topic, int shards, RecordSchema schema) {
        client.createTopic(project, topic, shards, 7, RecordType.TUPLE, schema, "tuples");
        client.waitForShardReady(project, topic);
    }

    static RecordSchema schema(Field... fields) {
        RecordSchema schema = new RecordSchema();
        for (Field field : fields) {
            schema.addField(field);
        }
        return schema;
    }

    static RecordSchema twoColumns() {
        return schema(new Field("id", FieldType.BIGINT), new Field("name", FieldType.STRING));
    }

    /** Checks that a call fails with an error of the service: its class, its code, and that it tells about the request. */
    static void assertFails(Class<? extends DatahubClientException> type, String code, Executable call) {
        DatahubClientException error = assertThrows(DatahubClientException.class, call);
        assertEquals(type, error.getClass(), error.toString());
        assertEquals(code, error.getErrorCode());
        assertFalse(error.getRequestId().isEmpty());
        assertFalse(error.getErrorMessage().isEmpty());
    }

    /** Checks that a call is refused by the client itself. */
    static void assertRefusedLocally(Executable call) {
        DatahubClientException error = assertThrows(DatahubClientException.class, call);
        assertEquals(null, error.getRequestId(), error.toString());
    }
}
