package io.hubstream

import java.math.BigDecimal
import java.math.BigInteger
import java.time.Instant
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/**
 * Values that are easily mistaken: each is kept exactly, or refused with the library's own error, which names the
 * record and the column.
 */
class OddValuesTest : EmulatorTest() {
    private val every = listOf(
        FieldType.Tinyint, FieldType.Smallint, FieldType.Integer, FieldType.Bigint, FieldType.Float, FieldType.Double,
        FieldType.Boolean, FieldType.Timestamp, FieldType.String, FieldType.Decimal, FieldType.Json,
    )
    private val big = BigInteger.TWO.pow(63)

    private class Case(val types: List<FieldType>, val value: Any?, val expected: Any?)

    private fun except(vararg types: FieldType) = every.filter { it !in types }

    private fun kept(type: FieldType, value: Any?, expected: Any?) = Case(listOf(type), value, expected)

    private fun refused(types: List<FieldType>, value: Any?) = Case(types, value, "refused")

    private val table = listOf(
        kept(FieldType.Double, Double.NaN, Double.NaN),
        kept(FieldType.Float, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY),
        kept(FieldType.Double, -0.0, -0.0),
        refused(except(FieldType.Float, FieldType.Double), Double.NaN),
        refused(except(FieldType.Float, FieldType.Double), 1.5),
        refused(listOf(FieldType.Float), 3.5e38),
        refused(every, BigDecimal("1E+999999")),
        refused(every, BigDecimal("1E-999999")),
        kept(FieldType.Decimal, BigDecimal("1E+20"), BigDecimal(BigInteger.TEN.pow(20))),
        kept(FieldType.Decimal, big, BigDecimal(big)),
        refused(except(FieldType.Decimal), big),
        refused(listOf(FieldType.Tinyint), 128),
        refused(listOf(FieldType.Smallint), -32769L),
        refused(listOf(FieldType.Integer), Long.MAX_VALUE),
        kept(FieldType.Bigint, Long.MIN_VALUE, Long.MIN_VALUE),
        refused(listOf(FieldType.Double), (1L shl 53) + 1),
        kept(FieldType.Boolean, true, true),
        refused(except(FieldType.Boolean), true),
        refused(every, "\ud800"),
        refused(every, "a\udc00b"),
        kept(FieldType.Timestamp, Instant.ofEpochMilli(-1), Instant.ofEpochMilli(-1)),
        kept(FieldType.Timestamp, Instant.parse("9999-12-31T00:00:00Z"), Instant.parse("9999-12-31T00:00:00Z")),
        refused(every, Instant.MAX),
        refused(every, Instant.MIN),
        refused(every, listOf(1)),
        refused(every, 'x'),
        refused(every, Any()),
    )

    private fun found(type: FieldType, value: Any?): Any? {
        val schema = RecordSchema(listOf(Field("name", FieldType.String), Field("value", type)))
        return try {
            recordBatch(schema, listOf(listOf("first", null), listOf("second", value))).toRows()[1][1]
        } catch (error: HubstreamException.InvalidArgument) {
            assertTrue(error.details.reason.contains("record 1, field `value`"), error.details.reason)
            "refused"
        }
    }

    @Test
    fun `every value is kept or refused`() {
        val wrong = table.flatMap { case ->
            case.types.mapNotNull { type ->
                val found = found(type, case.value)
                if (found == case.expected) null else "$type ${case.value?.javaClass}: $found"
            }
        }
        assertEquals(emptyList<String>(), wrong)
    }

    private class Place(val argument: String, val give: suspend (String) -> Unit)

    private fun tuple(text: (String) -> TupleRecord) = Place("records") { broken ->
        RecordBatchBuilder.tuples(RecordSchema(listOf(Field("name", FieldType.String)))).use { it.addTuples(listOf(text(broken))) }
    }

    private fun blob(text: (String) -> BlobRecord) = Place("records") { broken ->
        RecordBatchBuilder.blobs().use { it.addBlobs(listOf(text(broken))) }
    }

    private val first = listOf(FieldValue.Text("first"))

    @Test
    fun `half of a surrogate pair is refused in keys, attributes and arguments`() {
        val hub = DataHub(settings())
        val places = listOf(
            tuple { TupleRecord(first, shardId = it) },
            tuple { TupleRecord(first, hashKey = it) },
            tuple { TupleRecord(first, partitionKey = it) },
            tuple { TupleRecord(first, attributes = mapOf("name" to it)) },
            tuple { TupleRecord(first, attributes = mapOf(it to "value")) },
            blob { BlobRecord(byteArrayOf(1), shardId = it) },
            blob { BlobRecord(byteArrayOf(1), hashKey = it) },
            blob { BlobRecord(byteArrayOf(1), partitionKey = it) },
            blob { BlobRecord(byteArrayOf(1), attributes = mapOf(it to it)) },
            Place("fields") { RecordSchema(listOf(Field(it, FieldType.String))) },
            Place("text") { RecordSchema.fromJson(it) },
            Place("url") { DataHub.fromUrl(it) },
            Place("settings") { DataHub(mapOf("endpoint" to it)) },
            Place("projectName") { hub.getProject(it) },
            Place("comment") { hub.createProject("odd_texts", it) },
            Place("filter") { hub.listProject(it) },
            Place("shardIds") { hub.activateShards("a", "b", listOf("0", it)) },
        )
        for (place in places) {
            for (text in listOf("\ud800", "a\udc00b")) {
                val error = assertThrows<HubstreamException.InvalidArgument>(place.argument) { runBlocking { place.give(text) } }
                val expected = "argument `${place.argument}`: a text with half of a surrogate pair"
                assertEquals(expected, error.details.reason)
                assertEquals(false, error.details.wasSent)
            }
        }
        assertEquals(0L, hub.stats().attempts)
    }
}
