import { type InspectOptions, inspect } from 'node:util'
import type { NativeBatch } from './addon.js'
import { guarded, invalidArgument } from './failure.js'
import { native } from './native.cjs'
import { blobBatch, tupleBatch } from './pack.js'
import { BatchRecord, type BlobRecord, described, type Row, TupleRecord, type Value } from './record.js'
import { RecordSchema } from './schema.js'
import { assign, Columns, Facts, kindOf } from './unpack.js'

/** Records to be put: a batch, or records that a batch is made of. */
export type RecordsInput = RecordBatch | Iterable<TupleRecord> | Iterable<BlobRecord | Uint8Array | string>

/** How records become Arrow columns. */
export interface ArrowOptions {
  /**
   * Whether the columns `__sequence`, `__system_time`, `__shard_id`, `__hash_key`, `__partition_key` and
   * `__attributes` come behind those of the topic. Default: no.
   */
  readonly metadata?: boolean
  /**
   * Precision and scale of DECIMAL columns, or `'text'`. Without it they have 38 and 18, or more in a batch that
   * needs more.
   */
  readonly decimal?: 'text' | readonly [precision: number, scale: number]
}

interface Views {
  readonly buffers: readonly ArrayBuffer[]
  readonly places: Uint32Array
}

/** Cloning throws an error with this text, where it would make an object without records. */
const UNCLONEABLE = Symbol('a RecordBatch: pass what toArrow(), toArray() or blobs() gives')

/** A schema, or an error that names the argument. */
function columnsOf(schema: unknown): RecordSchema {
  // Not of its class: CommonJS and ESM have one each.
  if ((schema as RecordSchema | null | undefined)?.native instanceof native().RecordSchema) {
    return schema as RecordSchema
  }
  throw invalidArgument('schema', `expected a RecordSchema, found ${described(schema)}`)
}

/**
 * Some records of one topic in their order: all tuples of one schema, or all blobs.
 *
 * A batch owns the bytes that were received and reads values when it is asked. Reading all values costs one call
 * of the native part.
 *
 * A batch belongs to its thread: `structuredClone` and `postMessage` refuse it. Pass `toArrow()`, which `fromArrow` reads, or
 * plain values: `toArray()`, `rows()`, `blobs()`.
 */
export class RecordBatch implements Iterable<BatchRecord> {
  /**
   * Before the schema, which cannot be cloned either.
   *
   * @internal
   */
  readonly uncloneable = UNCLONEABLE
  /** The number of records. */
  readonly length: number
  /** The columns of tuple records; `null` for blobs. */
  readonly schema: RecordSchema | null
  readonly #origin: RecordBatch | undefined
  readonly #start: number
  #native: NativeBatch | undefined
  #columns: Columns | undefined
  #facts: Facts | undefined
  #views: Views | undefined

  private constructor(batch: NativeBatch, origin?: RecordBatch, start = 0) {
    this.#native = batch
    this.#origin = origin
    this.#start = start
    this.length = batch.length
    const schema = origin === undefined ? batch.schema() : null
    this.schema = origin?.schema ?? (schema === null ? null : RecordSchema.wrap(schema))
  }

  /** @internal */
  get native(): NativeBatch {
    return this.#native as NativeBatch
  }

  /** @internal */
  static wrap(batch: NativeBatch): RecordBatch {
    return new RecordBatch(batch)
  }

  /**
   * Makes a batch of tuple records: arrays in the order of the columns, objects by the names of the columns, or
   * `TupleRecord`s.
   *
   * Every value is checked; an error names the record, the field and the value.
   */
  static fromRecords(schema: RecordSchema, records: Iterable<Row | TupleRecord>): RecordBatch {
    return new RecordBatch(tupleBatch(columnsOf(schema), iterable(records)))
  }

  /** Makes a batch of blob records: bytes, texts that are written as UTF-8, or `BlobRecord`s. */
  static fromBlobs(records: Iterable<Uint8Array | string | BlobRecord>): RecordBatch {
    return new RecordBatch(blobBatch(iterable(records)))
  }

  /**
   * Makes a batch of Arrow data: a stream of Arrow's IPC format, as `tableToIPC` of `apache-arrow` gives it.
   *
   * Columns are found by name, in any case; those of the topic that the data does not have are null. Without a schema
   * the records are blobs, out of the only column or that of the name `data`. An error names column and record.
   */
  static fromArrow(schema: RecordSchema | null, ipc: Uint8Array): RecordBatch {
    if (!(ipc instanceof Uint8Array)) {
      throw invalidArgument('ipc', `expected bytes, found ${described(ipc)}`)
    }
    return new RecordBatch(
      guarded(() => native().RecordBatch.fromArrow(schema ? columnsOf(schema).native : undefined, ipc)),
    )
  }

  /** Makes a batch of records, or gives back the batch that it is given. */
  static from(records: RecordsInput): RecordBatch {
    return batchOf(records ?? iterable(records), 'records')
  }

  /** @internal */
  static collect(records: Iterable<TupleRecord | BlobRecord | Uint8Array | string>): RecordBatch {
    const list = [...records]
    const [first] = list
    return first instanceof TupleRecord
      ? RecordBatch.fromRecords(first.schema, list as TupleRecord[])
      : RecordBatch.fromBlobs(list as (BlobRecord | Uint8Array | string)[])
  }

  #row(row: number): number {
    if (!Number.isInteger(row) || row < 0 || row >= this.length) {
      throw invalidArgument('row', `there are ${this.length} records, no number ${row}`)
    }
    return row
  }

  #column(column: string | number): number {
    const fields = this.#tuples().fields
    const place = typeof column === 'string' ? (this.schema?.indexOf(column) ?? -1) : column
    if (!Number.isInteger(place) || place < 0 || place >= fields.length) {
      throw invalidArgument('column', `there are ${fields.length} columns, no \`${column}\``)
    }
    return place
  }

  #tuples(): RecordSchema {
    if (this.schema === null) {
      throw invalidArgument('batch', 'blob records have no columns')
    }
    return this.schema
  }

  #values(): Columns {
    if (this.#columns === undefined) {
      const kinds = this.#tuples().fields.map((field) => kindOf(field.type))
      this.#columns = new Columns(this.native.values(), kinds, this.length)
    }
    return this.#columns
  }

  /** Throws why a value of a column cannot be read, if there is such a value. */
  #checkColumn(column: number): void {
    const broken = this.#values().at(column).firstBroken()
    if (broken >= 0) {
      guarded(() => this.native.check(broken, column))
    }
  }

  /** @internal */
  get facts(): Facts {
    this.#facts ??= new Facts(this.native.facts(), this.length)
    return this.#facts
  }

  /** A record; negative numbers count from the end. `undefined` if there is none. */
  at(index: number): BatchRecord | undefined {
    const row = index < 0 ? index + this.length : index
    return Number.isInteger(row) && row >= 0 && row < this.length ? new BatchRecord(this, row) : undefined
  }

  /** The records in order. */
  *[Symbol.iterator](): IterableIterator<BatchRecord> {
    for (let row = 0; row < this.length; row++) {
      yield new BatchRecord(this, row)
    }
  }

  /** A value by record and column, both counted from 0; the column may be given by name. */
  value(row: number, column: string | number): Value {
    const place = this.#column(column)
    const values = this.#values().at(place)
    if (values.isBroken(this.#row(row))) {
      guarded(() => this.native.check(row, place))
    }
    return values.read(row)
  }

  /** The values of one record in the order of the columns. */
  row(row: number): Value[] {
    return this.#tuples().fields.map((_, column) => this.value(row, column))
  }

  /** The values of one record by the names of the columns. */
  object(row: number): Record<string, Value> {
    const object: Record<string, Value> = {}
    for (const [column, field] of this.#tuples().fields.entries()) {
      assign(object, field.name, this.value(row, column))
    }
    return object
  }

  /** All values of a column, given by name or by place counted from 0. */
  column(column: string | number): Value[] {
    const place = this.#column(column)
    this.#checkColumn(place)
    return this.#values().at(place).list(this.length)
  }

  #lists(): Value[][] {
    return this.#tuples().fields.map((_, column) => this.column(column))
  }

  /** The values of all records, each an array in the order of the columns. */
  rows(): Value[][] {
    const lists = this.#lists()
    const rows = new Array<Value[]>(this.length)
    for (let row = 0; row < this.length; row++) {
      const values = new Array<Value>(lists.length)
      for (let column = 0; column < lists.length; column++) {
        values[column] = (lists[column] as Value[])[row] as Value
      }
      rows[row] = values
    }
    return rows
  }

  /** The values of all records, each a plain object by the names of the columns. */
  toArray(): Record<string, Value>[] {
    const lists = this.#lists()
    const names = this.#tuples().fields.map((field) => field.name)
    const objects = new Array<Record<string, Value>>(this.length)
    const special = names.includes('__proto__')
    for (let row = 0; row < this.length; row++) {
      const object: Record<string, Value> = {}
      for (let column = 0; column < names.length; column++) {
        const value = (lists[column] as Value[])[row] as Value
        if (special) {
          assign(object, names[column] as string, value)
        } else {
          object[names[column] as string] = value
        }
      }
      objects[row] = object
    }
    return objects
  }

  #blobViews(): Views {
    if (this.#origin !== undefined) {
      return this.#origin.#blobViews()
    }
    this.#views ??= guarded(() => this.native.blobs())
    return this.#views
  }

  /**
   * The bytes of a blob record: a view of the memory of the batch.
   *
   * It must not be written to. It keeps the memory of the whole batch; take a copy of what is to be kept long.
   */
  blob(row: number): Uint8Array {
    const place = (this.#start + this.#row(row)) * 3
    const { buffers, places } = this.#blobViews()
    const buffer = buffers[places[place] as number] as ArrayBuffer
    return new Uint8Array(buffer, places[place + 1] as number, places[place + 2] as number)
  }

  /** The bytes of all blob records: views of the memory of the batch. See `blob`. */
  blobs(): Uint8Array[] {
    const { buffers, places } = this.#blobViews()
    const views = new Array<Uint8Array>(this.length)
    let place = this.#start * 3
    for (let row = 0; row < views.length; row++, place += 3) {
      const buffer = buffers[places[place] as number] as ArrayBuffer
      views[row] = new Uint8Array(buffer, places[place + 1] as number, places[place + 2] as number)
    }
    return views
  }

  /** The records as Arrow columns: a stream of Arrow's IPC format, which `tableFromIPC` of `apache-arrow` reads. */
  toArrow(options: ArrowOptions = {}): Uint8Array {
    for (const name of Object.keys(options)) {
      if (name !== 'metadata' && name !== 'decimal') {
        throw invalidArgument(name, 'is not known here; known are metadata, decimal')
      }
    }
    const { metadata = false, decimal } = options
    return guarded(() => this.native.toArrow(metadata, decimalDigits(decimal)))
  }

  /**
   * What it is, not what the records hold.
   *
   * @internal
   */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const name = `RecordBatch(${this.length})`
    return depth < 0 ? `[${name}]` : `${name} ${inspect({ schema: this.schema }, options)}`
  }

  /** Some of the records, sharing memory; as `slice` of an array. */
  slice(start = 0, end = this.length): RecordBatch {
    const place = (index: number) => {
      const whole = Math.trunc(index) || 0
      return whole < 0 ? Math.max(0, whole + this.length) : Math.min(whole, this.length)
    }
    const first = place(start)
    const last = Math.max(first, place(end))
    return new RecordBatch(this.native.slice(first, last), this.#origin ?? this, this.#start + first)
  }
}

/** The batch that an argument is or that is made of it. One that is missing is left to the native part. */
export function batchOf(records: RecordsInput, argument: string): RecordBatch {
  if (records instanceof RecordBatch || records === undefined || records === null) {
    return records
  }
  if (typeof records === 'object' && 'native' in records) {
    // A batch of the other build of this package, ESM or CommonJS.
    return records as unknown as RecordBatch
  }
  return RecordBatch.collect(
    iterable(records as Iterable<TupleRecord | BlobRecord | Uint8Array | string>, argument),
  )
}

function iterable<T>(records: Iterable<T>, argument = 'records'): Iterable<T> {
  if (records === null || typeof records !== 'object' || !(Symbol.iterator in records)) {
    throw invalidArgument(argument, `expected records, found ${described(records)}`)
  }
  return records
}

function decimalDigits(decimal: ArrowOptions['decimal']): readonly number[] | undefined {
  if (decimal === undefined || decimal === 'text') {
    return decimal && []
  }
  const isByte = (digits: unknown) =>
    Number.isInteger(digits) && (digits as number) >= 0 && (digits as number) < 256
  if (!Array.isArray(decimal) || decimal.length !== 2 || !decimal.every(isByte)) {
    throw invalidArgument('decimal', 'expected "text" or [precision, scale]')
  }
  return decimal
}
