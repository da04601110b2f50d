package io.hubstream

import java.math.BigDecimal
import java.time.Instant
import java.time.temporal.ChronoUnit

/**
 * A Kotlin value as a value of a record: null, Boolean, Byte, Short, Int, Long, Float, Double,
 * String, BigDecimal, Instant (in microseconds), or a [FieldValue] itself.
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
    is BigDecimal -> FieldValue.Decimal(value.toPlainString())
    is Instant -> FieldValue.Timestamp(microsOf(value))
    else -> throw IllegalArgumentException("a value of a record cannot be a ${value::class.simpleName}")
}

private fun microsOf(time: Instant): Long {
    val micros = time.nano / 1_000L
    // A negative second begins earlier than the first microsecond that there is.
    return if (time.epochSecond < 0) {
        Math.addExact(Math.multiplyExact(time.epochSecond + 1, 1_000_000L), micros - 1_000_000L)
    } else {
        Math.addExact(Math.multiplyExact(time.epochSecond, 1_000_000L), micros)
    }
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
        builder.addRows(rows.map { row -> row.map(::fieldValue) })
        builder.build()
    }

/** Makes a batch of blobs. */
fun blobBatch(blobs: List<ByteArray>): RecordBatch =
    RecordBatchBuilder.blobs().use { builder ->
        builder.addBlobs(blobs.map { BlobRecord(it) })
        builder.build()
    }

/** All tuples of the batch as Kotlin values, see [toKotlin]. */
fun RecordBatch.toRows(): List<List<Any?>> = rows().map { row -> row.map { it.toKotlin() } }
