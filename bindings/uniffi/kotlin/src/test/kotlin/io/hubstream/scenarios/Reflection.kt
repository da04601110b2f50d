package io.hubstream.scenarios

import io.hubstream.DataHubInterface
import io.hubstream.DisClientInterface
import io.hubstream.FieldValue
import io.hubstream.RecordBatch
import io.hubstream.RecordSchema
import io.hubstream.fieldValue
import io.hubstream.toRows
import java.lang.reflect.InvocationTargetException
import java.math.BigDecimal
import java.time.Instant
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KType
import kotlin.reflect.full.callSuspendBy
import kotlin.reflect.full.declaredMemberFunctions
import kotlin.reflect.full.extensionReceiverParameter
import kotlin.reflect.full.instanceParameter
import kotlin.reflect.full.memberProperties
import kotlin.reflect.full.primaryConstructor
import kotlin.reflect.full.valueParameters
import kotlin.reflect.jvm.kotlinFunction

/** The methods of an operation by its name: that of the client, then those that take other models. */
private val methods: Map<String, List<KFunction<*>>> =
    listOf("datahub" to DataHubInterface::class, "dis" to DisClientInterface::class)
        .flatMap { (service, type) ->
            val further = overloads.filter { it.extensionReceiverParameter?.type?.classifier == type }
            (type.declaredMemberFunctions + further).map { "$service.${it.name}" to it }
        }
        .groupBy({ it.first }, { it.second })

private val overloads: List<KFunction<*>>
    get() = Class.forName("io.hubstream.OverloadsKt").declaredMethods.mapNotNull { it.kotlinFunction }

/** Calls the method of an operation with arguments in the words of a scenario; gives the result likewise. */
suspend fun perform(service: String, client: Any, operation: String, arguments: Table): Any? {
    val known = requireNotNull(methods["$service.${camel(operation)}"]) { "there is no method for $operation" }
    val method = known.find { fits(it, arguments) } ?: known.first()
    val given = parameters(method, operation, arguments)
    val receiver = method.instanceParameter ?: method.extensionReceiverParameter!!
    val result = try {
        method.callSuspendBy(mapOf(receiver to client) + given)
    } catch (thrown: InvocationTargetException) {
        throw thrown.targetException
    }
    return plain(result)
}

/** Whether the models that a method takes have all members that are given. */
private fun fits(function: KFunction<*>, members: Table): Boolean {
    val known = function.valueParameters.associateBy { it.name }
    val required = function.valueParameters.filterNot { it.isOptional }
    return required.all { parameter -> members.keys.any { camel(it) == parameter.name } } &&
        members.all { (name, value) -> known[camel(name)]?.let { fits(it.type, value) } ?: false }
}

private fun fits(type: KType, value: Any?): Boolean {
    val kind = type.classifier as KClass<*>
    return when {
        value !is Map<*, *> -> true
        kind == Map::class -> value.values.all { fits(type.arguments[1].type!!, it) }
        else -> kind.primaryConstructor?.let { fits(it, value.asTable()) } ?: true
    }
}

private fun parameters(function: KFunction<*>, what: String, members: Table): Map<KParameter, Any?> {
    val known = function.valueParameters.associateBy { it.name }
    return members.entries.associate { (name, value) ->
        val parameter = requireNotNull(known[camel(name)]) { "$what has no $name" }
        parameter to typed(value, parameter.type)
    }
}

/** A value of a scenario as one of the type that a method takes. */
private fun typed(value: Any?, type: KType): Any? {
    val kind = type.classifier as KClass<*>
    return when {
        value == null -> null
        value is List<*> -> value.map { typed(it, type.arguments[0].type!!) }
        value is NamedModel -> chosen(kind, value)
        kind == Map::class -> value.asTable().mapValues { (_, item) -> typed(item, type.arguments[1].type!!) }
        value is Map<*, *> -> model(kind, value.asTable())
        kind.isSealed -> enumeration(kind, value)
        else -> value
    }
}

private fun model(type: KClass<*>, members: Table): Any {
    val constructor = requireNotNull(type.primaryConstructor) { "${type.simpleName} is not made of members" }
    return constructor.callBy(parameters(constructor, type.simpleName!!, members))
}

/** One of several models: `OdpsConnectorConfig` of `ConnectorConfig` is its choice `Odps`. */
private fun chosen(union: KClass<*>, value: NamedModel): Any {
    val name = value.name.removeSuffix(union.simpleName!!)
    val choice = requireNotNull(union.sealedSubclasses.find { it.simpleName.equals(name, ignoreCase = true) }) {
        "${union.simpleName} has no choice ${value.name}"
    }.primaryConstructor!!
    return choice.call(model(choice.parameters.single().type.classifier as KClass<*>, value.members))
}

/** The value of an open enumeration of that name, as in `SYSTEM_TIME`; another one is unknown to it. */
fun enumeration(type: KClass<*>, name: Any): Any {
    val known = type.sealedSubclasses.find { it.objectInstance != null && upper(it) == name }
    val unknown = type.sealedSubclasses.single { it.simpleName == "Unknown" }
    return known?.objectInstance ?: unknown.primaryConstructor!!.call(name)
}

/** A result as scenarios see it. */
private fun plain(value: Any?): Any? = when (value) {
    null, Unit -> null
    is Boolean, is Long, is Double, is String, is ByteArray, is RecordSchema, is BigDecimal -> value
    is Instant -> (fieldValue(value) as FieldValue.Timestamp).micros
    is List<*> -> value.map(::plain)
    is Map<*, *> -> value.mapValues { (_, item) -> plain(item) }
    is RecordBatch -> records(value)
    else -> members(value)
}

private fun members(value: Any): Any? {
    val type = value::class
    val members = type.memberProperties.associate { snake(it.name) to it.getter.call(value) }
    return when {
        type.supertypes.none { (it.classifier as KClass<*>).isSealed } -> members.mapValues { plain(it.value) }
        type.objectInstance != null -> upper(type)
        // An unknown name, or one of several models.
        else -> plain(members["value"])
    }
}

private fun records(batch: RecordBatch): List<Table> {
    val tuples = batch.schema() != null
    val contents = if (tuples) batch.toRows().map(::plain) else batch.blobs()
    return batch.metadata().zip(contents) { facts, content ->
        plain(facts).asTable() + ((if (tuples) "values" else "data") to content)
    }
}

private fun camel(name: String): String =
    name.split('_').joinToString("") { it.replaceFirstChar(Char::uppercase) }.replaceFirstChar(Char::lowercase)

private fun snake(name: String): String = name.replace(Regex("[A-Z]")) { "_" + it.value.lowercase() }

private fun upper(type: KClass<*>): String = snake(type.simpleName!!).removePrefix("_").uppercase()
