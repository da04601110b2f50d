import type {
  NativeBatch,
  NativeCancellation,
  NativeClient,
  NativeSchema,
  ProvidedCredentials,
} from './addon.js'
import { RecordBatch } from './batch.js'
import { closed, guarded, invalidArgument, translated } from './failure.js'
import type { ClientStats } from './generated/stats.js'
import { native } from './native.cjs'
import { isWellFormed } from './record.js'
import { RecordSchema } from './schema.js'

/** What a single call may be told beside its arguments. */
export interface CallOptions {
  /**
   * Aborts the call: it rejects with the signal's reason. A request that was on its way may still take
   * effect.
   */
  readonly signal?: AbortSignal | undefined
}

/** What requests are signed with. */
export interface Credentials {
  /** The access id (access key id, AK). */
  readonly accessId: string
  /** The access key (access key secret, SK). */
  readonly accessKey: string
  /** Token of temporary credentials. */
  readonly securityToken?: string | null | undefined
  /**
   * When the credentials end, as a date or in milliseconds since 1970. They are kept until a minute before;
   * without it the provider is asked for every request.
   */
  readonly expiresAt?: Date | number | null | undefined
}

/** Gives the credentials for the next request. */
export type CredentialProvider = () => Credentials | Promise<Credentials>

/** What every client may be told beside its settings. */
export interface ClientOptions {
  /**
   * Asked for the credentials of each request, in place of `accessId` and `accessKey`. Requests that wait while it is
   * asked share its next answer.
   */
  readonly credentialProvider?: CredentialProvider | undefined
  /**
   * Whether settings that are not given are read from the environment, as in `DATAHUB_ENDPOINT`.
   *
   * @default false
   */
  readonly environment?: boolean | undefined
  /**
   * A connection URL such as `datahub+https://ID:KEY@host/?protocol=json`. Settings given one by one count
   * more.
   */
  readonly url?: string | undefined
}

/** How many errors of a credential provider are kept until they are claimed as the cause of an error. */
const KEPT_FAILURES = 16

/** What all clients share. */
export abstract class ServiceClient {
  readonly #native: NativeClient
  readonly #name: string
  readonly #providerFailures = new Map<number, unknown>()
  readonly #pending = new Set<Promise<unknown>>()
  #isClosed = false

  protected constructor(service: string, options: ClientOptions) {
    if (options === null || typeof options !== 'object') {
      throw invalidArgument('options', 'must be an object')
    }
    const { credentialProvider, environment, url, ...settings } = options
    if (credentialProvider !== undefined && typeof credentialProvider !== 'function') {
      throw invalidArgument('credentialProvider', 'must be a function')
    }
    const provider = credentialProvider && this.#provider(credentialProvider)
    for (const [name, value] of Object.entries({ ...settings, url })) {
      if (typeof value === 'string' && !isWellFormed(value)) {
        throw invalidArgument(name, 'the text has half of a surrogate pair')
      }
    }
    const source = { environment: environment ?? false, url }
    this.#name = new.target.name
    this.#native = guarded(
      () =>
        new (native().Client)(
          service,
          source,
          settings,
          provider,
          (records: NativeBatch) => RecordBatch.wrap(records),
          (schema: NativeSchema) => RecordSchema.wrap(schema),
        ),
    )
  }

  /** The URL of the service. */
  get endpoint(): string {
    return this.#native.endpoint
  }

  /** What the client has done so far, in numbers. */
  stats(): ClientStats {
    return this.#native.stats()
  }

  /** Performs the operation of that name. */
  protected async call<T>(operation: string, args: object, options?: CallOptions): Promise<T> {
    if (this.#isClosed) {
      throw closed(`this ${this.#name}`)
    }
    if (args === null || typeof args !== 'object') {
      throw invalidArgument('args', 'must be an object')
    }
    const signal = signalOf(options)
    signal?.throwIfAborted()
    const cancellation = signal && new (native().Cancellation)()
    const abort = () => cancellation?.cancel()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return (await this.#track(operation, args, cancellation)) as T
    } catch (thrown) {
      signal?.throwIfAborted()
      throw translated(thrown, this.#providerFailures)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  async #track(operation: string, args: object, cancellation?: NativeCancellation): Promise<unknown> {
    const pending = this.#native.call(operation, args, cancellation)
    this.#pending.add(pending)
    try {
      return await pending
    } finally {
      this.#pending.delete(pending)
    }
  }

  /** Refuses further calls and waits for those on their way. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#pending)
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #provider(provider: CredentialProvider): () => Promise<ProvidedCredentials> {
    const failures = this.#providerFailures
    let next = 0
    return async () => {
      try {
        return checked(await provider())
      } catch (error) {
        const failure = next++
        failures.set(failure, error)
        for (const oldest of failures.keys()) {
          if (failures.size <= KEPT_FAILURES) {
            break
          }
          failures.delete(oldest)
        }
        return { accessId: '', accessKey: '', failure }
      }
    }
  }
}

/** The signal in the options of a call. */
function signalOf(options?: CallOptions): AbortSignal | undefined {
  if (options === undefined || options === null) {
    return undefined
  }
  if (typeof options !== 'object') {
    throw invalidArgument('options', 'must be an object')
  }
  for (const name of Object.keys(options)) {
    if (name !== 'signal') {
      throw invalidArgument(name, 'is not known here; known is signal')
    }
  }
  const signal = options.signal ?? undefined
  if (signal !== undefined && typeof signal.throwIfAborted !== 'function') {
    throw invalidArgument('signal', 'must be an AbortSignal')
  }
  return signal
}

function checked(credentials: Credentials): ProvidedCredentials {
  const { accessId, accessKey, securityToken, expiresAt } = credentials
  if (typeof accessId !== 'string' || typeof accessKey !== 'string') {
    throw new TypeError('a credential provider must give an object with the texts accessId and accessKey')
  }
  const token = securityToken ?? undefined
  if (token !== undefined && typeof token !== 'string') {
    throw new TypeError('the securityToken of credentials must be a text')
  }
  const end = expiresAt instanceof Date ? expiresAt.getTime() : (expiresAt ?? undefined)
  if (end !== undefined && !Number.isFinite(end)) {
    throw new TypeError('the expiresAt of credentials must be a date or a number of milliseconds')
  }
  return { accessId, accessKey, securityToken: token, expiresAt: end }
}
