package io.hubstream.interop;

import com.aliyun.datahub.client.DatahubClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which operations of the official client succeeded at least once in these tests. */
final class Calls {
    private static final Set<Method> SUCCEEDED = ConcurrentHashMap.newKeySet();

    private Calls() {}

    /** A client that notes its calls. */
    static DatahubClient recorded(DatahubClient client) {
        return (DatahubClient) Proxy.newProxyInstance(
                DatahubClient.class.getClassLoader(), new Class<?>[] {DatahubClient.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(client, arguments);
                        SUCCEEDED.add(method);
                        return result;
                    } catch (InvocationTargetException error) {
                        throw error.getCause();
                    }
                });
    }

    static boolean succeeded(Method method) {
        return SUCCEEDED.contains(method);
    }
}
