import type { RecordBatch } from './batch.js'
import { invalidArgument } from './failure.js'
import type { RecordSchema } from './schema.js'

/**
 * A value of a tuple record as it is read: `bigint` for BIGINT and TIMESTAMP (microseconds since 1970), `number`
 * for TINYINT, SMALLINT, INTEGER, FLOAT and DOUBLE, `boolean` for BOOLEAN, `string` for STRING, DECIMAL and JSON,
 * `null` for no value.
 */
export type Value = number | bigint | boolean | string | null

/**
 * A value of a tuple record to be written. A whole number may be a `number` while that is exact, whatever the
 * column; a TIMESTAMP may be a `Date`; a DECIMAL is a `string` or a whole number. `undefined` counts as `null`.
 */
export type ValueInput = Value | Date | undefined

/** The values of a tuple record: in the order of the columns, or by the names of the columns. */
export type Row = readonly ValueInput[] | { readonly [column: string]: ValueInput }

/** What goes with a record beside its content. */
export interface RecordKeys {
  /** Attributes: pairs of texts. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** The shard that the record is meant for. It counts more than the keys. */
  readonly shardId?: string | undefined
  /** The hash key that routes the record: 32 hexadecimal digits. It counts more than the partition key. */
  readonly hashKey?: string | undefined
  /** The partition key that routes the record. */
  readonly partitionKey?: string | undefined
}

/** A tuple record to be put. */
export class TupleRecord implements RecordKeys {
  /** The columns. */
  readonly schema: RecordSchema
  /** The values. */
  readonly values: Row
  readonly attributes: Readonly<Record<string, string>> | undefined
  readonly shardId: string | undefined
  readonly hashKey: string | undefined
  readonly partitionKey: string | undefined

  /** Makes a record. Its values are checked when it is put into a batch. */
  constructor(schema: RecordSchema, values: Row, keys: RecordKeys = {}) {
    this.schema = schema
    this.values = values
    this.attributes = keys.attributes
    this.shardId = keys.shardId
    this.hashKey = keys.hashKey
    this.partitionKey = keys.partitionKey
  }
}

/** A blob record to be put. */
export class BlobRecord implements RecordKeys {
  /** The bytes. */
  readonly data: Uint8Array
  readonly attributes: Readonly<Record<string, string>> | undefined
  readonly shardId: string | undefined
  readonly hashKey: string | undefined
  readonly partitionKey: string | undefined

  /** Makes a record of bytes, or of a text that is written as UTF-8. */
  constructor(data: Uint8Array | string, keys: RecordKeys = {}) {
    this.data = blobBytes(data, 'data')
    this.attributes = keys.attributes
    this.shardId = keys.shardId
    this.hashKey = keys.hashKey
    this.partitionKey = keys.partitionKey
  }
}

/** Bytes, or the bytes of a text. */
export function blobBytes(data: unknown, argument: string): Uint8Array {
  if (data instanceof Uint8Array) {
    return data
  }
  if (typeof data === 'string') {
    if (!isWellFormed(data)) {
      throw invalidArgument(argument, 'the text has half of a surrogate pair')
    }
    return Buffer.from(data, 'utf8')
  }
  throw invalidArgument(argument, `expected a Uint8Array or a string, found ${described(data)}`)
}

/** Whether a text has no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

/** What a value is, for messages; never the value itself. */
export function described(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value)
  }
  if (Array.isArray(value)) {
    return 'an array'
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** One record of a batch. It reads from the batch when it is asked. */
export class BatchRecord {
  /** The batch. */
  readonly batch: RecordBatch
  /** The place of the record in the batch, counted from 0. */
  readonly index: number

  /** The record at a place of a batch. */
  constructor(batch: RecordBatch, index: number) {
    this.batch = batch
    this.index = index
  }

  /** The columns of a tuple record; `null` for a blob. */
  get schema(): RecordSchema | null {
    return this.batch.schema
  }

  /** The values of a tuple record in the order of the columns. */
  get values(): Value[] {
    return this.batch.row(this.index)
  }

  /** The value of a column, by name or by place counted from 0. */
  get(column: string | number): Value {
    return this.batch.value(this.index, column)
  }

  /** The values of a tuple record by the names of the columns. */
  toObject(): Record<string, Value> {
    return this.batch.object(this.index)
  }

  /** The bytes of a blob record: a view of the memory of the batch, to be read only. */
  get data(): Uint8Array {
    return this.batch.blob(this.index)
  }

  /** The bytes of a blob record as text. Fails if they are not UTF-8. */
  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.data)
  }

  /** The sequence number; 0 for a record that was not received. */
  get sequence(): bigint {
    return this.batch.facts.sequence(this.index)
  }

  /** When the service stored the record, in milliseconds since 1970; 0 for a record that was not received. */
  get systemTime(): bigint {
    return this.batch.facts.systemTime(this.index)
  }

  /** The place of the record within its stored batch, counted from 0. */
  get batchIndex(): number {
    return this.batch.facts.batchIndex(this.index)
  }

  /** How many records its stored batch holds; 1 outside of batches, 0 when it is not known. */
  get batchSize(): number {
    return this.batch.facts.batchSize(this.index)
  }

  /** The serial number, if the service told it. */
  get serial(): number | undefined {
    return this.batch.facts.serial(this.index)
  }

  /** The cursor of the record, if the service told it. */
  get cursor(): string | undefined {
    return this.batch.facts.cursor(this.index)
  }

  /** The cursor behind the record, if the service told it. */
  get nextCursor(): string | undefined {
    return this.batch.facts.nextCursor(this.index)
  }

  /** The shard of the record, if one is set. */
  get shardId(): string | undefined {
    return this.batch.facts.shardId(this.index)
  }

  /** The hash key of the record, if one is set. */
  get hashKey(): string | undefined {
    return this.batch.facts.hashKey(this.index)
  }

  /** The partition key of the record, if one is set. */
  get partitionKey(): string | undefined {
    return this.batch.facts.partitionKey(this.index)
  }

  /** The attributes in their order. */
  get attributes(): Record<string, string> {
    return this.batch.facts.attributes(this.index)
  }
}
