package io.hubstream.scenarios

import io.hubstream.DataHub
import io.hubstream.DisClient
import io.hubstream.Emulator
import io.hubstream.EmulatorOptions
import io.hubstream.Fault
import io.hubstream.FaultEffect
import io.hubstream.FaultMoment
import io.hubstream.HubstreamException
import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** Runs every scenario of tests/scenarios. */
class ScenariosTest {
    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val root = Path.of(System.getProperty("hubstream.scenarios")).toRealPath()
        val files = Scenario.files(root)
        assertTrue(files.isNotEmpty(), "no scenarios in $root")
        return files.flatMap { file ->
            // A file that cannot be read is a test that fails, not one that is missing.
            runCatching { Scenario.read(root, file) }.fold(
                { read -> read.map { dynamicTest(it.name) { succeed(file, it) } } },
                { error -> listOf(dynamicTest(file.toString()) { throw error }) },
            )
        }
    }

    private fun succeed(file: Path, scenario: Scenario) {
        runBlocking { Run(scenario).use { it.all() } }
        succeeded.add(file)
    }

    companion object {
        private val succeeded = mutableListOf<Path>()

        @JvmStatic
        @AfterAll
        fun count() = println("scenarios: ${succeeded.toSet().size} files, ${succeeded.size} runs")
    }
}

/** One run of a scenario, against an emulator of its own. */
private class Run(private val scenario: Scenario) : AutoCloseable {
    private val values = Values(scenario)
    private val expectations = Expectations(values)
    private val emulator = runBlocking {
        Emulator.start(EmulatorOptions(limits = scenario.limits ?: "standard", startTime = START))
    }
    private val clients = mutableMapOf<String, AutoCloseable>()

    suspend fun all() = scenario.steps.forEachIndexed { index, step ->
        try {
            perform(step)
        } catch (error: Throwable) {
            throw AssertionError("${scenario.name}, step ${index + 1} (${step.call ?: "no call"}): ${error.message}", error)
        }
    }

    private suspend fun perform(step: Step) {
        step.advance?.let { emulator.advance(it.toDouble()) }
        step.faults?.let { faults -> emulator.setFaults(faults.map { fault(it.asTable()) }, step.seed.toULong()) }
        step.call?.let { outcome(step, it) }
        step.struck?.let { expectations.check(it, emulator.faults().map { fault -> fault.struck.toLong() }, "struck") }
    }

    private suspend fun outcome(step: Step, call: String) {
        val client = clients.getOrPut(step.client) { client(step.client) }
        val result = try {
            perform(scenario.service, client, call, values.value(step.arguments).asTable())
        } catch (error: HubstreamException) {
            return expectations.check(step.error ?: throw error, facts(error))
        }
        if (step.error != null) throw Difference("should fail, gave $result")
        step.expect?.let { expectations.check(it, result) }
        step.save.forEach { (name, path) -> values.save(name, at(result, path as String)) }
    }

    private fun client(name: String): AutoCloseable {
        val common = mapOf(
            "access_id" to emulator.accessId(),
            "access_key" to emulator.accessKey(),
            "max_attempts" to "1",
        )
        val further = scenario.settings + scenario.clients[name].orEmpty()
        return when (scenario.service) {
            "datahub" -> DataHub(common + ("endpoint" to emulator.datahubUrl()!!) + further)
            else -> DisClient(common + mapOf("endpoint" to emulator.disUrl()!!, "project_id" to "project") + further)
        }
    }

    override fun close() {
        clients.values.forEach(AutoCloseable::close)
        runBlocking { emulator.stop() }
        emulator.close()
    }

    private companion object {
        /** Where the clock of the emulator stands at the start, in seconds since 1970. */
        const val START = 1_800_000_000.0
    }
}

private fun facts(error: HubstreamException): Table = error.details().let { details ->
    mapOf(
        "kind" to details.kind,
        "status" to details.status,
        "code" to details.code,
        "message" to details.reason,
        "service" to details.service,
        "operation" to details.operation,
        "http_status" to details.httpStatus?.toLong(),
        "request_id" to details.requestId,
        "attempts" to details.attempts.toLong(),
        "retry_after" to details.retryAfter,
        "was_sent" to details.wasSent,
        "argument" to details.context["argument"],
    )
}

/** The member at a path such as `shards[0].shard_id`. */
private fun at(value: Any?, path: String): Any? =
    Regex("""[^.\[\]]+""").findAll(path).fold(value) { place, part ->
        if (place is List<*>) place[part.value.toInt()] else place.asTable().getValue(part.value)
    }

/** A fault in the words of the emulator's documentation. */
private fun fault(members: Table) = Fault(
    members["operation"] as String,
    effect(members["effect"]),
    service = members["service"] as String?,
    count = (members["count"] as Long?)?.toULong(),
    probability = members["probability"] as Double? ?: 1.0,
    moment = (members["when"] as String?)?.let { FaultMoment.valueOf(it.uppercase()) },
    retryAfterSeconds = (members["retry_after_seconds"] as Long?)?.toULong(),
).also {
    val known = setOf("operation", "effect", "service", "count", "probability", "when", "retry_after_seconds")
    require(members.keys.all(known::contains)) { "a fault has only the members $known" }
}

private fun effect(effect: Any?): FaultEffect {
    if (effect !is Map<*, *>) return plainEffect(effect)
    val (name, value) = effect.asTable().entries.single()
    return when (name) {
        "latency_ms" -> FaultEffect.Latency((value as Long).toULong())
        "clock_skew_seconds" -> FaultEffect.ClockSkew(value as Long)
        "throttle" -> FaultEffect.Throttle
        "error" -> value.asTable().let {
            FaultEffect.Failure(
                (it["status"] as Long).toUShort(),
                it["code"] as String,
                it["message"] as String? ?: "",
            )
        }
        else -> throw IllegalArgumentException("there is no effect $name")
    }
}

private fun plainEffect(name: Any?): FaultEffect = when (name) {
    "drop" -> FaultEffect.Drop
    "half" -> FaultEffect.Half
    "corrupt_crc" -> FaultEffect.CorruptCrc
    else -> throw IllegalArgumentException("there is no effect $name")
}
