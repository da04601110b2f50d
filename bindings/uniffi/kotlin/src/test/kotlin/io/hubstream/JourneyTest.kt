package io.hubstream

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class JourneyTest {
    @Test
    fun projects() = runBlocking {
        Emulator.start(EmulatorOptions()).use { emulator ->
            val hub = DataHub(mapOf("endpoint" to emulator.datahubUrl()!!, "access_id" to "emulator", "access_key" to "emulator"))
            hub.createProject("shop", "tests")
            assertEquals(listOf("shop"), hub.listProject().projectNames)
        }
    }
}
