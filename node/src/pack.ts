// Packs records for one crossing; bindings/node/src/records/unpack.rs is the other side.

import type { NativeBatch } from './addon.js'
import { guarded, invalidArgument } from './failure.js'
import { native } from './native.cjs'
import {
  BlobRecord,
  blobBytes,
  described,
  isWellFormed,
  type RecordKeys,
  type Row,
  TupleRecord,
} from './record.js'
import type { Field, RecordSchema } from './schema.js'

const BIGINT = 1
const NUMBER = 2
const BOOLEAN = 3
const TEXT = 4

const SHARD_ID = 0
const HASH_KEY = 1
const PARTITION_KEY = 2
const ATTRIBUTE = 3

/** Routing keys and attributes of the records. */
class Notes {
  readonly #entries: number[] = []
  #text = ''

  add(record: number, keys: RecordKeys): void {
    this.#key(record, SHARD_ID, 'shardId', keys.shardId)
    this.#key(record, HASH_KEY, 'hashKey', keys.hashKey)
    this.#key(record, PARTITION_KEY, 'partitionKey', keys.partitionKey)
    for (const [name, value] of Object.entries(keys.attributes ?? {})) {
      if (typeof value !== 'string') {
        throw refused(record, `attribute \`${name}\``, `expected a string, found ${described(value)}`)
      }
      this.#entries.push(record, ATTRIBUTE, name.length, value.length)
      this.#text += name + value
    }
  }

  #key(record: number, kind: number, name: string, value: unknown): void {
    if (value === undefined || value === null) {
      return
    }
    if (typeof value !== 'string') {
      throw refused(record, name, `expected a string, found ${described(value)}`)
    }
    this.#entries.push(record, kind, value.length, 0)
    this.#text += value
  }

  get entries(): Uint32Array {
    return Uint32Array.from(this.#entries)
  }

  get text(): string {
    if (!isWellFormed(this.#text)) {
      throw invalidArgument('records', 'a key or an attribute has half of a surrogate pair')
    }
    return this.#text
  }
}

function refused(record: number, place: string, problem: string) {
  return invalidArgument('records', `record ${record}, ${place}: ${problem}`)
}

/** Collects values cell by cell. */
class Cells {
  readonly tags: Uint8Array
  readonly bigints: BigInt64Array
  readonly #numbers: Float64Array
  readonly #fields: readonly Field[]
  #text = ''

  constructor(fields: readonly Field[], count: number) {
    const length = fields.length * count
    this.tags = new Uint8Array(length)
    this.#numbers = new Float64Array(length)
    this.bigints = new BigInt64Array(this.#numbers.buffer)
    this.#fields = fields
  }

  put(record: number, column: number, value: unknown): void {
    const cell = record * this.#fields.length + column
    switch (typeof value) {
      case 'string':
        this.#putText(cell, value)
        break
      case 'number':
        this.tags[cell] = NUMBER
        this.#numbers[cell] = value
        break
      case 'bigint':
        this.#putBigint(record, column, value)
        break
      case 'boolean':
        this.tags[cell] = BOOLEAN
        this.#numbers[cell] = value ? 1 : 0
        break
      case 'undefined':
        break
      default:
        if (value !== null) {
          this.#putObject(record, column, value)
        }
    }
  }

  #putText(cell: number, text: string): void {
    this.tags[cell] = TEXT
    this.#numbers[cell] = text.length
    this.#text += text
  }

  #putBigint(record: number, column: number, value: bigint): void {
    const cell = record * this.#fields.length + column
    if (BigInt.asIntN(64, value) === value) {
      this.tags[cell] = BIGINT
      this.bigints[cell] = value
    } else if (this.#fields[column]?.type === 'DECIMAL') {
      this.#putText(cell, value.toString())
    } else {
      throw this.#refused(record, column, `${value} does not fit 64 bits`)
    }
  }

  #putObject(record: number, column: number, value: unknown): void {
    const type = this.#fields[column]?.type
    if (!(value instanceof Date) || type !== 'TIMESTAMP') {
      const found = value instanceof Date ? 'a Date' : described(value)
      throw this.#refused(record, column, `${found} is not a value for ${type}`)
    }
    const milliseconds = value.getTime()
    if (Number.isNaN(milliseconds)) {
      throw this.#refused(record, column, 'the Date is not valid')
    }
    this.#putBigint(record, column, BigInt(milliseconds) * 1000n)
  }

  #refused(record: number, column: number, problem: string) {
    return refused(record, `field \`${this.#fields[column]?.name}\``, problem)
  }

  /** All texts, one behind the other. */
  get text(): string {
    if (!isWellFormed(this.#text)) {
      throw this.#malformed()
    }
    return this.#text
  }

  #malformed() {
    let start = 0
    for (const [cell, tag] of this.tags.entries()) {
      if (tag === TEXT) {
        const end = start + (this.#numbers[cell] as number)
        if (!isWellFormed(this.#text.substring(start, end))) {
          const width = this.#fields.length
          return this.#refused(Math.floor(cell / width), cell % width, 'the text has half of a surrogate pair')
        }
        start = end
      }
    }
    return invalidArgument('records', 'a text has half of a surrogate pair')
  }
}

function putArray(cells: Cells, record: number, row: readonly unknown[], width: number): void {
  if (row.length !== width) {
    throw refused(record, 'values', `there are ${row.length}, but ${width} columns`)
  }
  for (let column = 0; column < width; column++) {
    cells.put(record, column, row[column])
  }
}

function putObject(cells: Cells, record: number, row: Record<string, unknown>, schema: RecordSchema): void {
  const { fields } = schema
  let found = 0
  for (let column = 0; column < fields.length; column++) {
    const name = (fields[column] as Field).name
    if (Object.hasOwn(row, name)) {
      found++
      cells.put(record, column, row[name])
    }
  }
  const names = Object.keys(row)
  if (names.length === found) {
    return
  }
  for (const name of names) {
    const column = schema.indexOf(name)
    const field = fields[column]
    if (field === undefined) {
      throw refused(record, `column \`${name}\``, 'the schema has no such column')
    }
    if (field.name !== name) {
      if (Object.hasOwn(row, field.name)) {
        throw refused(record, `column \`${name}\``, 'given twice')
      }
      cells.put(record, column, row[name])
    }
  }
}

/** Packs tuple records and makes a batch of them. */
export function tupleBatch(schema: RecordSchema, records: Iterable<Row | TupleRecord>): NativeBatch {
  const list = Array.isArray(records) ? (records as readonly unknown[]) : [...records]
  const cells = new Cells(schema.fields, list.length)
  const notes = new Notes()
  for (let record = 0; record < list.length; record++) {
    let row = list[record]
    if (row instanceof TupleRecord) {
      if (row.schema !== schema && !schema.hasLayoutOf(row.schema)) {
        throw refused(record, 'schema', 'the record has other columns')
      }
      notes.add(record, row)
      row = row.values
    }
    if (Array.isArray(row)) {
      putArray(cells, record, row, schema.fields.length)
    } else if (
      row !== null &&
      typeof row === 'object' &&
      !ArrayBuffer.isView(row) &&
      !(row instanceof BlobRecord)
    ) {
      putObject(cells, record, row as Record<string, unknown>, schema)
    } else {
      throw refused(record, 'values', `expected an array or an object, found ${described(row)}`)
    }
  }
  const { tags, bigints, text } = cells
  return guarded(() =>
    native().RecordBatch.fromValues(schema.native, list.length, tags, bigints, text, notes.entries, notes.text),
  )
}

/** Packs blob records and makes a batch of them. */
export function blobBatch(records: Iterable<Uint8Array | string | BlobRecord>): NativeBatch {
  const notes = new Notes()
  const blobs: Uint8Array[] = []
  let total = 0
  for (const record of records) {
    const place = blobs.length
    if (record instanceof BlobRecord) {
      notes.add(place, record)
    }
    const blob = record instanceof BlobRecord ? record.data : blobBytes(record, `records[${place}]`)
    blobs.push(blob)
    total += blob.length
  }
  const bytes = Buffer.allocUnsafeSlow(total)
  const lengths = new Uint32Array(blobs.length)
  let offset = 0
  for (const [place, blob] of blobs.entries()) {
    bytes.set(blob, offset)
    lengths[place] = blob.length
    offset += blob.length
  }
  return guarded(() => native().RecordBatch.fromBlobs(bytes, lengths, notes.entries, notes.text))
}
