package io.hubstream.interop;

import com.aliyun.datahub.client.model.ConnectorConfig;
import com.aliyun.datahub.client.model.ConnectorType;
import com.aliyun.datahub.client.model.DelimiterParserConfig;
import com.aliyun.datahub.client.model.SinkAdsConfig;
import com.aliyun.datahub.client.model.SinkConfig.AuthMode;
import com.aliyun.datahub.client.model.SinkDatahubConfig;
import com.aliyun.datahub.client.model.SinkEsConfig;
import com.aliyun.datahub.client.model.SinkFcConfig;
import com.aliyun.datahub.client.model.SinkHologresConfig;
import com.aliyun.datahub.client.model.SinkMysqlConfig;
import com.aliyun.datahub.client.model.SinkOdpsConfig;
import com.aliyun.datahub.client.model.SinkOssConfig;
import com.aliyun.datahub.client.model.SinkOtsConfig;
import com.aliyun.datahub.client.model.SourceDtsConfig;
import java.util.List;

/** Settings for a connector of every type. */
final class Configs {
    private Configs() {}

    static ConnectorConfig of(ConnectorType type) {
        ConnectorConfig config =
                switch (type) {
                    case SINK_ODPS -> odps(SinkOdpsConfig.PartitionMode.EVENT_TIME);
                    case SINK_DATAHUB -> datahub(new SinkDatahubConfig());
                    case SINK_OSS -> oss();
                    case SINK_ES -> es();
                    case SINK_ADS -> database(new SinkAdsConfig());
                    case SINK_MYSQL -> database(new SinkMysqlConfig());
                    case SINK_FC -> fc();
                    case SINK_OTS -> ots();
                    case SINK_HOLOGRES -> hologres();
                    case SOURCE_DTS -> dts();
                };
        config.setTimestampUnit(ConnectorConfig.TimestampUnit.MILLISECOND);
        return config;
    }

    static SinkOdpsConfig odps(SinkOdpsConfig.PartitionMode mode) {
        SinkOdpsConfig config = new SinkOdpsConfig();
        config.setProject("p");
        config.setTable("t");
        config.setEndpoint("http://odps");
        config.setTunnelEndpoint("http://tunnel");
        config.setAccessId("id");
        config.setAccessKey("secret");
        config.setPartitionMode(mode);
        config.setBase64Encode(true);
        config.setSplitKey("0");
        if (mode != SinkOdpsConfig.PartitionMode.USER_DEFINE) {
            config.setTimeRange(30);
            config.setTimeZone("Asia/Shanghai");
            SinkOdpsConfig.PartitionConfig partition = new SinkOdpsConfig.PartitionConfig();
            partition.addConfig("ds", "%Y%m%d");
            partition.addConfig("hh", "%H");
            partition.addConfig("mm", "%M");
            config.setPartitionConfig(partition);
        }
        return config;
    }

    private static <T extends SinkDatahubConfig> T datahub(T config) {
        config.setEndpoint("http://datahub");
        config.setProjectName("other");
        config.setTopicName("copy");
        config.setAuthMode(AuthMode.AK);
        config.setAccessId("id");
        config.setAccessKey("secret");
        return config;
    }

    private static SinkHologresConfig hologres() {
        SinkHologresConfig config = datahub(new SinkHologresConfig());
        config.setInstanceId("instance");
        DelimiterParserConfig parser = new DelimiterParserConfig();
        parser.setLineDelimiter("\n");
        parser.setColumnDelimiter("|");
        parser.setNullValue("NULL");
        parser.setColumnNames(List.of("id", "name"));
        config.setBinaryParserConfig(parser);
        return config;
    }

    private static SinkOssConfig oss() {
        SinkOssConfig config = new SinkOssConfig();
        config.setEndpoint("http://oss");
        config.setBucket("bucket");
        config.setPrefix("prefix");
        config.setTimeFormat("%Y%m%d%H%M");
        config.setTimeRange(60);
        config.setAuthMode(AuthMode.STS);
        return config;
    }

    private static SinkEsConfig es() {
        SinkEsConfig config = new SinkEsConfig();
        config.setIndex("index");
        config.setEndpoint("http://es");
        config.setUser("user");
        config.setPassword("secret");
        config.setIdFields(List.of("id"));
        config.setTypeFields(List.of("id", "name"));
        config.setRouterFields(List.of("name"));
        config.setProxyMode(false);
        return config;
    }

    private static <T extends SinkMysqlConfig> T database(T config) {
        config.setHost("host");
        config.setPort(3307);
        config.setDatabase("database");
        config.setTable("table");
        config.setUser("user");
        config.setPassword("secret");
        config.setInsertMode(SinkMysqlConfig.InsertMode.OVERWRITE);
        return config;
    }

    private static SinkFcConfig fc() {
        SinkFcConfig config = new SinkFcConfig();
        config.setEndpoint("http://fc");
        config.setService("service");
        config.setFunction("function");
        config.setAuthMode(AuthMode.AK);
        config.setAccessId("id");
        config.setAccessKey("secret");
        config.setInvokeType(SinkFcConfig.InvokeType.ASYNC);
        return config;
    }

    private static SinkOtsConfig ots() {
        SinkOtsConfig config = new SinkOtsConfig();
        config.setEndpoint("http://ots");
        config.setInstance("instance");
        config.setTable("table");
        config.setWriteMode(SinkOtsConfig.WriteMode.UPDATE);
        config.setAuthMode(AuthMode.STS);
        return config;
    }

    private static SourceDtsConfig dts() {
        SourceDtsConfig config = new SourceDtsConfig();
        config.setEndpoint("http://dts");
        config.setTopic("topic");
        config.setSubId("sub");
        config.setUser("user");
        config.setPassword("secret");
        config.setIdFields(List.of("id"));
        return config;
    }
}
