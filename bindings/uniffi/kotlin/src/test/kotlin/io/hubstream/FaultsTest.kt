package io.hubstream

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** What an emulator does wrong on request. */
class FaultsTest : EmulatorTest() {
    @AfterEach
    fun clear() = emulator.clearFaults()

    @Test
    fun `a fault happens until it is removed`() = runBlocking {
        val hub = DataHub(settings("max_attempts" to "2"))
        val fault = Fault("ListProject", FaultEffect.Throttle, service = "datahub", retryAfterSeconds = 0u)
        emulator.setFaults(listOf(fault), 3u)
        val error = assertThrows<HubstreamException.RateLimited> { runBlocking { hub.listProject() } }
        assertEquals(2u, error.details.attempts)
        assertEquals(0.0, error.details.retryAfter)
        assertEquals(listOf(StruckFault(fault, 2u)), emulator.faults())
        emulator.clearFaults()
        hub.listProject()
        assertEquals(emptyList<StruckFault>(), emulator.faults())
    }

    @Test
    fun `all effects are taken`() {
        val effects = listOf(
            FaultEffect.Drop,
            FaultEffect.Half,
            FaultEffect.CorruptCrc,
            FaultEffect.Latency(5u),
            FaultEffect.Failure(503u, "Busy", ""),
            FaultEffect.Throttle,
            FaultEffect.ClockSkew(-5),
        )
        emulator.setFaults(effects.map { Fault("*", it) }, 0u)
        assertEquals(effects, emulator.faults().map { it.fault.effect })
    }

    @Test
    fun `what is wrong is said with its place`() {
        val error = assertThrows<HubstreamException.InvalidArgument> {
            emulator.setFaults(listOf(Fault("PutRecord", FaultEffect.Drop, moment = FaultMoment.BEFORE)), 0u)
        }
        assertTrue(error.details.reason.contains("faults[0].operation"))
    }
}
