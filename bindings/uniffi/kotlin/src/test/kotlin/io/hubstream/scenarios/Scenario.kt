package io.hubstream.scenarios

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.relativeTo
import kotlin.streams.asSequence
import org.tomlj.Toml
import org.tomlj.TomlArray
import org.tomlj.TomlTable

/** Tables of a file as maps, and its arrays as lists. */
typealias Table = Map<String, Any?>

/** A step of a scenario as it stands in its file. */
class Step(table: Table) {
    val call = table["call"] as String?
    val client = table["client"] as String? ?: "main"
    val arguments = table.table("with")
    val expect = table["expect"]
    val error = table["error"]
    val save = table.table("save")
    val advance = table["advance"] as Long?
    val faults = table["faults"] as List<*>?
    val seed = table["seed"] as Long? ?: 0
    val struck = table["struck"] as List<*>?

    init {
        refuseOthers(table, "a step", MEMBERS)
    }

    private companion object {
        val MEMBERS = setOf(
            "about", "call", "client", "with", "expect", "error", "save", "advance", "faults", "seed", "struck",
        )
    }
}

/** A scenario with one combination of the settings of its matrix. */
class Scenario(val name: String, text: Table, val settings: Map<String, String>) {
    val service = text["service"] as String
    val limits = text["limits"] as String?
    val clients = text.table("clients").mapValues { (_, more) -> texts(more) }
    val variables = texts(text["vars"])
    val schemas = text.table("schemas")
    val steps = (text["step"] as List<*>).flatMap { repeated(it.asTable()) }.map(::Step)

    init {
        refuseOthers(text, "a scenario", MEMBERS)
        require(service in setOf("datahub", "dis")) { "there is no service $service" }
    }

    companion object {
        private val MEMBERS =
            setOf("title", "service", "limits", "matrix", "vars", "clients", "schemas", "step")

        /** All files of scenarios below a folder. */
        fun files(root: Path): List<Path> = Files.walk(root).use { paths ->
            paths.asSequence().filter { it.extension == "toml" }.sorted().toList()
        }

        /** The scenarios of a file, one for every combination of its matrix. */
        fun read(root: Path, file: Path): List<Scenario> {
            val parsed = Toml.parse(file)
            parsed.errors().firstOrNull()?.let { throw IllegalArgumentException("$file: $it") }
            val text = plain(parsed).asTable()
            val name = file.relativeTo(root).toString().removeSuffix(".toml")
            return combinations(text.table("matrix")).map { settings ->
                Scenario((listOf(name) + settings.values).joinToString(" "), text, settings)
            }
        }

        private fun combinations(matrix: Table): List<Map<String, String>> =
            matrix.entries.fold(listOf(emptyMap())) { chosen, (name, values) ->
                chosen.flatMap { known -> (values as List<*>).map { known + (name to it as String) } }
            }

        /** A step as often as it is repeated. */
        private fun repeated(step: Table): List<Table> {
            val (first, last) = (step["repeat"] as List<*>? ?: return listOf(step)).map { it as Long }
            return (first..last).map { numbered(step - "repeat", it.toString()).asTable() }
        }

        /** A value with a number for every `#` in its texts and names. */
        private fun numbered(value: Any?, number: String): Any? = when (value) {
            is String -> value.replace("#", number)
            is List<*> -> value.map { numbered(it, number) }
            is Map<*, *> -> value.entries.associate { (name, item) ->
                (name as String).replace("#", number) to numbered(item, number)
            }
            else -> value
        }
    }
}

/** A table, whose names are texts. */
@Suppress("UNCHECKED_CAST")
fun Any?.asTable(): Table = this as Table

private fun Table.table(name: String): Table = (this[name] ?: emptyMap<String, Any?>()).asTable()

private fun texts(value: Any?): Map<String, String> =
    (value ?: emptyMap<String, Any?>()).asTable().mapValues { (_, text) -> text as String }

private fun refuseOthers(table: Table, what: String, known: Set<String>) {
    val others = table.keys - known
    require(others.isEmpty()) { "$what has no member ${others.joinToString()}" }
}

private fun plain(value: Any?): Any? = when (value) {
    is TomlTable -> value.keySet().associateWith { plain(value.get(listOf(it))) }
    is TomlArray -> value.toList().map(::plain)
    else -> value
}
