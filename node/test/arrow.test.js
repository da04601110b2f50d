import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  Decimal,
  Dictionary,
  Float64,
  Int32,
  Int64,
  Table,
  TimestampNanosecond,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { RecordBatch, RecordSchema } from 'hubstream'
import { ALL, FULL_ROW, refused } from './support.js'

const FULL = { ...FULL_ROW, decimal: '-12345678901234567890.125' }

const NONE = Object.fromEntries(Object.keys(FULL).map((name) => [name, null]))

describe('Arrow columns', () => {
  test('apache-arrow reads every type', () => {
    const table = tableFromIPC(RecordBatch.fromRecords(ALL, [FULL, NONE]).toArrow())
    assert.deepEqual(
      table.schema.fields.map((field) => `${field.name}: ${field.type}`),
      [
        'tinyint: Int8',
        'smallint: Int16',
        'integer: Int32',
        'bigint: Int64',
        'string: Utf8',
        'boolean: Bool',
        'timestamp: Timestamp<MICROSECOND, UTC>',
        'float: Float32',
        'double: Float64',
        'decimal: Decimal[38e+18]',
        'json: Utf8',
      ],
    )
    for (const [name, value] of Object.entries(FULL)) {
      const column = table.getChild(name)
      assert.equal(column.get(1), null)
      if (name === 'decimal') {
        const [low, , ,] = column.get(0)
        assert.equal(typeof low, 'number')
      } else if (name === 'timestamp') {
        assert.equal(column.data[0].values[0], value)
      } else {
        assert.equal(column.get(0), value)
      }
    }
  })

  test('records become columns and records again', () => {
    const batch = RecordBatch.fromRecords(ALL, [FULL, NONE, FULL])
    const back = RecordBatch.fromArrow(ALL, batch.toArrow())
    assert.deepEqual(back.toArray(), [
      { ...FULL, decimal: '-12345678901234567890.125000000000000000' },
      NONE,
      { ...FULL, decimal: '-12345678901234567890.125000000000000000' },
    ])
    const exact = [{ decimal: 'text' }, { decimal: [23, 3] }, { decimal: [60, 3], metadata: true }]
    for (const options of exact) {
      assert.deepEqual(RecordBatch.fromArrow(ALL, batch.toArrow(options)).toArray(), batch.toArray())
    }
    const part = batch.slice(1, 2)
    assert.deepEqual(RecordBatch.fromArrow(ALL, part.toArrow()).toArray(), [NONE])
    assert.equal(tableFromIPC(batch.slice(0, 0).toArrow()).numRows, 0)
  })

  test('a value that does not fit the digits asked for is named', () => {
    const batch = RecordBatch.fromRecords(ALL, [NONE, FULL])
    refused(() => batch.toArrow({ decimal: [5, 3] }), 'record 1, field `decimal`')
    refused(() => batch.toArrow({ decimal: [80, 3] }), 'DECIMAL cannot be given as')
    for (const decimal of ['number', [1], [1, 0, 0], [1.5, 0], [-1, 0], [256, 0], 7]) {
      refused(() => batch.toArrow({ decimal }), '`decimal`')
    }
    refused(() => batch.toArrow({ decimall: 'text' }), '`decimall`: is not known here')
  })

  test('metadata goes both ways', () => {
    const schema = new RecordSchema([{ name: 'n', type: 'BIGINT' }])
    const table = tableFromArrays({
      n: BigInt64Array.of(1n, 2n),
      __shard_id: ['3', ''],
      __partition_key: ['a', 'b'],
    })
    const batch = RecordBatch.fromArrow(schema, tableToIPC(table))
    assert.deepEqual(
      [...batch].map((record) => [record.shardId, record.partitionKey]),
      [
        ['3', 'a'],
        [undefined, 'b'],
      ],
    )
    const columns = tableFromIPC(batch.toArrow({ metadata: true }))
    assert.deepEqual(columns.schema.names, [
      'n',
      '__sequence',
      '__system_time',
      '__shard_id',
      '__hash_key',
      '__partition_key',
      '__attributes',
    ])
    assert.deepEqual([...columns.getChild('__partition_key')], ['a', 'b'])
  })

  test('blobs are bytes', () => {
    const batch = RecordBatch.fromBlobs(['one', '', 'x'.repeat(10_000)])
    const bytes = batch.toArrow()
    const column = tableFromIPC(bytes).getChild('data')
    assert.deepEqual(
      [...column].map((blob) => Buffer.from(blob).toString()),
      ['one', '', 'x'.repeat(10_000)],
    )
    assert.deepEqual(
      RecordBatch.fromArrow(null, bytes)
        .blobs()
        .map((blob) => Buffer.from(blob).toString()),
      ['one', '', 'x'.repeat(10_000)],
    )
  })
})

describe('Arrow data', () => {
  const schema = new RecordSchema([
    { name: 'id', type: 'BIGINT', allowNull: false },
    { name: 'name', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'price', type: 'DECIMAL' },
  ])

  test('tables of apache-arrow become records', () => {
    const table = new Table({
      PRICE: vectorFromArray(['2.50', null, '-1'], new Utf8()),
      id: vectorFromArray([1, 2, 3], new Int32()),
      at: vectorFromArray([1, null, 2], new TimestampNanosecond('UTC')),
      name: vectorFromArray(['tea', 'tea', null], new Dictionary(new Utf8(), new Int32())),
    })
    const { values } = table.getChild('at').data[0]
    values.set([1_000n, 0n, -2_000n])
    const expected = [
      { id: 1n, name: 'tea', at: 1n, price: '2.50' },
      { id: 2n, name: 'tea', at: null, price: null },
      { id: 3n, name: null, at: -2n, price: '-1' },
    ]
    assert.deepEqual(RecordBatch.fromArrow(schema, tableToIPC(table)).toArray(), expected)
    // Files of apache-arrow have their schema at the end only.
    refused(() => RecordBatch.fromArrow(schema, tableToIPC(table, 'file')), 'Expected a schema')
  })

  test('what does not fit is named', () => {
    const convert = (columns) => () => RecordBatch.fromArrow(schema, tableToIPC(new Table(columns)))
    const id = vectorFromArray([1, 2], new Int32())
    refused(convert({ id: vectorFromArray([1, 1.5], new Float64()) }), 'record 1, field `id`: `1.5`')
    refused(convert({ id: vectorFromArray([1n, null], new Int64()) }), 'record 1, field `id`: null')
    refused(convert({ id, name: vectorFromArray([1, 2], new Int32()) }), 'field `name`', 'Int32', 'STRING')
    refused(convert({ id, more: id }), 'field `more`: the topic has no such column')
    refused(convert({ name: vectorFromArray(['a'], new Utf8()) }), 'field `id`: the data has no such column')
    const price = vectorFromArray([new Uint32Array([150, 0, 0, 0])], new Decimal(2, 10))
    const batch = RecordBatch.fromArrow(schema, tableToIPC(new Table({ id: vectorFromArray([1n]), price })))
    assert.equal(batch.value(0, 'price'), '1.50')
  })

  test('other bytes are refused', () => {
    const bytes = RecordBatch.fromBlobs(['one']).toArrow()
    for (const bad of [new Uint8Array(), Buffer.from('not Arrow at all'), bytes.subarray(0, 100)]) {
      refused(() => RecordBatch.fromArrow(null, bad), "Arrow's IPC format")
    }
    refused(() => RecordBatch.fromArrow(null, 'text'), 'expected bytes')
    refused(() => RecordBatch.fromArrow(schema, bytes), 'field `data`')
  })
})
