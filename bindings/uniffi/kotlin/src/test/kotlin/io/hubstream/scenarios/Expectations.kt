package io.hubstream.scenarios

import io.hubstream.RecordSchema
import java.math.BigDecimal

/** Says where a value differs from what was expected. */
class Difference(message: String) : AssertionError(message)

/** Compares values with the expectations of a scenario. */
class Expectations(private val values: Values) {
    /** Throws a [Difference] unless the value is what is expected. */
    fun check(expected: Any?, found: Any?, path: String = "") {
        when (expected) {
            is String -> if (!text(expected, found)) differs(path, expected, found)
            is List<*> -> list(expected, found, path)
            is Map<*, *> -> table(expected.asTable(), found, path)
            else -> if (!same(expected, found)) differs(path, expected, found)
        }
    }

    private fun text(expected: String, found: Any?): Boolean = when (expected) {
        "\$null" -> found == null
        "\$any" -> found != null
        "\$text" -> found is String && found.isNotEmpty()
        "\$integer" -> found is Long
        "\$positive" -> found is Long && found > 0
        else -> same(values.text(expected), found)
    }

    private fun list(expected: List<*>, found: Any?, path: String) {
        if (found !is List<*> || found.size != expected.size) differs(path, expected, found)
        expected.zip(found).forEachIndexed { index, (item, value) -> check(item, value, "$path[$index]") }
    }

    private fun table(expected: Table, found: Any?, path: String) {
        if (values.stands(expected)) {
            val special = values.special(expected)
            return if (same(special, found)) Unit else differs(path, special, found)
        }
        for ((name, item) in expected) {
            if (name.startsWith("$")) {
                if (!condition(name, item, found)) differs(path, mapOf(name to item), found)
            } else {
                if (found !is Map<*, *>) differs(path, expected, found)
                check(item, found[name], "$path.$name")
            }
        }
    }

    private fun condition(name: String, expected: Any?, found: Any?): Boolean = when (name) {
        "\$not" -> !matches(expected, found)
        "\$contains" -> contains(expected, found)
        "\$unordered" -> expected is List<*> && found is List<*> && expected.size == found.size &&
            contains(expected, found) && found.all { value -> expected.any { matches(it, value) } }
        "\$length" -> length(found) == expected
        "\$keys" -> found is Map<*, *> && found.keys == (expected as List<*>).toSet()
        "\$at_least" -> found is Long && found >= expected as Long
        else -> throw IllegalArgumentException("there is no condition $name")
    }

    private fun contains(expected: Any?, found: Any?): Boolean = when {
        expected is String -> found is String && values.text(expected) as String in found
        found is List<*> -> (expected as List<*>).all { item -> found.any { matches(item, it) } }
        else -> false
    }

    private fun length(found: Any?): Long? = when (found) {
        is String -> found.codePointCount(0, found.length).toLong()
        is ByteArray -> found.size.toLong()
        is List<*> -> found.size.toLong()
        is Map<*, *> -> found.size.toLong()
        else -> null
    }

    private fun matches(expected: Any?, found: Any?): Boolean = try {
        check(expected, found)
        true
    } catch (_: Difference) {
        false
    }

    private fun same(expected: Any?, found: Any?): Boolean = when (found) {
        is BigDecimal -> expected == found.toPlainString()
        is ByteArray -> expected is ByteArray && expected.contentEquals(found)
        is RecordSchema -> expected is RecordSchema && expected.toJson() == found.toJson()
        // Boxed numbers are equal when their bits are: one zero is not the other, and nan is nan.
        else -> expected == found
    }

    private fun differs(path: String, expected: Any?, found: Any?): Nothing =
        throw Difference("$path: expected ${shown(expected)}, found ${shown(found)}")

    private fun shown(value: Any?): String =
        (if (value is RecordSchema) value.toJson() else value.toString()).take(400)
}
