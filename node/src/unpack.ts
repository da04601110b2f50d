// Reads what the native part packed; bindings/node/src/records/pack.rs describes the layout.

import type { Packed } from './addon.js'
import type { FieldType } from './generated/records.js'
import type { Value } from './record.js'

const NULL = 1
const BROKEN = 2

type Kind = 'int32' | 'uint32' | 'int64' | 'float64' | 'boolean' | 'text'

/** How the values of a type are packed. */
export function kindOf(type: FieldType): Kind {
  switch (type) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
      return 'int32'
    case 'BIGINT':
    case 'TIMESTAMP':
      return 'int64'
    case 'FLOAT':
    case 'DOUBLE':
      return 'float64'
    case 'BOOLEAN':
      return 'boolean'
    default:
      return 'text'
  }
}

type Numbers = Int32Array | Uint32Array | Float64Array | Uint8Array

/** One column of a packed batch. */
class Column {
  readonly #flags: Uint8Array | undefined
  readonly #text: string | undefined
  readonly #longs: BigInt64Array | undefined
  readonly #numbers: Numbers
  readonly #isBoolean: boolean

  constructor(kind: Kind, values: Numbers | BigInt64Array, text: string | undefined, flags?: Uint8Array) {
    this.#flags = flags
    this.#text = text
    this.#longs = values instanceof BigInt64Array ? values : undefined
    this.#numbers = values instanceof BigInt64Array ? new Uint8Array(0) : values
    this.#isBoolean = kind === 'boolean'
  }

  /** Whether the value of a row can be read. */
  isBroken(row: number): boolean {
    return this.#flags?.[row] === BROKEN
  }

  /** The first row whose value cannot be read; -1 if there is none. */
  firstBroken(): number {
    return this.#flags?.indexOf(BROKEN) ?? -1
  }

  /** The value of a row. */
  read(row: number): Value {
    if (this.#flags?.[row] === NULL) {
      return null
    }
    if (this.#longs !== undefined) {
      return this.#longs[row] as bigint
    }
    const number = this.#numbers[row] as number
    if (this.#text !== undefined) {
      return this.#text.substring(number, this.#numbers[row + 1] as number)
    }
    return this.#isBoolean ? number !== 0 : number
  }

  /** The values of all rows. */
  list(count: number): Value[] {
    const values = new Array<Value>(count)
    const longs = this.#longs
    const text = this.#text
    if (this.#flags !== undefined) {
      for (let row = 0; row < count; row++) {
        values[row] = this.read(row)
      }
    } else if (longs !== undefined) {
      for (let row = 0; row < count; row++) {
        values[row] = longs[row] as bigint
      }
    } else if (text !== undefined) {
      let start = this.#numbers[0] as number
      for (let row = 0; row < count; row++) {
        const end = this.#numbers[row + 1] as number
        values[row] = text.substring(start, end)
        start = end
      }
    } else {
      for (let row = 0; row < count; row++) {
        const number = this.#numbers[row] as number
        values[row] = this.#isBoolean ? number !== 0 : number
      }
    }
    return values
  }
}

const aligned = (offset: number) => (offset + 7) & ~7

/** The columns of a packed batch, and what follows them. */
export class Columns {
  readonly columns: readonly Column[]
  /** The numbers behind the last column. */
  readonly rest: Uint32Array
  /** The text that belongs to them. */
  readonly restText: string

  constructor(packed: Packed, kinds: readonly Kind[], count: number) {
    const { buffer, byteOffset } = packed.bytes
    const flagged = new Uint32Array(buffer, byteOffset, kinds.length)
    let offset = Math.max(8, aligned(kinds.length * 4))
    let texts = 0
    const take = (length: number) => {
      const start = byteOffset + offset
      offset = aligned(offset + length)
      return start
    }
    const values = (kind: Kind): Numbers | BigInt64Array => {
      switch (kind) {
        case 'int32':
          return new Int32Array(buffer, take(count * 4), count)
        case 'uint32':
          return new Uint32Array(buffer, take(count * 4), count)
        case 'int64':
          return new BigInt64Array(buffer, take(count * 8), count)
        case 'float64':
          return new Float64Array(buffer, take(count * 8), count)
        case 'boolean':
          return new Uint8Array(buffer, take(count), count)
        case 'text':
          return new Uint32Array(buffer, take((count + 1) * 4), count + 1)
      }
    }
    this.columns = kinds.map((kind, place) => {
      const numbers = values(kind)
      const text = kind === 'text' ? (packed.texts[texts++] as string) : undefined
      const flags = flagged[place] === 0 ? undefined : new Uint8Array(buffer, take(count), count)
      return new Column(kind, numbers, text, flags)
    })
    const left = (packed.bytes.byteLength - offset) >> 2
    this.rest = new Uint32Array(buffer, byteOffset + offset, Math.max(0, left))
    this.restText = packed.texts[texts] ?? ''
  }

  /** A column by its place. */
  at(place: number): Column {
    return this.columns[place] as Column
  }
}

const FACTS: readonly Kind[] = [
  'int64',
  'int64',
  'uint32',
  'uint32',
  'uint32',
  'uint32',
  'text',
  'text',
  'text',
  'text',
  'text',
]

/** What is known about the records of a batch beside their content. */
export class Facts {
  readonly #columns: Columns
  readonly #firstAttributes: Uint32Array

  constructor(packed: Packed, count: number) {
    this.#columns = new Columns(packed, FACTS, count)
    this.#firstAttributes = new Uint32Array(count + 1)
    const counts = this.#columns.at(5)
    for (let row = 0; row < count; row++) {
      this.#firstAttributes[row + 1] = (this.#firstAttributes[row] as number) + (counts.read(row) as number)
    }
  }

  #text(column: number, row: number): string | undefined {
    return (this.#columns.at(column).read(row) as string | null) ?? undefined
  }

  sequence(row: number): bigint {
    return this.#columns.at(0).read(row) as bigint
  }

  systemTime(row: number): bigint {
    return this.#columns.at(1).read(row) as bigint
  }

  batchIndex(row: number): number {
    return this.#columns.at(2).read(row) as number
  }

  batchSize(row: number): number {
    return this.#columns.at(3).read(row) as number
  }

  serial(row: number): number | undefined {
    return (this.#columns.at(4).read(row) as number | null) ?? undefined
  }

  cursor(row: number): string | undefined {
    return this.#text(6, row)
  }

  nextCursor(row: number): string | undefined {
    return this.#text(7, row)
  }

  shardId(row: number): string | undefined {
    return this.#text(8, row)
  }

  hashKey(row: number): string | undefined {
    return this.#text(9, row)
  }

  partitionKey(row: number): string | undefined {
    return this.#text(10, row)
  }

  attributes(row: number): Record<string, string> {
    const { rest, restText } = this.#columns
    const part = (place: number) => restText.substring(rest[place] as number, rest[place + 1] as number)
    const attributes: Record<string, string> = {}
    const end = this.#firstAttributes[row + 1] as number
    for (let place = this.#firstAttributes[row] as number; place < end; place++) {
      assign(attributes, part(place * 2), part(place * 2 + 1))
    }
    return attributes
  }
}

/** Sets a member whatever its name is. */
export function assign<T>(object: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[name] = value
  }
}
