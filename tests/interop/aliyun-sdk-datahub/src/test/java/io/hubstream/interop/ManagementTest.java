package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.ResourceAlreadyExistException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.model.AlarmLevel;
import com.aliyun.datahub.client.model.AlarmRule;
import com.aliyun.datahub.client.model.AlarmType;
import com.aliyun.datahub.client.model.ConnectorDoneDelayAlarmRule;
import com.aliyun.datahub.client.model.GetAlarmRuleResult;
import com.aliyun.datahub.client.model.GetKafkaGroupResult;
import com.aliyun.datahub.client.model.ListAlarmRuleResult;
import com.aliyun.datahub.client.model.SubReadDelayAlarmRule;
import com.aliyun.datahub.client.model.SubscriptionEntry;
import com.aliyun.datahub.client.model.TopicNoDataAlarmRule;
import com.aliyun.datahub.client.model.UpdateKafkaGroupMode;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Alarm rules, the log of changes, and groups of Kafka clients. */
class ManagementTest extends InteropTest {
    @BeforeEach
    void createTopics() {
        createBlobTopic("t", 1);
        createBlobTopic("u", 1);
    }

    private static <T extends AlarmRule> T told(T rule) {
        rule.setLevel(AlarmLevel.CRITICAL);
        rule.setMailList(List.of("one@example.org", "other@example.org"));
        rule.setPhoneList(List.of("123"));
        return rule;
    }

    private static TopicNoDataAlarmRule silence(int seconds) {
        TopicNoDataAlarmRule rule = told(new TopicNoDataAlarmRule());
        rule.setSuspendSecond(seconds);
        return rule;
    }

    @Test
    void alarmRulesAreKept() {
        String id = client.createAlarmRule(project, "t", silence(600)).getAlarmId();
        GetAlarmRuleResult got = client.getAlarmRule(project, "t", id);
        assertEquals(id, got.getAlarmId());
        assertEquals(project, got.getProjectName());
        assertEquals("t", got.getTopicName());
        assertEquals(AlarmType.USER_TOPIC_NO_DATA, got.getAlarmType());
        assertEquals(600, ((TopicNoDataAlarmRule) got.getRule()).getSuspendSecond());
        assertEquals(AlarmLevel.CRITICAL, got.getRule().getLevel());
        assertEquals(List.of("one@example.org", "other@example.org"), got.getRule().getMailList());
        assertEquals(List.of("123"), got.getRule().getPhoneList());
        assertTrue(got.getCreateTime() > 0);
        client.updateAlarmRule(project, "t", id, silence(900));
        got = client.getAlarmRule(project, "t", id);
        assertEquals(900, ((TopicNoDataAlarmRule) got.getRule()).getSuspendSecond());
        client.deleteAlarmRule(project, "t", id);
        assertFails(DatahubClientException.class, "NoSuchAlarmRule", () -> client.getAlarmRule(project, "t", id));
        assertFails(DatahubClientException.class, "NoSuchAlarmRule", () -> client.deleteAlarmRule(project, "t", id));
    }

    @Test
    void alarmRulesOfEveryTypeAreListed() {
        SubReadDelayAlarmRule delay = told(new SubReadDelayAlarmRule());
        delay.setSubId("subscription");
        delay.setDelaySecond(60);
        ConnectorDoneDelayAlarmRule done = told(new ConnectorDoneDelayAlarmRule());
        done.setConnectorId("connector");
        done.setDelaySecond(120);
        for (AlarmRule rule : List.of(silence(600), delay, done)) {
            client.createAlarmRule(project, "t", rule);
        }
        ListAlarmRuleResult all = client.listAlarmRule(project, "t");
        assertEquals(3, all.getTotalCount());
        assertEquals(1, all.getPageCount());
        assertEquals(
                List.of(AlarmType.values()),
                all.getAlarmRules().stream().map(entry -> entry.getAlarmType()).sorted().toList());
        assertEquals(1, client.listAlarmRule(project, "t", 2, 2).getAlarmRules().size());
        assertEquals(0, client.listAlarmRule(project, "u").getTotalCount());
    }

    @Test
    void nothingIsLogged() {
        assertEquals(0, client.listMetaLog(project, "t", 1, 10).getTotalCount());
        assertEquals(List.of(), client.listMetaLog(project, "t", 1, 10).getMetaLogs());
    }

    @Test
    void aKafkaGroupSubscribesToTopics() {
        client.createKafkaGroup(project, "group", "first");
        GetKafkaGroupResult got = client.getKafkaGroup(project, "group");
        assertEquals("first", got.getComment());
        assertEquals(got.getCreateTime(), got.getLastModifyTime());
        assertFalse(got.getCreator().isEmpty());
        assertEquals(List.of("group"), client.listKafkaGroup(project).getGroups());
        client.updateKafkaGroup(project, "group", "second");
        assertEquals("second", client.getKafkaGroup(project, "group").getComment());

        client.updateTopicsForKafkaGroup(project, "group", List.of("t", "u"), UpdateKafkaGroupMode.ADD);
        assertEquals(List.of("t", "u"), client.ListTopicByKafkaGroup(project, "group").getTopicNames());
        for (SubscriptionEntry entry :
                client.listSubscriptionByKafkaGroup(project, "group").getSubscriptions()) {
            client.getSubscription(project, entry.getTopicName(), entry.getSubId());
        }
        client.updateTopicsForKafkaGroup(project, "group", List.of("t"), UpdateKafkaGroupMode.REMOVE);
        assertEquals(List.of("u"), client.ListTopicByKafkaGroup(project, "group").getTopicNames());
        assertEquals(0, client.listSubscription(project, "t", 1, 10).getTotalCount());
        assertFails(
                ResourceAlreadyExistException.class,
                "ResourceAlreadyExist",
                () -> client.createKafkaGroup(project, "group", "again"));
        client.deleteKafkaGroup(project, "group");
        assertFails(ResourceNotFoundException.class, "ResourceNotFound", () -> client.getKafkaGroup(project, "group"));
        assertEquals(List.of(), client.listKafkaGroup(project).getGroups());
    }
}
