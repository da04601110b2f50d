package io.hubstream

import java.math.BigDecimal
import java.time.Instant
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Values of every type, there and back. */
class RecordsTest : EmulatorTest() {
    private val all = RecordSchema(
        listOf(
            Field("tiny", FieldType.Tinyint),
            Field("small", FieldType.Smallint),
            Field("int", FieldType.Integer),
            Field("big", FieldType.Bigint),
            Field("float", FieldType.Float),
            Field("double", FieldType.Double),
            Field("flag", FieldType.Boolean),
            Field("time", FieldType.Timestamp),
            Field("text", FieldType.String),
            Field("money", FieldType.Decimal),
            Field("doc", FieldType.Json),
        ),
    )
    private val rows = listOf(
        listOf(
            -128L, -32768L, Int.MIN_VALUE.toLong(), Long.MIN_VALUE, -0.5, 1.0e-300, false,
            Instant.parse("0001-01-01T00:00:00Z"), "", BigDecimal("-12345678901234567890.123456789"), "{\"a\":[1]}",
        ),
        listOf(
            127L, 32767L, Int.MAX_VALUE.toLong(), Long.MAX_VALUE, 3.5, Double.MAX_VALUE, true,
            Instant.parse("2026-11-21T12:34:56.789012Z"), "Grüße, 世界 🌊", BigDecimal("0.10"), "\"x\"",
        ),
        List(11) { null },
    )

    @Test
    fun `every type comes back as it was in both protocols`() = runBlocking {
        for (protocol in listOf("json", "protobuf")) {
            val hub = DataHub(settings("protocol" to protocol))
            val (project, topic) = tupleTopic(hub, all)
            hub.putRecordsByShard(project, topic, "0", recordBatch(all, rows))
            val cursor = hub.getCursor(project, topic, "0", CursorType.Oldest).cursor
            val got = hub.getTupleRecords(project, topic, "0", cursor = cursor).records
            assertEquals(rows, got.toRows())
            assertEquals(listOf(-128L, 127L, null), got.column("TINY").map { it.toKotlin() })
            assertEquals(all.toJson(), hub.getTopic(project, topic).recordSchema!!.toJson())
        }
    }

    @Test
    fun `batches become Arrow columns and come back`() {
        val batch = recordBatch(all, rows)
        val back = RecordBatch.fromArrowIpc(all, batch.toArrowIpc(true)).toRows()
        val same = { value: Any? -> if (value is BigDecimal) value.stripTrailingZeros() else value }
        assertEquals(rows.map { it.map(same) }, back.map { it.map(same) })
        assertThrows<HubstreamException.InvalidArgument> { RecordBatch.fromArrowIpc(null, batch.toArrowIpc(false)) }
    }

    @Test
    fun `blobs keep every byte`() = runBlocking {
        val hub = DataHub(settings())
        val project = nextName("project")
        hub.createProject(project)
        hub.createBlobTopic(project, "blobs", 1, 1)
        hub.waitShardsReady(project, "blobs")
        val blobs = listOf(ByteArray(256) { it.toByte() }, ByteArray(0), ByteArray(70_000))
        hub.putRecordsByShard(project, "blobs", "0", blobBatch(blobs))
        val cursor = hub.getCursor(project, "blobs", "0", CursorType.Oldest).cursor
        val got = hub.getBlobRecords(project, "blobs", "0", cursor).records
        assertNull(got.schema())
        assertEquals(3u, got.size())
        blobs.zip(got.blobs()).forEach { (put, read) -> assertArrayEquals(put, read) }
    }

    @Test
    fun `the first and the last time come back`() {
        for (micros in listOf(Long.MIN_VALUE, -1L, 0L, Long.MAX_VALUE)) {
            val time = FieldValue.Timestamp(micros)
            assertEquals(time, fieldValue(time.toKotlin()))
        }
    }

    @Test
    fun `a refused value names record and field`() {
        val error = assertThrows<HubstreamException.InvalidArgument> {
            recordBatch(RecordSchema(listOf(Field("id", FieldType.Tinyint))), listOf(listOf(1), listOf(1000)))
        }
        assertTrue(error.details.reason.contains("record 1, field `id`"), error.message)
        assertThrows<IllegalArgumentException> { fieldValue(Any()) }
    }
}
