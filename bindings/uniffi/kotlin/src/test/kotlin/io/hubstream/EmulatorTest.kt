package io.hubstream

import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.BeforeAll

/** A test against an emulator of its own. */
abstract class EmulatorTest {
    companion object {
        lateinit var emulator: Emulator
        private val names = AtomicInteger()

        @JvmStatic
        @BeforeAll
        fun start() {
            emulator = runBlocking { Emulator.start(EmulatorOptions()) }
        }

        @JvmStatic
        @AfterAll
        fun stop() {
            runBlocking { emulator.stop() }
            emulator.close()
        }
    }

    fun nextName(prefix: String) = "${prefix}_${names.incrementAndGet()}"

    fun settings(vararg more: Pair<String, String>) = mapOf(
        "endpoint" to emulator.datahubUrl()!!,
        "access_id" to emulator.accessId(),
        "access_key" to emulator.accessKey(),
        *more,
    )

    /** Makes a project and a tuple topic whose shards are ready. */
    suspend fun tupleTopic(hub: DataHub, schema: RecordSchema, shards: Long = 1): Pair<String, String> {
        val project = nextName("project")
        hub.createProject(project)
        hub.createTupleTopic(project, "records", shards, 7, schema)
        hub.waitShardsReady(project, "records")
        return Pair(project, "records")
    }
}
