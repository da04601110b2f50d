package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.LimitExceededException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.exception.ShardSealedException;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.ExpandMode;
import com.aliyun.datahub.client.model.MergeShardResult;
import com.aliyun.datahub.client.model.RecordType;
import com.aliyun.datahub.client.model.ShardEntry;
import com.aliyun.datahub.client.model.ShardState;
import com.aliyun.datahub.client.model.SplitShardResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardTest extends InteropTest {
    private static final String MIN = "0".repeat(32);
    private static final String MAX = "F".repeat(32);
    private static final String THIRD = "5".repeat(32);
    private static final String TWO_THIRDS = "A".repeat(32);

    @Override
    Emulator home() {
        return relaxed;
    }

    private ShardEntry shard(int id) {
        return client.listShard(project, "t").getShards().get(id);
    }

    @Test
    void shardsAreListed() {
        createBlobTopic("t", 3);
        List<ShardEntry> shards = client.listShard(project, "t").getShards();
        assertEquals(List.of("0", "1", "2"), shards.stream().map(ShardEntry::getShardId).toList());
        assertEquals(List.of(MIN, THIRD, TWO_THIRDS), shards.stream().map(ShardEntry::getBeginHashKey).toList());
        assertEquals(List.of(THIRD, TWO_THIRDS, MAX), shards.stream().map(ShardEntry::getEndHashKey).toList());
        for (ShardEntry shard : shards) {
            assertEquals(ShardState.ACTIVE, shard.getState());
            assertEquals(List.of(), shard.getParentShardIds());
        }
        assertNull(shards.get(0).getLeftShardId());
        assertEquals("1", shards.get(0).getRightShardId());
        assertEquals("1", shards.get(2).getLeftShardId());
        assertNull(shards.get(2).getRightShardId());
        assertTrue(client.listShard(project, "t").getIntervalMs() > 0);
    }

    @Test
    void splitAndMerge() {
        createBlobTopic("t", 2);
        SplitShardResult split = client.splitShard(project, "t", "0");
        String key = "3FFFFFFFFFFFFFFFBFFFFFFFFFFFFFFF";
        assertEquals(List.of("2", "3"), split.getNewShards().stream().map(ShardEntry::getShardId).toList());
        assertEquals(MIN, split.getNewShards().get(0).getBeginHashKey());
        assertEquals(key, split.getNewShards().get(0).getEndHashKey());
        assertEquals(key, split.getNewShards().get(1).getBeginHashKey());
        assertEquals(ShardState.CLOSED, shard(0).getState());
        assertTrue(shard(0).getClosedTime() > 0);
        assertEquals(List.of("0"), shard(2).getParentShardIds());

        MergeShardResult merged = client.mergeShard(project, "t", "3", "2");
        assertEquals("4", merged.getShardId());
        assertEquals(MIN, merged.getBeginHashKey());
        assertEquals(shard(0).getEndHashKey(), merged.getEndHashKey());
        assertEquals(5, client.listShard(project, "t").getShards().size());
        assertEquals(List.of("3", "2"), shard(4).getParentShardIds());
        assertEquals(ShardState.ACTIVE, shard(4).getState());
        assertEquals(2, client.getTopic(project, "t").getShardCount());
    }

    @Test
    void splitAtAKey() {
        createBlobTopic("t", 1);
        SplitShardResult split = client.splitShard(project, "t", "0", THIRD);
        assertEquals(THIRD, split.getNewShards().get(0).getEndHashKey());
        for (String bad : new String[] {MIN, THIRD, MAX, "x"}) {
            assertFails(
                    InvalidParameterException.class,
                    "InvalidParameter",
                    () -> client.splitShard(project, "t", "1", bad));
        }
    }

    @Test
    void wrongSplitsAndMerges() {
        createBlobTopic("t", 3);
        assertFails(
                InvalidParameterException.class, "InvalidParameter", () -> client.mergeShard(project, "t", "0", "2"));
        assertFails(
                InvalidParameterException.class, "InvalidParameter", () -> client.mergeShard(project, "t", "1", "1"));
        assertFails(ShardNotFoundException.class, "NoSuchShard", () -> client.mergeShard(project, "t", "1", "9"));
        assertFails(
                ShardNotFoundException.class, "NoSuchShard", () -> client.splitShard(project, "t", "9", TWO_THIRDS));
        client.mergeShard(project, "t", "0", "1");
        assertFails(
                ShardSealedException.class,
                "InvalidShardOperation",
                () -> client.splitShard(project, "t", "0", "1".repeat(32)));
        assertFails(
                ShardSealedException.class, "InvalidShardOperation", () -> client.mergeShard(project, "t", "1", "2"));
        assertRefusedLocally(() -> client.splitShard(project, "t", "x"));
        assertRefusedLocally(() -> client.splitShard(project, "t", "0"));
    }

    @Test
    void aYoungShardIsNotSplit() {
        DatahubClient standard = Protocol.PROTOBUF.connect(emulator.url, new HttpConfig());
        standard.createProject(project, "");
        standard.createTopic(project, "t", 2, 1, RecordType.BLOB, "");
        assertFails(
                LimitExceededException.class, "LimitExceeded", () -> standard.splitShard(project, "t", "0"));
        assertFails(
                LimitExceededException.class, "LimitExceeded", () -> standard.mergeShard(project, "t", "0", "1"));
        standard.deleteTopic(project, "t");
        standard.deleteProject(project);
    }

    @Test
    void theModeOfATopicDecidesHowItGrows() {
        client.createTopic(project, "extend", 2, 1, RecordType.BLOB, "", ExpandMode.ONLY_EXTEND);
        client.createTopic(project, "split", 2, 1, RecordType.BLOB, "", ExpandMode.ONLY_SPLIT);
        assertFails(
                DatahubClientException.class,
                "InvalidOperation",
                () -> client.splitShard(project, "extend", "0", THIRD));
        assertFails(
                DatahubClientException.class, "InvalidOperation", () -> client.mergeShard(project, "extend", "0", "1"));
        assertFails(
                DatahubClientException.class, "InvalidOperation", () -> client.extendShard(project, "split", 3));
        assertFails(
                InvalidParameterException.class, "InvalidParameter", () -> client.extendShard(project, "extend", 1));
        client.extendShard(project, "extend", 4);
        List<ShardEntry> shards = client.listShard(project, "extend").getShards();
        assertEquals(4, shards.size());
        for (ShardEntry shard : shards) {
            assertEquals(MIN, shard.getBeginHashKey());
            assertEquals(MAX, shard.getEndHashKey());
            assertEquals(List.of(), shard.getParentShardIds());
        }
    }
}
