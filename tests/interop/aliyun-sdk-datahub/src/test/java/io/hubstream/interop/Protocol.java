package io.hubstream.interop;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.DatahubClientBuilder;
import com.aliyun.datahub.client.auth.AliyunAccount;
import com.aliyun.datahub.client.common.DatahubConfig;
import com.aliyun.datahub.client.http.HttpConfig;
import com.aliyun.datahub.client.model.CompressType;

/** How the official client exchanges records. */
enum Protocol {
    JSON,
    PROTOBUF,
    BATCH,
    /** Batches whose columns are those of a version in the topic's schema registry. */
    BATCH_WITH_REGISTRY;

    DatahubClient connect(String url, CompressType compression) {
        return connect(url, new HttpConfig().setCompressType(compression));
    }

    DatahubClient connect(String url, HttpConfig http) {
        AliyunAccount account = new AliyunAccount(Emulator.ACCESS_ID, Emulator.ACCESS_KEY);
        DatahubConfig config = new DatahubConfig(url, account, this != JSON);
        if (this == BATCH_WITH_REGISTRY) {
            config.setEnableSchemaRegistry(true);
        } else if (this == BATCH) {
            config.setEnableBatch(true);
        }
        DatahubClient client = DatahubClientBuilder.newBuilder()
                .setDatahubConfig(config)
                .setHttpConfig(http)
                .setUserAgent("interop")
                .build();
        return Calls.recorded(client);
    }
}
