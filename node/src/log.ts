import type { NativeLogEvent } from './addon.js'
import { guarded, invalidArgument } from './failure.js'
import { native } from './native.cjs'

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const

/** How important an event is, most important first. */
export type LogLevel = (typeof LEVELS)[number]

/** Something that the library did and that is worth a note. It never holds secrets or contents of records. */
export interface LogEvent {
  /** How important it is. */
  readonly level: LogLevel
  /** The part of the library that tells, as in `hubstream::http`. */
  readonly target: string
  /** What happened. */
  readonly message: string
  /** Named facts as text. */
  readonly fields: Readonly<Record<string, string>>
  /** When it happened. */
  readonly time: Date
  /** How many events before this one were lost because they came faster than they were taken. */
  readonly dropped: number
}

/**
 * Lets a function have the events of all clients in this process, from now on.
 *
 * Nothing is logged otherwise. The function is called on the thread that this was called on, and does not keep
 * the process alive.
 *
 * @param level the least important level that is wanted
 * @returns a function that ends it
 */
export function onLog(listener: (event: LogEvent) => void, level: LogLevel = 'warn'): () => void {
  if (typeof listener !== 'function') {
    throw invalidArgument('listener', 'must be a function')
  }
  const rank = LEVELS.indexOf(level) + 1
  if (rank === 0) {
    throw invalidArgument('level', `must be one of ${LEVELS.join(', ')}`)
  }
  const hand = ({ level, time, ...event }: NativeLogEvent) =>
    listener({ ...event, level: level as LogLevel, time: new Date(time) })
  const running = guarded(() => new (native().LogListener)(rank, hand))
  return () => running.stop()
}
