package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.exception.SubscriptionOfflineException;
import com.aliyun.datahub.client.exception.SubscriptionOffsetResetException;
import com.aliyun.datahub.client.exception.SubscriptionSessionInvalidException;
import com.aliyun.datahub.client.model.GetSubscriptionResult;
import com.aliyun.datahub.client.model.ListSubscriptionResult;
import com.aliyun.datahub.client.model.SubscriptionEntry;
import com.aliyun.datahub.client.model.SubscriptionOffset;
import com.aliyun.datahub.client.model.SubscriptionState;
import com.aliyun.datahub.client.model.SubscriptionType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Subscriptions, and the offsets of their sessions. */
class SubscriptionTest extends InteropTest {
    private String subscription;

    @BeforeEach
    void subscribe() {
        createBlobTopic("t", 2);
        subscription = client.createSubscription(project, "t", "first").getSubId();
    }

    private SubscriptionOffset open(String shard) {
        return client.openSubscriptionSession(project, "t", subscription, List.of(shard)).getOffsets().get(shard);
    }

    private SubscriptionOffset get(String shard) {
        return client.getSubscriptionOffset(project, "t", subscription, List.of(shard)).getOffsets().get(shard);
    }

    private void commit(SubscriptionOffset offset) {
        client.commitSubscriptionOffset(project, "t", subscription, Map.of("0", offset));
    }

    private static SubscriptionOffset at(SubscriptionOffset session, long sequence, long timestamp) {
        SubscriptionOffset offset = new SubscriptionOffset();
        offset.setSequence(sequence);
        offset.setTimestamp(timestamp);
        offset.setBatchIndex(1);
        if (session != null) {
            offset.setSessionId(session.getSessionId());
            offset.setVersionId(session.getVersionId());
        }
        return offset;
    }

    @Test
    void aSubscriptionTellsWhatItIs() {
        GetSubscriptionResult got = client.getSubscription(project, "t", subscription);
        assertEquals(subscription, got.getSubId());
        assertEquals("first", got.getComment());
        assertEquals("t", got.getTopicName());
        assertEquals(SubscriptionState.ONLINE, got.getState());
        assertEquals(SubscriptionType.USER, got.getType());
        assertEquals(got.getCreateTime(), got.getLastModifyTime());
        assertFalse(got.getCreator().isEmpty());
    }

    @Test
    void aSubscriptionChanges() {
        client.updateSubscription(project, "t", subscription, "second");
        assertEquals("second", client.getSubscription(project, "t", subscription).getComment());
        client.updateSubscriptionState(project, "t", subscription, SubscriptionState.OFFLINE);
        assertEquals(
                SubscriptionState.OFFLINE, client.getSubscription(project, "t", subscription).getState());
        assertFails(SubscriptionOfflineException.class, "SubscriptionOffline", () -> open("0"));
        client.updateSubscriptionState(project, "t", subscription, SubscriptionState.ONLINE);
        assertEquals("second", client.getSubscription(project, "t", subscription).getComment());
        open("0");
    }

    @Test
    void subscriptionsAreListed() {
        Set<String> expected = new HashSet<>(Set.of(subscription));
        for (int number = 0; number < 4; number++) {
            expected.add(client.createSubscription(project, "t", "more").getSubId());
        }
        ListSubscriptionResult all = client.listSubscription(project, "t", 1, 10);
        assertEquals(5, all.getTotalCount());
        Set<String> listed = new HashSet<>();
        for (int page = 1; page <= 3; page++) {
            client.listSubscription(project, "t", page, 2)
                    .getSubscriptions()
                    .forEach(entry -> listed.add(entry.getSubId()));
        }
        assertEquals(expected, listed);
        SubscriptionEntry entry = all.getSubscriptions().get(0);
        assertEquals("t", entry.getTopicName());
        assertEquals(SubscriptionState.ONLINE, entry.getState());
        assertRefusedLocally(() -> client.listSubscription(project, "t", 0, 2));
    }

    @Test
    void aDeletedSubscriptionIsGone() {
        client.deleteSubscription(project, "t", subscription);
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchSubscription",
                () -> client.getSubscription(project, "t", subscription));
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchSubscription",
                () -> client.deleteSubscription(project, "t", subscription));
        assertFails(ResourceNotFoundException.class, "NoSuchSubscription", () -> open("0"));
    }

    @Test
    void sessionsBeginWithNothing() {
        assertEquals(Set.of("0", "1"), client.getSubscriptionOffset(project, "t", subscription, List.of("0", "1"))
                .getOffsets()
                .keySet());
        Map<String, SubscriptionOffset> opened =
                client.openSubscriptionSession(project, "t", subscription, List.of("0", "1")).getOffsets();
        assertEquals(Set.of("0", "1"), opened.keySet());
        for (SubscriptionOffset offset : opened.values()) {
            assertEquals(-1, offset.getSequence());
            assertEquals(-1, offset.getTimestamp());
            assertEquals(0, offset.getVersionId());
            assertEquals("1", offset.getSessionId());
        }
        assertEquals("2", open("0").getSessionId());
        assertFails(ShardNotFoundException.class, "NoSuchShard", () -> open("9"));
    }

    @Test
    void whatIsCommittedIsFound() {
        SubscriptionOffset session = open("0");
        commit(at(session, 3, 1234));
        assertEquals(3, get("0").getSequence());
        assertEquals(1234, get("0").getTimestamp());
        assertEquals(1, get("0").getBatchIndex());
        commit(at(session, 1, 5));
        assertEquals(1, get("0").getSequence());
        SubscriptionOffset next = open("0");
        assertEquals(1, next.getSequence());
        assertEquals(5, next.getTimestamp());
    }

    @Test
    void onlyTheNewestSessionCommits() {
        SubscriptionOffset unopened = at(null, 1, 1);
        unopened.setSessionId("1");
        assertFails(
                SubscriptionSessionInvalidException.class, "OffsetSessionClosed", () -> commit(unopened));
        SubscriptionOffset first = open("0");
        SubscriptionOffset second = open("0");
        assertFails(
                SubscriptionSessionInvalidException.class, "OffsetSessionChanged", () -> commit(at(first, 1, 1)));
        commit(at(second, 1, 1));
        client.updateSubscriptionState(project, "t", subscription, SubscriptionState.OFFLINE);
        assertFails(SubscriptionOfflineException.class, "SubscriptionOffline", () -> commit(at(second, 2, 2)));
    }

    @Test
    void aResetIsNoticed() {
        SubscriptionOffset session = open("0");
        commit(at(session, 7, 7000));
        client.resetSubscriptionOffset(project, "t", subscription, Map.of("0", at(null, 2, 2000)));
        SubscriptionOffset reset = get("0");
        assertEquals(2, reset.getSequence());
        assertEquals(2000, reset.getTimestamp());
        assertEquals(session.getVersionId() + 1, reset.getVersionId());
        assertFails(SubscriptionOffsetResetException.class, "OffsetReseted", () -> commit(at(session, 8, 8000)));
        SubscriptionOffset next = open("0");
        assertEquals(reset.getVersionId(), next.getVersionId());
        commit(at(next, 8, 8000));
        assertEquals(8, get("0").getSequence());
        assertTrue(Long.parseLong(next.getSessionId()) > Long.parseLong(session.getSessionId()));
    }

    @Test
    void anUnknownTopicHasNone() {
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchTopic",
                () -> client.createSubscription(project, "unknown", "c"));
        assertEquals(
                ResourceNotFoundException.class,
                org.junit.jupiter.api.Assertions.assertThrows(
                                DatahubClientException.class,
                                () -> client.listSubscription(project, "unknown", 1, 1))
                        .getClass());
    }
}
