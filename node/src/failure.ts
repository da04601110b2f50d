// Failures of the native part become errors of the classes that users know.

import type { Failure, HubstreamError } from './error.js'
import { ClosedError, errorOf, InvalidArgumentError } from './generated/errors.js'

function failureOf(thrown: unknown): Failure | undefined {
  if (thrown instanceof Error && 'failure' in thrown) {
    return thrown.failure as Failure
  }
  return undefined
}

/** The error to throw in place of what the native part threw. */
export function translated(thrown: unknown, providerFailures?: Map<number, unknown>): unknown {
  const failure = failureOf(thrown)
  if (failure === undefined) {
    return thrown
  }
  let cause: unknown
  for (const message of [...failure.causes].reverse()) {
    cause = new Error(message, cause === undefined ? undefined : { cause })
  }
  const { providerFailure, ...context } = failure.context as Record<string, string>
  if (providerFailure !== undefined) {
    const number = Number(providerFailure)
    cause = providerFailures?.get(number) ?? cause
    providerFailures?.delete(number)
  }
  return errorOf({ ...failure, context }, cause)
}

/** Calls the native part. */
export function guarded<T>(call: () => T): T {
  try {
    return call()
  } catch (thrown) {
    throw translated(thrown)
  }
}

function local(kind: Failure['kind'], reason: string, context: Record<string, string>): Failure {
  return {
    kind,
    status: 'permanent',
    code: '',
    message: reason,
    reason,
    detail: '',
    service: '',
    operation: '',
    httpStatus: null,
    requestId: '',
    attempts: 0,
    retryAfter: null,
    wasSent: false,
    context,
    causes: [],
  }
}

/** An argument was refused before anything was sent. */
export function invalidArgument(argument: string, problem: string): HubstreamError {
  return new InvalidArgumentError(
    local('invalid_argument', `argument \`${argument}\`: ${problem}`, { argument }),
  )
}

/** A client was used after it was closed. */
export function closed(what: string): HubstreamError {
  return new ClosedError(local('closed', `${what} was closed`, {}))
}
