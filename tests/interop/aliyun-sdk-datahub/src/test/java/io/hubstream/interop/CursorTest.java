package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.SeekOutOfRangeException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.exception.ShardSealedException;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.GetCursorResult;
import com.aliyun.datahub.client.model.GetRecordsResult;
import com.aliyun.datahub.client.model.RecordEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CursorTest extends InteropTest {
    private static final String START = "30000000000000000000000000000000";

    @Override
    Emulator home() {
        return relaxed;
    }

    private String cursor(CursorType type, long... parameter) {
        return parameter.length == 0
                ? client.getCursor(project, "t", "0", type).getCursor()
                : client.getCursor(project, "t", "0", type, parameter[0]).getCursor();
    }

    @Test
    void anEmptyShardHasOnePlace() {
        createBlobTopic("t", 1);
        assertEquals(START, cursor(CursorType.OLDEST));
        assertEquals(START, cursor(CursorType.LATEST));
        assertEquals(START, cursor(CursorType.SYSTEM_TIME, 0));
    }

    @Test
    void cursorsNameRecords() {
        createBlobTopic("t", 1);
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        GetCursorResult oldest = client.getCursor(project, "t", "0", CursorType.OLDEST);
        List<RecordEntry> records =
                client.getRecords(project, "t", "0", oldest.getCursor(), 10).getRecords();
        RecordEntry last = records.get(records.size() - 1);
        assertEquals(0, oldest.getSequence());
        assertEquals(records.get(0).getSystemTime(), oldest.getTimestamp());
        assertEquals(oldest.getCursor(), cursor(CursorType.SYSTEM_TIME, 0));
        for (int sequence = 0; sequence < records.size(); sequence++) {
            String cursor = cursor(CursorType.SEQUENCE, sequence);
            assertEquals(records.get(sequence).getCursor(), cursor);
            assertEquals(String.valueOf(sequence), cursor.substring(27, 28));
        }
        assertEquals(last.getCursor(), cursor(CursorType.LATEST));
        assertEquals(last.getNextCursor(), cursor(CursorType.SYSTEM_TIME, last.getSystemTime() + 1));
        GetRecordsResult end = client.getRecords(project, "t", "0", last.getNextCursor(), 10);
        assertEquals(0, end.getRecordCount());
        assertEquals(last.getNextCursor(), end.getNextCursor());
    }

    @Test
    void placesOutsideAreRefused() {
        createBlobTopic("t", 1);
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        assertFails(SeekOutOfRangeException.class, "SeekOutOfRange", () -> cursor(CursorType.SEQUENCE, 10));
        assertFails(
                SeekOutOfRangeException.class,
                "SeekOutOfRange",
                () -> cursor(CursorType.SYSTEM_TIME, System.currentTimeMillis() + 600_000));
        for (String bad : new String[] {"x", "0000000000000000", "f".repeat(32)}) {
            assertFails(
                    InvalidParameterException.class,
                    "InvalidCursor",
                    () -> client.getRecords(project, "t", "0", bad, 10));
        }
        assertFails(
                ShardNotFoundException.class,
                "NoSuchShard",
                () -> client.getCursor(project, "t", "7", CursorType.OLDEST));
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchTopic",
                () -> client.getCursor(project, "unknown", "0", CursorType.OLDEST));
        assertRefusedLocally(() -> client.getCursor(project, "t", "0", CursorType.SEQUENCE));
        assertThrows(InvalidParameterException.class, () -> client.getRecords(project, "t", "0", "", 10));
    }

    @Test
    void aClosedShardIsReadToItsEnd() {
        createBlobTopic("t", 1);
        client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of()));
        client.splitShard(project, "t", "0");
        GetRecordsResult got = client.getRecords(project, "t", "0", cursor(CursorType.OLDEST), 10);
        assertEquals(Rows.BLOBS.size(), got.getRecordCount());
        assertFails(
                ShardSealedException.class,
                "InvalidShardOperation",
                () -> client.getRecords(project, "t", "0", got.getNextCursor(), 10));
        assertFails(
                ShardSealedException.class,
                "InvalidShardOperation",
                () -> client.putRecordsByShard(project, "t", "0", Rows.blobs(Map.of())));
    }
}
