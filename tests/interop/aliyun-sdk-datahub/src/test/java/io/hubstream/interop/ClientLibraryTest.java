package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.MalformedRecordException;
import com.aliyun.datahub.client.exception.ShardSealedException;
import com.aliyun.datahub.client.exception.SubscriptionOfflineException;
import com.aliyun.datahub.client.exception.SubscriptionOffsetResetException;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.CursorType;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.JoinGroupResult;
import com.aliyun.datahub.client.model.RecordEntry;
import com.aliyun.datahub.client.model.RecordSchema;
import com.aliyun.datahub.client.model.SubscriptionOffset;
import com.aliyun.datahub.client.model.SubscriptionState;
import com.aliyun.datahub.clientlibrary.common.ClientProvider;
import com.aliyun.datahub.clientlibrary.config.ConsumerConfig;
import com.aliyun.datahub.clientlibrary.config.ProducerConfig;
import com.aliyun.datahub.clientlibrary.consumer.Consumer;
import com.aliyun.datahub.clientlibrary.models.Offset;
import com.aliyun.datahub.clientlibrary.producer.Producer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The library on top of the client: producers, and consumers that share shards. */
class ClientLibraryTest extends InteropTest {
    private static final int RETRIES = 3;

    @Override
    Emulator home() {
        return relaxed;
    }

    private ProducerConfig producing() {
        return new ProducerConfig(home().url, Emulator.ACCESS_ID, Emulator.ACCESS_KEY);
    }

    private ConsumerConfig consuming() {
        return new ConsumerConfig(home().url, Emulator.ACCESS_ID, Emulator.ACCESS_KEY);
    }

    /** Consumers whose heart beats every second or so; the library allows no session that is short enough for that. */
    private ConsumerConfig consumingTogether() {
        DatahubClient quick = (DatahubClient) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DatahubClient.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(client, arguments);
                        if (result instanceof JoinGroupResult joined) {
                            joined.setSessionTimeout(1500);
                        }
                        return result;
                    } catch (InvocationTargetException error) {
                        throw error.getCause();
                    }
                });
        return consuming().setClientProvider(new ClientProvider() {
            @Override
            public DatahubClient getClient() {
                return quick;
            }

            @Override
            public void setUserAgent(String userAgent) {}
        });
    }

    private static List<RecordEntry> numbered(long from, long until) {
        return LongStream.range(from, until)
                .mapToObj(id -> Rows.tuple(twoColumns(), List.of(id, "row " + id)))
                .toList();
    }

    private String subscribe() {
        return client.createSubscription(project, "t", "library").getSubId();
    }

    private SubscriptionOffset stored(String subscription, String shard) {
        return client.getSubscriptionOffset(project, "t", subscription, List.of(shard)).getOffsets().get(shard);
    }

    private static long id(RecordEntry record) {
        return (long) Rows.values(record).get(0);
    }

    private static Set<Long> readIds(Consumer consumer, int count) {
        Set<Long> ids = new HashSet<>();
        while (ids.size() < count) {
            RecordEntry record = consumer.read(RETRIES);
            if (record != null) {
                ids.add(id(record));
            }
        }
        return ids;
    }

    private static Set<Long> range(long from, long until) {
        return new HashSet<>(LongStream.range(from, until).boxed().toList());
    }

    @Test
    void aProducerSpreadsRecordsOverShards() {
        createTupleTopic("t", 2, twoColumns());
        Producer producer = new Producer(project, "t", producing());
        for (int call = 0; call < 4; call++) {
            producer.send(numbered(call, call + 1), RETRIES);
        }
        producer.send(numbered(4, 6), "1", RETRIES);
        producer.close();
        Map<String, Long> counts = new HashMap<>();
        for (String shard : List.of("0", "1")) {
            counts.put(shard, client.getCursor(project, "t", shard, CursorType.LATEST).getSequence() + 1);
        }
        assertEquals(6, counts.get("0") + counts.get("1"));
        assertEquals(2, counts.get("0"));
        // What it means to throw does not fit the class of the client that it is built on, see README.
        assertThrows(NoSuchMethodError.class, () -> producer.send(numbered(0, 1), RETRIES));
    }

    @Test
    void aProducerFollowsASplit() {
        createTupleTopic("t", 1, twoColumns());
        Producer producer = new Producer(project, "t", producing());
        producer.send(numbered(0, 1), RETRIES);
        client.splitShard(project, "t", "0");
        producer.send(numbered(1, 2), RETRIES);
        producer.close();
        long before = client.getCursor(project, "t", "0", CursorType.LATEST).getSequence();
        long after = List.of("1", "2").stream()
                .mapToLong(shard -> client.getRecords(
                                project,
                                "t",
                                shard,
                                twoColumns(),
                                client.getCursor(project, "t", shard, CursorType.OLDEST).getCursor(),
                                10)
                        .getRecordCount())
                .sum();
        assertEquals(List.of(0L, 1L), List.of(before, after));
    }

    @Test
    void aProducerOfOneShardTellsWhatIsWrong() {
        createTupleTopic("t", 2, twoColumns());
        Producer producer = new Producer(project, "t", List.of("1"), producing());
        producer.send(numbered(0, 3), RETRIES);
        RecordSchema other = schema(new Field("id", FieldType.STRING), new Field("name", FieldType.STRING));
        assertThrows(
                MalformedRecordException.class,
                () -> producer.send(List.of(Rows.tuple(other, List.of("no number", "x"))), RETRIES));
        client.splitShard(project, "t", "1");
        assertThrows(ShardSealedException.class, () -> producer.send(numbered(3, 4), 0));
        producer.close();
        assertThrows(DatahubClientException.class, () -> new Producer(project, "t", List.of("1"), producing()));
    }

    @Test
    void aConsumerResumesBehindWhatItCommitted() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", numbered(0, 10));
        String subscription = subscribe();
        Consumer first = new Consumer(project, "t", subscription, List.of("0"), consuming());
        List<Long> ids = new ArrayList<>();
        for (int count = 0; count < 4; count++) {
            RecordEntry record = first.read(RETRIES);
            assertNotNull(record);
            ids.add(id(record));
        }
        first.close();
        assertEquals(List.of(0L, 1L, 2L, 3L), ids);
        assertEquals(3, stored(subscription, "0").getSequence());
        Consumer second = new Consumer(project, "t", subscription, List.of("0"), consuming());
        assertEquals(range(4, 10), readIds(second, 6));
        assertNull(second.read(0));
        second.close();
        assertEquals(9, stored(subscription, "0").getSequence());
    }

    @Test
    void onlyAcknowledgedRecordsAreCommitted() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", numbered(0, 3));
        String subscription = subscribe();
        Consumer consumer =
                new Consumer(project, "t", subscription, List.of("0"), consuming().setAutoCommit(false));
        consumer.read(RETRIES).getKey().ack();
        consumer.read(RETRIES).getKey().ack();
        assertNotNull(consumer.read(RETRIES));
        consumer.close();
        assertEquals(1, stored(subscription, "0").getSequence());
    }

    @Test
    void aConsumerStartsWhereItIsTold() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", numbered(0, 5));
        Consumer consumer =
                new Consumer(project, "t", subscribe(), Map.of("0", new Offset(3, 0)), consuming());
        assertEquals(range(3, 5), readIds(consumer, 2));
        consumer.close();
    }

    @Test
    void aGroupReadsEverythingAndGivesShardsAway() {
        createTupleTopic("t", 3, twoColumns());
        for (int shard = 0; shard < 3; shard++) {
            client.putRecordsByShard(project, "t", String.valueOf(shard), numbered(shard * 10, shard * 10 + 10));
        }
        String subscription = subscribe();
        Consumer first = new Consumer(project, "t", subscription, consumingTogether());
        assertEquals(range(0, 30), readIds(first, 30));
        Consumer second = new Consumer(project, "t", subscription, consumingTogether());
        assertTrue(!first.getConsumerId().equals(second.getConsumerId()));
        first.close();
        for (int shard = 0; shard < 3; shard++) {
            assertEquals(9, stored(subscription, String.valueOf(shard)).getSequence());
            client.putRecordsByShard(project, "t", String.valueOf(shard), numbered(30 + shard, 31 + shard));
        }
        assertEquals(range(30, 33), readIds(second, 3));
        second.close();
    }

    @Test
    void aGroupReadsChildrenAfterTheirParents() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", numbered(0, 5));
        client.splitShard(project, "t", "0");
        client.putRecordsByShard(project, "t", "1", numbered(5, 8));
        client.putRecordsByShard(project, "t", "2", numbered(8, 10));
        Consumer consumer = new Consumer(project, "t", subscribe(), consumingTogether());
        List<String> shards = new ArrayList<>();
        Set<Long> ids = new HashSet<>();
        while (ids.size() < 10) {
            RecordEntry record = consumer.read(RETRIES);
            if (record != null) {
                ids.add(id(record));
                shards.add(record.getShardId());
            }
        }
        consumer.close();
        assertEquals(range(0, 10), ids);
        assertEquals(List.of("0", "0", "0", "0", "0"), shards.subList(0, 5));
    }

    @Test
    void aResetReachesAConsumer() {
        createTupleTopic("t", 1, twoColumns());
        client.putRecordsByShard(project, "t", "0", numbered(0, 5));
        String subscription = subscribe();
        Consumer consumer = new Consumer(project, "t", subscription, consumingTogether());
        assertEquals(range(0, 5), readIds(consumer, 5));
        SubscriptionOffset start = new SubscriptionOffset();
        start.setSequence(2);
        start.setTimestamp(1);
        client.resetSubscriptionOffset(project, "t", subscription, Map.of("0", start));
        assertThrows(SubscriptionOffsetResetException.class, () -> {
            while (true) {
                consumer.read(RETRIES);
            }
        });
        consumer.close();
        Consumer next = new Consumer(project, "t", subscription, consumingTogether());
        assertEquals(range(3, 5), readIds(next, 2));
        next.close();
    }

    @Test
    void anOfflineSubscriptionHasNoConsumers() {
        createTupleTopic("t", 1, twoColumns());
        String subscription = subscribe();
        client.updateSubscriptionState(project, "t", subscription, SubscriptionState.OFFLINE);
        assertThrows(
                SubscriptionOfflineException.class, () -> new Consumer(project, "t", subscription, consuming()));
    }

    @Test
    void theHttpOptionsOfTheClientWork() {
        createBlobTopic("t", 1);
        HttpConfig http = new HttpConfig().setUserHeader(Map.of("x-datahub-trace", "yes")).setConnTimeout(2000);
        assertEquals(
                1, Protocol.PROTOBUF.connect(home().url, http).getTopic(project, "t").getShardCount());
    }
}
