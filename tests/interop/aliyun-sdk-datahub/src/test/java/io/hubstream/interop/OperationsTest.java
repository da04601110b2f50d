package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.aliyun.datahub.client.DatahubClient;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Runs last: no operation of the official client may have been left out. */
@Order(Integer.MAX_VALUE)
class OperationsTest {
    @Test
    @DisabledIfSystemProperty(named = "test", matches = ".+", disabledReason = "only some of the tests ran")
    void everyOperationSucceededOnce() {
        List<String> leftOut = Stream.of(DatahubClient.class.getMethods())
                .filter(method -> !Calls.succeeded(method))
                .map(Method::toGenericString)
                .sorted()
                .toList();
        assertEquals(List.of(), leftOut);
    }
}
