package io.hubstream

import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Errors, credentials, many calls at once, and calls that end early. */
class CallsTest : EmulatorTest() {
    @Test
    fun `an error tells everything`() {
        val hub = DataHub(settings())
        val error = assertThrows<HubstreamException> { runBlocking { hub.getTopic("nobody", "nothing") } }
        assertTrue(error is HubstreamException.NotFound)
        val details = error.details()
        assertEquals("not_found", details.kind)
        assertEquals("NoSuchProject", details.code)
        assertEquals(404.toUShort(), details.httpStatus)
        assertEquals(1u, details.attempts)
        assertEquals("datahub", details.service)
        assertEquals("GetTopic", details.operation)
        assertTrue(details.requestId.isNotEmpty())
        assertFalse(details.isTemporary)
        assertTrue(error.message!!.contains(details.summary), error.message)
    }

    @Test
    fun `an unknown setting names the nearest`() {
        val error = assertThrows<HubstreamException.InvalidArgument> { DataHub(mapOf("endpiont" to "x")) }
        assertTrue(error.details.reason.contains("did you mean `endpoint`"))
    }

    @Test
    fun `retries are logged`() = runBlocking {
        val port = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { it.localPort }
        val hub = DataHub(mapOf("endpoint" to "http://127.0.0.1:$port", "max_attempts" to "2"))
        LogReader(LogLevel.DEBUG).use { reader ->
            assertThrows<HubstreamException.Connection> { runBlocking { hub.listProject() } }
            val event = reader.next()!!
            assertEquals("hubstream::http", event.target)
            assertEquals("connection", event.fields["kind"])
            reader.stop()
            assertEquals(null, reader.next())
        }
    }

    @Test
    fun `a provider is asked once per request`() = runBlocking {
        val calls = AtomicInteger()
        val provider = object : CredentialProvider {
            override suspend fun credentials(): Credentials {
                calls.incrementAndGet()
                return Credentials("emulator", "emulator")
            }
        }
        val hub = DataHub(mapOf("endpoint" to emulator.datahubUrl()!!), provider)
        repeat(2) { hub.listProject() }
        assertEquals(2, calls.get())
    }

    @Test
    fun `a provider that fails is named in the error`() {
        val provider = object : CredentialProvider {
            override suspend fun credentials(): Credentials =
                throw CredentialException.Failed("the vault is sealed")
        }
        val hub = DataHub(mapOf("endpoint" to emulator.datahubUrl()!!), provider)
        val error = assertThrows<HubstreamException.Unauthenticated> { runBlocking { hub.listProject() } }
        assertTrue(error.details.reason.contains("the vault is sealed"))
    }

    @Test
    fun `secrets are not shown`() {
        assertFalse(Credentials("id", "hush").toString().contains("hush"))
        assertFalse(EmulatorOptions(accessKey = "hush").toString().contains("hush"))
    }

    @Test
    fun `calls run side by side`() = runBlocking {
        val hub = DataHub(settings())
        val project = nextName("project")
        hub.createProject(project)
        val topics = List(16) { "topic_$it" }
        topics.map { async { hub.createBlobTopic(project, it, 1, 1) } }.forEach { it.await() }
        assertEquals(topics.toSet(), hub.listTopic(project).topicNames.toSet())
    }

    @Test
    fun `a cancelled call closes its connection`() = runBlocking {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
            val endpoint = "http://127.0.0.1:${server.localPort}"
            val hub = DataHub(mapOf("endpoint" to endpoint, "access_id" to "a", "access_key" to "b"))
            val call = launch { hub.listProject() }
            withContext(Dispatchers.IO) {
                server.accept().use { connection ->
                    val input = connection.getInputStream()
                    input.read()
                    call.cancelAndJoin()
                    // Ends only when the client's side of the connection is closed.
                    input.readAllBytes()
                }
            }
            assertTrue(call.isCancelled)
        }
    }
}
