// An emulator of the services in this process, for tests.

import type { NativeEmulator } from './addon.js'
import { closed, guarded, invalidArgument, translated } from './failure.js'
import { native } from './native.cjs'

/** How an emulator is started. */
export interface EmulatorOptions {
  /**
   * Whether to serve DataHub, or `host:port` to serve it on.
   *
   * @default true
   */
  readonly datahub?: boolean | string | undefined
  /**
   * Whether to serve DIS, or `host:port` to serve it on.
   *
   * @default true
   */
  readonly dis?: boolean | string | undefined
  /**
   * The access id to accept.
   *
   * @default 'emulator'
   */
  readonly accessId?: string | undefined
  /**
   * The access key to accept.
   *
   * @default 'emulator'
   */
  readonly accessKey?: string | undefined
  /**
   * Whether every request is accepted, signed or not.
   *
   * @default false
   */
  readonly noAuth?: boolean | undefined
  /**
   * Which limits of the services are enforced.
   *
   * @default 'standard'
   */
  readonly limits?: 'strict' | 'standard' | 'relaxed' | undefined
  /** Directory that keeps the state. Without it the state is in memory. */
  readonly dataDir?: string | undefined
  /** Time at which the emulator's clock stands until `advance` moves it. Without it the clock runs. */
  readonly startTime?: Date | number | undefined
}

/** An error in the form of the service. */
export interface FaultError {
  /** The HTTP status, 400 to 599. */
  readonly status: number
  /** The service's error code. */
  readonly code: string
  /**
   * What the error says.
   *
   * @default ''
   */
  readonly message?: string | undefined
}

/**
 * What a fault does: the connection is closed without a reply (`drop`) or after half of it (`half`), the checksum of a
 * reply in a binary frame is wrong (`corrupt_crc`), the reply takes longer (up to one hour), is an error, is the
 * service's own for too many requests, or the service sees the time later (earlier if negative).
 */
export type FaultEffect =
  | 'drop'
  | 'half'
  | 'corrupt_crc'
  | { readonly latencyMs: number }
  | { readonly error: FaultError }
  | { readonly throttle: true }
  | { readonly clockSkewSeconds: number }

/** What goes wrong for some requests. */
export interface Fault {
  /** Name of an operation, as in `PutRecords`, or `*` for every request. */
  readonly operation: string
  /** What happens. */
  readonly effect: FaultEffect
  /** The service. Without it both. */
  readonly service?: 'datahub' | 'dis' | undefined
  /** How often it happens at most. Without it there is no limit. */
  readonly count?: number | undefined
  /**
   * How likely it happens to a request that fits, 0 to 1.
   *
   * @default 1
   */
  readonly probability?: number | undefined
  /**
   * Whether it happens before or after the service handles the request. Without it replies that are lost, cut off or
   * damaged are so after, and all else happens before.
   */
  readonly when?: 'before' | 'after' | undefined
  /** Seconds that a reply of throttling or of an error asks to wait, up to one day. Without it it does not say. */
  readonly retryAfterSeconds?: number | undefined
}

/** A fault that is set. */
export interface StruckFault extends Fault {
  /** How many requests it happened to. */
  readonly struck: number
}

/** Names of members as the emulator writes them. */
const FAULT_NAMES: Record<string, string> = {
  latencyMs: 'latency_ms',
  clockSkewSeconds: 'clock_skew_seconds',
  retryAfterSeconds: 'retry_after_seconds',
}
const OWN_NAMES = Object.fromEntries(Object.entries(FAULT_NAMES).map(([own, wire]) => [wire, own]))

/** The same object with other names of members, also inside its effect. */
function renamed(value: object, names: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      names[name] ?? name,
      typeof member === 'object' && member !== null ? renamed(member, names) : member,
    ]),
  )
}

const ANY_PORT = '127.0.0.1:0'

function address(value: boolean | string | undefined): string | undefined {
  if (value === false) {
    return undefined
  }
  return typeof value === 'string' ? value : ANY_PORT
}

/** A running emulator of DataHub and DIS. */
export class Emulator {
  /** The access id that is accepted. */
  readonly accessId: string
  /** The access key that is accepted. */
  readonly accessKey: string
  readonly #datahubUrl: string | undefined
  readonly #disUrl: string | undefined
  readonly #native: NativeEmulator

  private constructor(emulator: NativeEmulator, accessId: string, accessKey: string) {
    this.#native = emulator
    this.#datahubUrl = emulator.datahubUrl ?? undefined
    this.#disUrl = emulator.disUrl ?? undefined
    this.accessId = accessId
    this.accessKey = accessKey
  }

  /** Starts an emulator. It listens when the promise is fulfilled. */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const { accessId = 'emulator', accessKey = 'emulator', startTime } = options
    const time = startTime instanceof Date ? startTime.getTime() : startTime
    if (time !== undefined && !Number.isFinite(time)) {
      throw invalidArgument('startTime', 'must be a date or a number of milliseconds since 1970')
    }
    try {
      const emulator = await native().Emulator.start({
        datahub: address(options.datahub),
        dis: address(options.dis),
        accessId,
        accessKey,
        noAuth: options.noAuth ?? false,
        limits: options.limits,
        dataDir: options.dataDir,
        startTime: time,
      })
      return new Emulator(emulator, accessId, accessKey)
    } catch (thrown) {
      throw translated(thrown)
    }
  }

  /** Endpoint of DataHub. Fails if it is not served. */
  get datahubUrl(): string {
    return served(this.#datahubUrl, 'DataHub')
  }

  /** Endpoint of DIS. Fails if it is not served. */
  get disUrl(): string {
    return served(this.#disUrl, 'DIS')
  }

  /** Moves the emulator's clock forward. */
  advance(milliseconds: number): void {
    guarded(() => this.#native.advance(milliseconds))
  }

  /**
   * Replaces all faults: what goes wrong from now on, and for which requests. They are tried on a request in their
   * order, up to the first that takes the place of the reply. If one is invalid, nothing changes.
   *
   * The seed decides on faults with a probability: the same requests in the same order meet the same faults.
   */
  setFaults(faults: Iterable<Fault>, { seed = 0 }: { readonly seed?: number | undefined } = {}): void {
    const plan = { seed, faults: Array.from(faults, (fault) => renamed(fault, FAULT_NAMES)) }
    guarded(() => this.#native.setFaults(JSON.stringify(plan)))
  }

  /** Removes all faults. */
  clearFaults(): void {
    this.#native.clearFaults()
  }

  /** The faults that are set, each with the number of requests it happened to. */
  faults(): StruckFault[] {
    const faults = JSON.parse(this.#native.faults()) as object[]
    return faults.map((fault) => renamed(fault, OWN_NAMES) as unknown as StruckFault)
  }

  /** Forgets all state and all faults, as if the emulator had just been started for the first time. */
  reset(): void {
    this.#native.reset()
  }

  /** Stops accepting, answers the requests in flight and closes the data directory. */
  async stop(): Promise<void> {
    await this.#native.stop()
  }

  /** As `stop`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function served(url: string | undefined, service: string): string {
  if (url === undefined) {
    throw closed(`${service} is not served: the emulator`)
  }
  return url
}
