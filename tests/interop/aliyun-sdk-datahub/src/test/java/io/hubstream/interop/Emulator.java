package io.hubstream.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** An emulator process that serves DataHub on a free port, for as long as the tests run. */
final class Emulator implements AutoCloseable {
    static final String ACCESS_ID = "interop-id";
    static final String ACCESS_KEY = "interop-key";

    private static final Pattern READY = Pattern.compile("\"datahub\":\"([^\"]+)\"");

    final String url;
    private final Process process;
    private final BufferedReader output;

    private Emulator(String limits) {
        List<String> command = new ArrayList<>(Arrays.asList(System.getenv("HUBSTREAM_EMULATOR").split(" ")));
        command.addAll(List.of("--datahub", "127.0.0.1:0", "--limits", limits));
        command.addAll(List.of("--access-id", ACCESS_ID, "--access-key", ACCESS_KEY));
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            Matcher ready = READY.matcher(String.valueOf(output.readLine()));
            if (!ready.find()) {
                throw new IllegalStateException("the emulator did not start: " + String.join(" ", command));
            }
            url = ready.group(1);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The emulator with these limits, which all tests share. */
    static Emulator shared(ExtensionContext context, String limits) {
        return context.getRoot()
                .getStore(Namespace.create(Emulator.class))
                .getOrComputeIfAbsent(limits, Emulator::new, Emulator.class);
    }

    /** Replaces the faults that happen to requests; the list is that of the emulator's fault API. */
    void setFaults(String faults) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url + "/_hubstream/faults").toURL().openConnection();
        connection.setRequestMethod("PUT");
        connection.setDoOutput(true);
        try (OutputStreamWriter body = new OutputStreamWriter(connection.getOutputStream(), StandardCharsets.UTF_8)) {
            body.write("{\"seed\": 1, \"faults\": " + faults + "}");
        }
        if (connection.getResponseCode() != 200) {
            throw new IOException("the emulator answered " + connection.getResponseCode() + " to faults");
        }
        connection.getInputStream().close();
    }

    /** Asks the process to end and checks that it does so cleanly. */
    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("the emulator does not end");
        }
        output.close();
        if (process.exitValue() != 0) {
            throw new IllegalStateException("the emulator ended with " + process.exitValue());
        }
    }
}
