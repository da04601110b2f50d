import type { ErrorKind } from './generated/errors.js'

/** All facts about a failure. */
export interface Failure {
  readonly kind: ErrorKind
  readonly status: 'permanent' | 'temporary' | 'exhausted'
  readonly code: string
  readonly message: string
  readonly reason: string
  readonly detail: string
  readonly service: string
  readonly operation: string
  readonly httpStatus: number | null
  readonly requestId: string
  readonly attempts: number
  readonly retryAfter: number | null
  readonly wasSent: boolean
  readonly context: Readonly<Record<string, string>>
  readonly causes: readonly string[]
}

/**
 * Any failure of this package. Each kind has a subclass.
 *
 * The message is one line that names the operation, the service's own code and request id, and the number of
 * attempts. Credentials and contents of records never appear in it.
 */
export class HubstreamError extends Error {
  /** What kind of failure it is, the same in every language. */
  readonly kind: ErrorKind
  /** Whether the same call fails again, may succeed later, or was tried as often as the client may. */
  readonly status: 'permanent' | 'temporary' | 'exhausted'
  /** The service's own error code, verbatim; empty when the failure is local. */
  readonly code: string
  /** The message without the facts around it. */
  readonly reason: string
  /** Further text that the service sent beside its message, or empty. */
  readonly detail: string
  /** The service that was called, as in `datahub`; empty when none was. */
  readonly service: string
  /** The operation that was called, as in `GetTopic`; empty when none was. */
  readonly operation: string
  /** The status of the HTTP reply, if there was one. */
  readonly httpStatus: number | undefined
  /** The request id that the service gave to the call, or empty. */
  readonly requestId: string
  /** How many attempts were made; 0 when nothing was sent. */
  readonly attempts: number
  /** How long the service asked to wait before another try, in milliseconds. */
  readonly retryAfter: number | undefined
  /** Whether the request may have reached the service. */
  readonly wasSent: boolean
  /** Named facts, such as the `argument` that was refused. */
  readonly context: Readonly<Record<string, string>>

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause })
    this.kind = failure.kind
    this.status = failure.status
    this.code = failure.code
    this.reason = failure.reason
    this.detail = failure.detail
    this.service = failure.service
    this.operation = failure.operation
    this.httpStatus = failure.httpStatus ?? undefined
    this.requestId = failure.requestId
    this.attempts = failure.attempts
    this.retryAfter = failure.retryAfter ?? undefined
    this.wasSent = failure.wasSent
    this.context = failure.context
  }

  /** Whether the same call may succeed later; `false` once the retries of the client are used up. */
  get isTemporary(): boolean {
    return this.status === 'temporary'
  }

  static {
    Object.defineProperty(HubstreamError.prototype, 'name', { value: 'HubstreamError', configurable: true })
  }
}
