package io.hubstream

import java.math.BigDecimal
import java.math.BigInteger
import java.time.Instant
import java.time.temporal.ChronoUnit
import kotlin.math.abs

/**
 * A Kotlin value as a value of a record: null, Boolean, Byte, Short, Int, Long, Float, Double,
 * String, BigDecimal, BigInteger (for DECIMAL), Instant (in microseconds), or a [FieldValue] itself.
 *
 * @throws IllegalArgumentException for any other type.
 */
fun fieldValue(value: Any?): FieldValue = when (value) {
    null -> FieldValue.Null
    is FieldValue -> value
    is String -> FieldValue.Text(value)
    is Long -> FieldValue.Integer(value)
    is Int -> FieldValue.Integer(value.toLong())
    is Short -> FieldValue.Integer(value.toLong())
    is Byte -> FieldValue.Integer(value.toLong())
    is Double -> FieldValue.Double(value)
    is Float -> FieldValue.Double(value.toDouble())
    is Boolean -> FieldValue.Boolean(value)
    is BigInteger -> FieldValue.Decimal(value.toString())
    // A number of more places is told with its exponent, and refused.
    is BigDecimal -> FieldValue.Decimal(if (abs(value.scale()) > PLACES) value.toString() else value.toPlainString())
    is Instant -> FieldValue.Timestamp(microsOf(value))
    else -> throw IllegalArgumentException("a value of a record cannot be a ${value::class.simpleName}")
}

private const val PLACES = 10_000

/** Microseconds since 1970; for times that cannot be told so, a number that no column takes. */
private fun microsOf(time: Instant): Long = try {
    val micros = time.nano / 1_000L
    // A negative second begins earlier than the first microsecond that there is.
    if (time.epochSecond < 0) {
        Math.addExact(Math.multiplyExact(time.epochSecond + 1, 1_000_000L), micros - 1_000_000L)
    } else {
        Math.addExact(Math.multiplyExact(time.epochSecond, 1_000_000L), micros)
    }
} catch (_: ArithmeticException) {
    if (time < Instant.EPOCH) Long.MIN_VALUE else Long.MAX_VALUE
}

/**
 * The value as a Kotlin value: Long, Double, Boolean, String, BigDecimal, Instant or null.
 */
fun FieldValue.toKotlin(): Any? = when (this) {
    is FieldValue.Null -> null
    is FieldValue.Boolean -> value
    is FieldValue.Integer -> value
    is FieldValue.Double -> value
    is FieldValue.Timestamp -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS)
    is FieldValue.Text -> value
    is FieldValue.Decimal -> BigDecimal(value)
    is FieldValue.Json -> value
}

/**
 * Makes a batch of tuples from one list of Kotlin values per record.
 *
 * @throws HubstreamException.InvalidArgument when a value does not fit its column.
 */
fun recordBatch(schema: RecordSchema, rows: List<List<Any?>>): RecordBatch =
    RecordBatchBuilder.tuples(schema).use { builder ->
        val values = rows.mapIndexed { record, row ->
            row.mapIndexed { column, value -> checked(schema, record, column, value) }
        }
        builder.addRows(values)
        builder.build()
    }

/** The value of a column; one that no column takes is refused like any other, with its record and column. */
private fun checked(schema: RecordSchema, record: Int, column: Int, value: Any?): FieldValue {
    val problem = when {
        value is String && !Charsets.UTF_8.newEncoder().canEncode(value) -> HALF_PAIR
        else -> try {
            return fieldValue(value)
        } catch (_: IllegalArgumentException) {
            "an object of class ${value?.let { it::class.simpleName }}"
        }
    }
    val field = schema.fields().getOrNull(column)
    val place = if (field == null) "more values than columns" else "field `${field.name}`: $problem is not a value of it"
    throw refused("records", "record $record, $place")
}

/** Makes a batch of blobs. */
fun blobBatch(blobs: List<ByteArray>): RecordBatch =
    RecordBatchBuilder.blobs().use { builder ->
        builder.addBlobs(blobs.map { BlobRecord(it) })
        builder.build()
    }

/** All tuples of the batch as Kotlin values, see [toKotlin]. */
fun RecordBatch.toRows(): List<List<Any?>> = rows().map { row -> row.map { it.toKotlin() } }
