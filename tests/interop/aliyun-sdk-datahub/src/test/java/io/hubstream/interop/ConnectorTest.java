package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.OperationDeniedException;
import com.aliyun.datahub.client.exception.ResourceAlreadyExistException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.model.ConnectorConfig;
import com.aliyun.datahub.client.model.ConnectorOffset;
import com.aliyun.datahub.client.model.ConnectorShardState;
import com.aliyun.datahub.client.model.ConnectorShardStatusEntry;
import com.aliyun.datahub.client.model.ConnectorState;
import com.aliyun.datahub.client.model.ConnectorType;
import com.aliyun.datahub.client.model.Field;
import com.aliyun.datahub.client.model.FieldType;
import com.aliyun.datahub.client.model.GetConnectorDoneTimeResult;
import com.aliyun.datahub.client.model.GetConnectorResult;
import com.aliyun.datahub.client.model.SinkOdpsConfig;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("deprecation")
class ConnectorTest extends InteropTest {
    private static final ConnectorType ODPS = ConnectorType.SINK_ODPS;
    private static final SinkOdpsConfig CONFIG = Configs.odps(SinkOdpsConfig.PartitionMode.SYSTEM_TIME);

    @BeforeEach
    void createTopic() {
        createTupleTopic("t", 2, twoColumns());
    }

    private String createOdps() {
        return client.createConnector(project, "t", ODPS, 10_000_000, List.of("id"), CONFIG).getConnectorId();
    }

    /** What a config says, without what the service keeps to itself. */
    private static ObjectNode described(ConnectorConfig config) {
        ObjectNode members = new ObjectMapper().valueToTree(config);
        members.remove(List.of("AccessKey", "Password"));
        return members;
    }

    @ParameterizedTest
    @EnumSource(ConnectorType.class)
    void everyTypeIsKept(ConnectorType type) {
        ConnectorConfig config = Configs.of(type);
        String id = client.createConnector(project, "t", type, List.of("id", "name"), config).getConnectorId();
        for (GetConnectorResult got :
                List.of(client.getConnector(project, "t", id), client.getConnector(project, "t", type))) {
            assertEquals(id, got.getConnectorId());
            assertEquals(type, got.getType());
            assertEquals(ConnectorState.RUNNING, got.getState());
            assertEquals(List.of("id", "name"), got.getColumnFields());
            assertEquals(
                    config instanceof com.aliyun.datahub.client.model.SinkAdsConfig
                            ? described(Configs.of(ConnectorType.SINK_MYSQL))
                            : described(config),
                    described(got.getConfig()));
            assertFalse(got.getClusterAddr().isEmpty());
            assertFalse(got.getCreator().isEmpty());
            assertFalse(got.getSubId().isEmpty());
            assertTrue(got.getCreateTime() > 0);
            assertEquals(2, got.getShardContexts().size());
        }
        client.updateConnector(project, "t", type, Configs.of(type));
        assertEquals(List.of(id), client.listConnector(project, "t").getConnectorIds());
        client.deleteConnector(project, "t", type);
        assertEquals(List.of(), client.listConnector(project, "t").getConnectorIds());
    }

    @ParameterizedTest
    @EnumSource(SinkOdpsConfig.PartitionMode.class)
    void everyPartitionModeIsKept(SinkOdpsConfig.PartitionMode mode) {
        SinkOdpsConfig config = Configs.odps(mode);
        client.createConnector(project, "t", ODPS, List.of("id"), config);
        SinkOdpsConfig got = (SinkOdpsConfig) client.getConnector(project, "t", ODPS).getConfig();
        assertEquals(mode, got.getPartitionMode());
        if (mode == SinkOdpsConfig.PartitionMode.USER_DEFINE) {
            assertEquals(null, got.getPartitionConfig());
        } else {
            Map<String, String> expected = config.getPartitionConfig().getConfigMap();
            Map<String, String> partition = got.getPartitionConfig().getConfigMap();
            assertEquals(List.copyOf(expected.entrySet()), List.copyOf(partition.entrySet()));
        }
    }

    @Test
    void aConnectorChanges() {
        String id = createOdps();
        SinkOdpsConfig got = (SinkOdpsConfig) client.getConnector(project, "t", id).getConfig();
        got.setTimeRange(60);
        got.setTable("other");
        client.updateConnector(project, "t", id, got);
        assertEquals(60, ((SinkOdpsConfig) client.getConnector(project, "t", id).getConfig()).getTimeRange());
        assertEquals(3600, client.getConnectorDoneTime(project, "t", id).getTimeWindow());
        client.updateConnector(project, "t", id, Map.of("id", "key"));
        assertEquals(Map.of("id", "key"), client.getConnector(project, "t", id).getColumnNameMap());
        client.updateConnector(project, "t", id, List.of("name"));
        assertEquals(List.of("name"), client.getConnector(project, "t", id).getColumnFields());
        client.updateConnector(project, "t", id, CONFIG, Map.of("name", "label"), List.of("id", "name"));
        GetConnectorResult all = client.getConnector(project, "t", id);
        assertEquals(Map.of("name", "label"), all.getColumnNameMap());
        assertEquals(List.of("id", "name"), all.getColumnFields());
        assertEquals("t", ((SinkOdpsConfig) all.getConfig()).getTable());
    }

    @Test
    void columnsMayHaveOtherNames() {
        Map<String, String> names = Map.of("id", "key", "name", "label");
        String id = client.createConnector(project, "t", ODPS, -1, List.of("id", "name"), CONFIG, names)
                .getConnectorId();
        assertEquals(names, client.getConnector(project, "t", id).getColumnNameMap());
    }

    @Test
    void columnsAreAppended() {
        String id = createOdps();
        client.appendConnectorField(project, "t", id, "name");
        client.appendField(project, "t", new Field("more", FieldType.DOUBLE));
        client.appendConnectorField(project, "t", ODPS, "more");
        assertEquals(List.of("id", "name", "more"), client.getConnector(project, "t", id).getColumnFields());
        for (String bad : new String[] {"name", "unknown"}) {
            assertFails(
                    InvalidParameterException.class,
                    "InvalidParameter",
                    () -> client.appendConnectorField(project, "t", id, bad));
        }
    }

    @Test
    void shardsTellTheirState() {
        String id = createOdps();
        Map<String, ConnectorShardStatusEntry> all =
                client.getConnectorShardStatus(project, "t", id).getStatusEntryMap();
        assertEquals(Set.of("0", "1"), all.keySet());
        assertEquals(
                all.keySet(), client.getConnectorShardStatus(project, "t", ODPS).getStatusEntryMap().keySet());
        for (ConnectorShardStatusEntry status : List.of(
                all.get("0"),
                client.getConnectorShardStatus(project, "t", id, "1"),
                client.getConnectorShardStatus(project, "t", ODPS, "1"))) {
            assertEquals(ConnectorShardState.PLANNED, status.getState());
            assertEquals(10_000_000, status.getCurrTimestamp());
            assertEquals(-1, status.getCurrSequence());
            assertEquals(0, status.getDoneTime());
            assertEquals(0, status.getDiscardCount());
            assertEquals("Loading", status.getLastErrorMessage());
            assertTrue(status.getUpdateTime() > 0);
        }
        assertFails(
                ShardNotFoundException.class,
                "NoSuchShard",
                () -> client.getConnectorShardStatus(project, "t", id, "9"));
        client.reloadConnector(project, "t", id);
        client.reloadConnector(project, "t", ODPS);
        client.reloadConnector(project, "t", id, "0");
        client.reloadConnector(project, "t", ODPS, "1");
    }

    @Test
    void offsetsChangeWhileStopped() {
        String id = createOdps();
        ConnectorOffset offset = new ConnectorOffset();
        offset.setSequence(10);
        offset.setTimestamp(1000);
        assertFails(
                OperationDeniedException.class,
                "OperationDenied",
                () -> client.updateConnectorOffset(project, "t", id, "0", offset));
        client.updateConnectorState(project, "t", id, ConnectorState.STOPPED);
        assertEquals(ConnectorState.STOPPED, client.getConnector(project, "t", id).getState());
        assertEquals(
                ConnectorShardState.STOPPED,
                client.getConnectorShardStatus(project, "t", id, "0").getState());
        client.updateConnectorOffset(project, "t", id, "0", offset);
        assertEquals(10, client.getConnectorShardStatus(project, "t", id, "0").getCurrSequence());
        assertEquals(1000, client.getConnectorShardStatus(project, "t", id, "0").getCurrTimestamp());
        assertEquals(-1, client.getConnectorShardStatus(project, "t", id, "1").getCurrSequence());
        offset.setSequence(20);
        client.updateConnectorOffset(project, "t", ODPS, "1", offset);
        assertEquals(20, client.getConnectorShardStatus(project, "t", id, "1").getCurrSequence());
        client.updateConnectorState(project, "t", ODPS, ConnectorState.RUNNING);
        assertEquals(ConnectorState.RUNNING, client.getConnector(project, "t", id).getState());
    }

    @Test
    void doneTime() {
        createOdps();
        GetConnectorDoneTimeResult got = client.getConnectorDoneTime(project, "t", ODPS);
        assertTrue(got.getDoneTime() >= 0);
        assertEquals("Asia/Shanghai", got.getTimeZone());
        assertEquals(1800, got.getTimeWindow());
    }

    @Test
    void wrongCallsAreRefused() {
        String id = createOdps();
        assertFails(ResourceAlreadyExistException.class, "ConnectorAlreadyExist", this::createOdps);
        assertFails(
                InvalidParameterException.class,
                "InvalidParameter",
                () -> client.createConnector(
                        project, "t", ConnectorType.SINK_ES, List.of("unknown"), Configs.of(ConnectorType.SINK_ES)));
        client.deleteConnector(project, "t", id);
        assertFails(
                ResourceNotFoundException.class, "NoSuchConnector", () -> client.deleteConnector(project, "t", id));
        assertFails(ResourceNotFoundException.class, "NoSuchConnector", () -> client.getConnector(project, "t", id));
        assertFails(ResourceNotFoundException.class, "NoSuchConnector", () -> client.reloadConnector(project, "t", id));
        assertFails(
                ResourceNotFoundException.class, "NoSuchConnector", () -> client.getConnectorDoneTime(project, "t", id));
    }
}
