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
   * The access id to let in.
   *
   * @default 'emulator'
   */
  readonly accessId?: string | undefined
  /**
   * The access key to let in.
   *
   * @default 'emulator'
   */
  readonly accessKey?: string | undefined
  /**
   * Whether every request is let in, signed or not.
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

const ANY_PORT = '127.0.0.1:0'

function address(value: boolean | string | undefined): string | undefined {
  if (value === false) {
    return undefined
  }
  return typeof value === 'string' ? value : ANY_PORT
}

/** A running emulator of DataHub and DIS. */
export class Emulator {
  /** The access id that is let in. */
  readonly accessId: string
  /** The access key that is let in. */
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

  /** Forgets all state, as if the emulator had just been started for the first time. */
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
