package io.hubstream

import java.nio.charset.CharacterCodingException

internal const val HALF_PAIR = "a text with half of a surrogate pair"

/** The error for an argument that is refused here, before anything is sent. */
internal fun refused(argument: String, problem: String): HubstreamException.InvalidArgument {
    val text = "argument `$argument`: $problem"
    return HubstreamException.InvalidArgument(
        ErrorDetails(
            kind = "invalid_argument", status = "permanent", isTemporary = false, code = "", reason = text,
            summary = text, detail = "", service = "", operation = "", httpStatus = null, requestId = "",
            attempts = 0u, retryAfter = null, wasSent = false, context = mapOf("argument" to argument),
        ),
    )
}

/** Tells which argument holds a text that no UTF-8 can say; the generated calls go through it. */
internal inline fun <T> naming(argument: String, lower: () -> T): T = try {
    lower()
} catch (_: CharacterCodingException) {
    throw refused(argument, HALF_PAIR)
}
