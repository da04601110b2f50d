package io.hubstream.scenarios

import io.hubstream.BlobRecord
import io.hubstream.Field
import io.hubstream.FieldType
import io.hubstream.RecordBatch
import io.hubstream.RecordBatchBuilder
import io.hubstream.RecordSchema
import io.hubstream.TupleRecord
import io.hubstream.fieldValue

/** A model that is named because an argument takes one of several. */
class NamedModel(val name: String, val members: Table)

/** What the texts and tables of a scenario stand for. */
class Values(private val scenario: Scenario) {
    private val variables = mutableMapOf<String, Any?>("run" to "r0")

    init {
        scenario.variables.forEach { (name, text) -> variables[name] = text(text) }
    }

    fun save(name: String, value: Any?) {
        variables[name] = value
    }

    /** A text with its variables; one that is nothing but a variable becomes its value. */
    fun text(text: String): Any? {
        VARIABLE.matchEntire(text)?.let { return variable(it) }
        return VARIABLE.replace(text) { variable(it).toString() }
    }

    private fun variable(match: MatchResult): Any? {
        val (name, offset) = match.destructured
        require(name in variables) { "there is no variable $name" }
        val value = variables[name]
        return if (offset.isEmpty()) value else value as Long + offset.toLong()
    }

    /** An argument, or a member of one. */
    fun value(value: Any?): Any? = when (value) {
        "\$null" -> null
        is String -> text(value)
        is List<*> -> value.map(::value)
        is Map<*, *> -> table(value.asTable())
        else -> value
    }

    private fun table(table: Table): Any? {
        if (stands(table)) return special(table)
        val members = table.mapValues { (_, item) -> value(item) }
        return (members["\$model"] as String?)?.let { NamedModel(it, members - "\$model") } ?: members
    }

    /** Whether a table stands for another value. */
    fun stands(table: Table) = FORMS.any(table::containsKey)

    /** The value that a table stands for. */
    fun special(table: Table): Any? = when {
        "\$hex" in table -> (table["\$hex"] as String).chunked(2).map { it.toInt(16).toByte() }.toByteArray()
        "\$utf8" in table -> (table["\$utf8"] as String).toByteArray()
        "\$repeat" in table -> (table["\$repeat"] as String).repeat((table["times"] as Long).toInt())
        "\$enum" in table -> (table["\$enum"] as String).substringAfterLast('.')
        "\$schema" in table -> schema(table["\$schema"] as String)
        else -> records(table["\$records"] as List<*>, table["schema"] as String?)
    }

    private fun schema(name: String): RecordSchema {
        val columns = requireNotNull(scenario.schemas[name]) { "there is no schema $name" } as List<*>
        return RecordSchema(
            columns.map { column ->
                val words = (column as List<*>).map { it as String }
                require(words.size == 2 || words.drop(2) == listOf("notnull")) { "$words is not a column" }
                Field(words[0], enumeration(FieldType::class, words[1]) as FieldType, words.size == 2)
            },
        )
    }

    private fun records(records: List<*>, schema: String?): RecordBatch {
        val builder = schema?.let { RecordBatchBuilder.tuples(schema(it)) } ?: RecordBatchBuilder.blobs()
        return builder.use {
            val tables = records.map { it.asTable() }
            if (schema == null) builder.addBlobs(tables.map(::blob)) else builder.addTuples(tables.map(::tuple))
            builder.build()
        }
    }

    private fun tuple(record: Table): TupleRecord {
        val values = (record["values"] as List<*>).map { fieldValue(value(it)) }
        val (shard, hash, key) = routing(record)
        return TupleRecord(values, attributes(record), shard, hash, key)
    }

    private fun blob(record: Table): BlobRecord {
        val data = value(record["data"])
        val bytes = if (data is String) data.toByteArray() else data as ByteArray
        val (shard, hash, key) = routing(record)
        return BlobRecord(bytes, attributes(record), shard, hash, key)
    }

    private fun routing(record: Table) = listOf("shard_id", "hash_key", "partition_key").map { record[it] as String? }

    private fun attributes(record: Table) =
        (record["attributes"] ?: emptyMap<String, Any?>()).asTable().mapValues { (_, text) -> value(text) as String }

    private companion object {
        val VARIABLE = Regex("""\$\{(\w+)([+-]\d+)?}""")
        val FORMS = listOf("\$hex", "\$utf8", "\$repeat", "\$enum", "\$schema", "\$records")
    }
}
