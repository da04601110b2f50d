package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.SubscriptionOfflineException;
import com.aliyun.datahub.client.exception.SubscriptionOffsetResetException;
import com.aliyun.datahub.client.model.HeartbeatResult;
import com.aliyun.datahub.client.model.JoinGroupResult;
import com.aliyun.datahub.client.model.SubscriptionOffset;
import com.aliyun.datahub.client.model.SubscriptionState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumers that share the shards of a subscription, step by step. */
class GroupTest extends InteropTest {
    private String subscription;

    @Override
    Emulator home() {
        return relaxed;
    }

    @BeforeEach
    void subscribe() {
        createBlobTopic("t", 3);
        subscription = client.createSubscription(project, "t", "group").getSubId();
    }

    /** A member that beats when it is told to. */
    private final class Member {
        private final JoinGroupResult joined = client.joinGroup(project, "t", subscription, 60_000);
        private List<String> shards = List.of();

        List<String> beat(String... readEnd) {
            HeartbeatResult result = client.heartbeat(
                    project,
                    "t",
                    subscription,
                    joined.getConsumerId(),
                    joined.getVersionId(),
                    shards,
                    List.of(readEnd));
            shards = result.getShardList();
            return shards;
        }

        void release(List<String> shards, String... readEnd) {
            client.syncGroup(
                    project,
                    "t",
                    subscription,
                    joined.getConsumerId(),
                    joined.getVersionId(),
                    shards,
                    List.of(readEnd));
        }

        void leave() {
            client.leaveGroup(project, "t", subscription, joined.getConsumerId(), joined.getVersionId());
        }
    }

    @Test
    void shardsMoveInTwoSteps() {
        Member first = new Member();
        assertEquals(60_000, first.joined.getSessionTimeout());
        assertTrue(first.joined.getVersionId() > 0);
        assertEquals(List.of("0", "1", "2"), first.beat().stream().sorted().toList());
        Member second = new Member();
        assertEquals(List.of(), second.beat());
        List<String> before = List.copyOf(first.shards);
        List<String> kept = first.beat();
        assertEquals(2, kept.size());
        assertEquals(List.of(), second.beat());
        List<String> released = new ArrayList<>(before);
        released.removeAll(kept);
        first.release(released);
        assertEquals(released, second.beat());
        first.leave();
        assertEquals(3, second.beat().size());
        assertFails(ResourceNotFoundException.class, "NoSuchConsumer", first::beat);
        assertFails(ResourceNotFoundException.class, "NoSuchConsumer", first::leave);
    }

    @Test
    void aFourthMemberOfThreeShardsWaits() {
        List<Member> members = Stream.generate(Member::new).limit(4).toList();
        List<Integer> sizes = members.stream().map(member -> member.beat().size()).sorted().toList();
        assertEquals(List.of(0, 1, 1, 1), sizes);
    }

    @Test
    void childrenComeAfterTheirParents() {
        Member member = new Member();
        member.beat();
        client.splitShard(project, "t", "0");
        assertEquals(List.of("0", "1", "2"), member.beat().stream().sorted().toList());
        member.release(List.of(), "0");
        assertEquals(List.of("1", "2", "3", "4"), member.beat("0").stream().sorted().toList());
    }

    @Test
    void aResetReachesMembers() {
        Member member = new Member();
        member.beat();
        SubscriptionOffset start = new SubscriptionOffset();
        client.resetSubscriptionOffset(project, "t", subscription, Map.of("0", start));
        assertFails(SubscriptionOffsetResetException.class, "OffsetReseted", member::beat);
        assertFails(
                SubscriptionOffsetResetException.class, "OffsetReseted", () -> member.release(List.of("0")));
    }

    @Test
    void onlyAnOnlineSubscriptionIsJoined() {
        client.updateSubscriptionState(project, "t", subscription, SubscriptionState.OFFLINE);
        assertFails(SubscriptionOfflineException.class, "SubscriptionOffline", Member::new);
        client.deleteSubscription(project, "t", subscription);
        assertFails(ResourceNotFoundException.class, "NoSuchSubscription", Member::new);
    }
}
