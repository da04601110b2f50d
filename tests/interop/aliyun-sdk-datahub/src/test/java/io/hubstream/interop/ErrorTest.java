package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aliyun.datahub.client.DatahubClient;
import com.aliyun.datahub.client.DatahubClientBuilder;
import com.aliyun.datahub.client.auth.AliyunAccount;
import com.aliyun.datahub.client.common.DatahubConfig;
import com.aliyun.datahub.client.exception.AuthorizationFailureException;
import com.aliyun.datahub.client.exception.DatahubClientException;
import com.aliyun.datahub.client.exception.ExpiredAccessTokenException;
import com.aliyun.datahub.client.exception.InvalidParameterException;
import com.aliyun.datahub.client.exception.LimitExceededException;
import com.aliyun.datahub.client.exception.MalformedRecordException;
import com.aliyun.datahub.client.exception.NoPermissionException;
import com.aliyun.datahub.client.exception.OperationDeniedException;
import com.aliyun.datahub.client.exception.ResourceAlreadyExistException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.exception.ResourceOfflineException;
import com.aliyun.datahub.client.exception.SeekOutOfRangeException;
import com.aliyun.datahub.client.exception.ServiceInProcessException;
import com.aliyun.datahub.client.exception.ShardNotFoundException;
import com.aliyun.datahub.client.exception.ShardSealedException;
import com.aliyun.datahub.client.exception.SubscriptionOfflineException;
import com.aliyun.datahub.client.exception.SubscriptionOffsetResetException;
import com.aliyun.datahub.client.exception.SubscriptionSessionInvalidException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Errors that the service rarely gives, and who is let in. */
class ErrorTest extends InteropTest {
    static Stream<Arguments> codes() {
        return Stream.of(
                Arguments.of("InvalidCursor", InvalidParameterException.class),
                Arguments.of("NoSuchShard", ShardNotFoundException.class),
                Arguments.of("NoSuchMeteringInfo", ResourceNotFoundException.class),
                Arguments.of("ConnectorAlreadyExist", ResourceAlreadyExistException.class),
                Arguments.of("SeekOutOfRange", SeekOutOfRangeException.class),
                Arguments.of("Unauthorized", AuthorizationFailureException.class),
                Arguments.of("NoPermission", NoPermissionException.class),
                Arguments.of("OperationDenied", OperationDeniedException.class),
                Arguments.of("InvalidShardOperation", ShardSealedException.class),
                Arguments.of("LimitExceeded", LimitExceededException.class),
                Arguments.of("SubscriptionOffline", SubscriptionOfflineException.class),
                Arguments.of("OffsetSessionChanged", SubscriptionSessionInvalidException.class),
                Arguments.of("OffsetSessionClosed", SubscriptionSessionInvalidException.class),
                Arguments.of("OffsetReseted", SubscriptionOffsetResetException.class),
                Arguments.of("MalformedRecord", MalformedRecordException.class),
                Arguments.of("ConsumerGroupInProcess", ServiceInProcessException.class),
                Arguments.of("ExpiredAccessToken", ExpiredAccessTokenException.class),
                Arguments.of("TopicOffline", ResourceOfflineException.class),
                Arguments.of("InternalServerError", DatahubClientException.class));
    }

    @ParameterizedTest
    @MethodSource("codes")
    void everyCodeHasItsClass(String code, Class<? extends DatahubClientException> type) throws Exception {
        String error = "{\"error\": {\"status\": 418, \"code\": \"" + code + "\", \"message\": \"for a test\"}}";
        try {
            home().setFaults("[{\"operation\": \"ListTopic\", \"effect\": " + error + ", \"count\": 1}]");
            DatahubClientException thrown =
                    assertThrows(DatahubClientException.class, () -> client.listTopic(project));
            assertEquals(type, thrown.getClass());
            assertEquals(code, thrown.getErrorCode());
            assertEquals("for a test", thrown.getErrorMessage());
            assertEquals(418, thrown.getHttpStatus());
        } finally {
            home().setFaults("[]");
        }
    }

    private DatahubClient connect(AliyunAccount account) {
        return DatahubClientBuilder.newBuilder()
                .setDatahubConfig(new DatahubConfig(home().url, account))
                .build();
    }

    @Test
    void onlyWhoSignsIsLetIn() {
        for (AliyunAccount account : new AliyunAccount[] {
            new AliyunAccount(Emulator.ACCESS_ID, "another key"),
            new AliyunAccount("another id", Emulator.ACCESS_KEY),
            new AliyunAccount("", ""),
        }) {
            assertFails(
                    AuthorizationFailureException.class, "Unauthorized", () -> connect(account).getProject(project));
        }
    }

    @Test
    void aTokenIsSigned() {
        AliyunAccount account = new AliyunAccount(Emulator.ACCESS_ID, Emulator.ACCESS_KEY, "an STS token");
        assertEquals("a test", connect(account).getProject(project).getComment());
    }
}
