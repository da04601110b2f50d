// The public data set of `examples/data`, and the checksum of its content.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { RecordBatch, RecordSchema, TupleRecord } from 'hubstream'

const DATA = new URL('../data/', import.meta.url)
const NULL = '\\N'
// The column whose value decides which shard a record goes to.
const KEY_COLUMN = 'destination'
const ESCAPES = { t: '\t', n: '\n', '\\': '\\' }

const READERS = {
  BIGINT: BigInt,
  TIMESTAMP: BigInt,
  INTEGER: Number,
  DOUBLE: Number,
  BOOLEAN: (text) => text === 'true',
  STRING: (text) => text.replace(/\\(.)/g, (_, letter) => ESCAPES[letter]),
}

/** Rows of values with the columns that give them their types. */
export class DataSet {
  constructor() {
    this.schema = RecordSchema.fromJson(readFileSync(new URL('flights.schema.json', DATA), 'utf8'))
    const [header, ...lines] = readFileSync(new URL('flights.tsv', DATA), 'utf8').trimEnd().split('\n')
    if (header !== this.schema.fields.map((field) => field.name).join('\t')) {
      throw new Error('flights.tsv and flights.schema.json have different columns')
    }
    const readers = this.schema.fields.map((field) => READERS[field.type])
    this.rows = lines.map((line) =>
      line.split('\t').map((text, column) => (text === NULL ? null : readers[column](text))),
    )
  }

  /** All rows as batches of records of at most `size`. */
  *batches(size) {
    const key = this.schema.indexOf(KEY_COLUMN)
    for (let start = 0; start < this.rows.length; start += size) {
      const rows = this.rows.slice(start, start + size)
      const records = rows.map((row) => new TupleRecord(this.schema, row, { partitionKey: row[key] }))
      yield RecordBatch.fromRecords(this.schema, records)
    }
  }

  /** The checksum of all rows; see `examples/data/README.md`. */
  checksum() {
    return checksum([...this.batches(1000)].flatMap(canonical))
  }
}

/** Records as the lines that the checksum is made of. */
export function canonical(batch) {
  const types = batch.schema.fields.map((field) => field.type)
  return batch.rows().map((row) => row.map((value, column) => canonicalValue(types[column], value)).join('\t'))
}

function canonicalValue(type, value) {
  if (value === null) {
    return NULL
  }
  if (type === 'DOUBLE') {
    const bits = Buffer.alloc(8)
    bits.writeDoubleBE(value)
    return bits.toString('hex')
  }
  if (type === 'STRING') {
    return value.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')
  }
  return String(value)
}

/** The checksum of lines in any order. */
export function checksum(lines) {
  const digest = createHash('sha256')
  for (const line of lines.map((text) => Buffer.from(text)).sort(Buffer.compare)) {
    digest.update(line).update('\n')
  }
  return digest.digest('hex')
}
