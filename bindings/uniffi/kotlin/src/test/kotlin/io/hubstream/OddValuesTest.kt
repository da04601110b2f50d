package io.hubstream

import java.math.BigDecimal
import java.math.BigInteger
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/**
 * Values that are easily mistaken: each is kept exactly, or refused with the library's own error, which names the
 * record and the column.
 */
class OddValuesTest {
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
            assertTrue(error.details.text.contains("record 1, field `value`"), error.details.text)
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
}
