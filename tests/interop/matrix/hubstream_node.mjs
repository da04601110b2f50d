// hubstream's Node client as a reader and writer of the matrix: `node hubstream_node.mjs read|write …`.

import { readFileSync, writeSync } from 'node:fs'
import { BlobRecord, DataHub, RecordBatch, TupleRecord } from '../../../node/dist/esm/index.js'

const PROTOCOLS = {
  json: { protocol: 'json' },
  pb: { protocol: 'protobuf' },
  batch0: { protocol: 'batch', batchVersion: 0 },
  batch1: { protocol: 'batch', batchVersion: 1 },
  batch: { protocol: 'batch' },
}
const READERS = {
  TINYINT: Number,
  SMALLINT: Number,
  INTEGER: Number,
  BIGINT: BigInt,
  TIMESTAMP: BigInt,
  FLOAT: number,
  DOUBLE: number,
}
const shardId = '0'

const [action, endpoint, projectName, topicName, protocol] = process.argv.slice(2)
const hub = new DataHub({ environment: true, endpoint, ...PROTOCOLS[protocol] })
const place = { projectName, topicName, shardId }
const { recordSchema } = await hub.getTopic({ projectName, topicName })
await (action === 'write' ? write() : read())
await hub.close()

async function write() {
  const lines = readFileSync(0, 'utf8').trimEnd().split('\n')
  const records = lines.map((line) => recordOf(JSON.parse(line)))
  const recordList = recordSchema
    ? RecordBatch.fromRecords(recordSchema, records)
    : RecordBatch.fromBlobs(records)
  if (protocol !== 'json') {
    await hub.putRecordsByShard({ ...place, recordList })
    return
  }
  const { failedRecords } = await hub.putRecords({ projectName, topicName, recordList })
  for (const failed of failedRecords) {
    throw new Error(`record ${failed.index}: ${failed.errorMessage}`)
  }
}

function recordOf({ values, data, attributes }) {
  if (!recordSchema) {
    return new BlobRecord(Buffer.from(data, 'base64'), { attributes, shardId })
  }
  const row = values.map((value, column) => valueFrom(recordSchema.fields[column].type, value))
  return new TupleRecord(recordSchema, row, { attributes, shardId })
}

function valueFrom(type, value) {
  return typeof value === 'string' && READERS[type] ? READERS[type](value) : value
}

function number(text) {
  return Number(text.replace('inf', 'Infinity'))
}

async function read() {
  let { cursor } = await hub.getCursor({ ...place, cursorType: 'OLDEST' })
  while (true) {
    const got = recordSchema
      ? await hub.getTupleRecords({ ...place, recordSchema, cursor })
      : await hub.getBlobRecords({ ...place, cursor })
    if (got.records.length === 0) {
      return
    }
    for (const record of got.records) {
      const content = recordSchema
        ? { values: record.values.map(shown) }
        : { data: Buffer.from(record.data).toString('base64') }
      writeSync(1, `${JSON.stringify({ ...content, attributes: record.attributes })}\n`)
    }
    cursor = got.nextCursor
  }
}

function shown(value) {
  if (typeof value === 'number') {
    return Object.is(value, -0) ? '-0' : String(value).replace('Infinity', 'inf')
  }
  return typeof value === 'bigint' ? String(value) : value
}
