import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'

import { RecordBatch, RecordSchema, TupleRecord } from 'hubstream'
import { ALL, FULL_ROW, refused } from './support.js'

const one = (type, value, options = {}) => {
  const schema = new RecordSchema([{ name: 'c', type, ...options }])
  return RecordBatch.fromRecords(schema, [[value]]).value(0, 0)
}

describe('values', () => {
  test('every type crosses both ways, as objects and as arrays', () => {
    const batch = RecordBatch.fromRecords(ALL, [FULL_ROW, Object.values(FULL_ROW)])
    assert.deepEqual(batch.toArray(), [FULL_ROW, FULL_ROW])
    assert.deepEqual(batch.rows(), [Object.values(FULL_ROW), Object.values(FULL_ROW)])
    for (const [name, value] of Object.entries(FULL_ROW)) {
      assert.deepEqual(batch.column(name), [value, value])
      assert.equal(batch.value(1, name), value)
      assert.equal(batch.at(0).get(name), value)
    }
    assert.deepEqual(batch.at(-1).toObject(), FULL_ROW)
    assert.deepEqual(
      [...batch].map((record) => record.values),
      batch.rows(),
    )
  })

  test('null and empty are different', () => {
    const names = ALL.fields.map((field) => field.name)
    const batch = RecordBatch.fromRecords(ALL, [
      {},
      Object.fromEntries(names.map((name) => [name, null])),
      { string: '' },
    ])
    const nothing = Object.fromEntries(names.map((name) => [name, null]))
    assert.deepEqual(batch.toArray(), [nothing, nothing, { ...nothing, string: '' }])
    assert.equal(batch.value(2, 'string'), '')
  })

  test('64-bit columns are bigint whatever the value, smaller ones are numbers', () => {
    assert.equal(one('BIGINT', 0), 0n)
    assert.equal(one('BIGINT', Number.MAX_SAFE_INTEGER), 9007199254740991n)
    assert.equal(one('BIGINT', 9223372036854775807n), 9223372036854775807n)
    assert.equal(one('TIMESTAMP', 5), 5n)
    assert.equal(one('TIMESTAMP', new Date(1234)), 1234000n)
    assert.equal(one('TIMESTAMP', new Date(-1)), -1000n)
    assert.equal(one('TINYINT', 5n), 5)
    assert.equal(one('INTEGER', 5), 5)
    assert.equal(one('DOUBLE', 5n), 5)
    assert.equal(one('FLOAT', 0.1), Math.fround(0.1))
  })

  test('decimals are text, from text or from whole numbers', () => {
    assert.equal(one('DECIMAL', '1.50'), '1.50')
    assert.equal(one('DECIMAL', 12), '12')
    assert.equal(one('DECIMAL', 123456789012345678901234567890n), '123456789012345678901234567890')
    refused(() => one('DECIMAL', 1.5), 'field `c`', '1.5')
    refused(() => one('DECIMAL', 'abc'), 'abc')
    refused(() => one('DECIMAL', ''), 'DECIMAL')
  })

  test('special numbers stay what they are', () => {
    assert.ok(Number.isNaN(one('DOUBLE', Number.NaN)))
    assert.equal(one('DOUBLE', Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY)
    assert.ok(Object.is(one('DOUBLE', -0), -0))
    assert.equal(one('DOUBLE', 5e-324), 5e-324)
  })

  test('a value that does not fit names record, field and value', () => {
    const schema = new RecordSchema([{ name: 'id', type: 'BIGINT', allowNull: false }])
    const put = (...rows) => RecordBatch.fromRecords(schema, rows)
    refused(() => put([1], [null]), 'record 1', 'field `id`', 'null')
    refused(() => put([1], ['x']), 'record 1', 'field `id`', '`x`')
    refused(() => put([1.5]), 'record 0', '`1.5`')
    refused(() => put([2 ** 53]), 'record 0', '9007199254740992')
    refused(() => put([2n ** 63n]), 'record 0', 'field `id`', '9223372036854775808', '64 bits')
    refused(() => put([true]), 'record 0', 'field `id`')
    refused(() => put([Number.NaN]), 'record 0', '`nan`')
    refused(() => put([new Date()]), 'a Date is not a value for BIGINT')
    refused(() => put([{}]), 'an object is not a value for BIGINT')
    refused(() => put([Symbol('s')]), 'a symbol is not a value for BIGINT')
    refused(() => one('TINYINT', 128), '128', 'TINYINT')
    refused(() => one('INTEGER', 2 ** 31), 'INTEGER')
    refused(() => one('FLOAT', 1e39), 'FLOAT')
    refused(() => one('TIMESTAMP', 2n ** 62n), 'TIMESTAMP')
    refused(() => one('TIMESTAMP', new Date(Number.NaN)), 'not valid')
    refused(() => one('JSON', '{'), 'JSON')
    refused(() => one('STRING', 5), 'STRING')
    refused(() => one('STRING', 'x'.repeat(2 * 1024 * 1024 + 1)), 'longer than')
  })

  test('a record of another shape is refused', () => {
    const put = (...rows) => RecordBatch.fromRecords(ALL, rows)
    refused(() => put([1, 2]), 'record 0', '2, but 11 columns')
    refused(() => put({ integer: 1, inteher: 2 }), 'record 0', '`inteher`')
    refused(() => put({ integer: 1, Integer: 2 }), 'given twice')
    refused(() => put(FULL_ROW, null), 'record 1', 'null')
    refused(() => put('abc'), 'a string')
    refused(() => put(new Uint8Array(3)), 'an object')
    refused(() => RecordBatch.fromRecords(ALL, 5), 'found a number')
    refused(() => RecordBatch.fromRecords(ALL, null), 'found null')
    assert.deepEqual(put({ INTEGER: 7 }).column('Integer'), [7])
  })

  test('half of a surrogate pair is refused, never replaced', () => {
    const schema = RecordSchema.fromLists(['a', 'b'], ['STRING', 'STRING'])
    refused(() => RecordBatch.fromRecords(schema, [['ok', 'x\ud83d']]), 'record 0', 'field `b`', 'surrogate')
    refused(() => RecordBatch.fromRecords(schema, [['x\ud83d', '\ude80x']]), 'surrogate')
    refused(() => RecordBatch.fromBlobs(['\ud83d']), 'surrogate')
    const text = '🚀'.repeat(100)
    assert.deepEqual(
      RecordBatch.fromRecords(schema, [
        [text, 'x'],
        ['é', text],
      ]).rows(),
      [
        [text, 'x'],
        ['é', text],
      ],
    )
  })

  test('a column may have any name', () => {
    const schema = RecordSchema.fromLists(['__proto__', 'constructor', '1'], ['STRING', 'BIGINT', 'BOOLEAN'])
    const [object] = RecordBatch.fromRecords(schema, [['x', 1, true]]).toArray()
    assert.deepEqual(Object.keys(object).sort(), ['1', '__proto__', 'constructor'])
    assert.equal(Object.getOwnPropertyDescriptor(object, '__proto__').value, 'x')
    const keys = { attributes: { ['__proto__']: 'y' } }
    const [record] = RecordBatch.fromRecords(schema, [new TupleRecord(schema, ['x', 1, true], keys)])
    assert.equal(Object.getOwnPropertyDescriptor(record.toObject(), '__proto__').value, 'x')
    assert.equal(Object.getOwnPropertyDescriptor(record.attributes, '__proto__').value, 'y')
  })

  test('a text keeps a mark of its encoding', () => {
    assert.equal(RecordBatch.fromBlobs(['\ufeffx']).at(0).text(), '\ufeffx')
  })

  test('many records of all types, with and without nulls', () => {
    const rows = Array.from({ length: 5000 }, (_, n) => [
      n % 128,
      1 - n,
      n * 3,
      n % 7 === 0 ? null : BigInt(n) << 40n,
      n % 5 === 0 ? null : `text ${n} ${'é'.repeat(n % 3)}`,
      n % 2 === 0,
      BigInt(n),
      n / 4,
      n * 1.1,
      `${n}.5`,
      n % 11 === 0 ? null : `[${n}]`,
    ])
    assert.deepEqual(RecordBatch.fromRecords(ALL, rows).rows(), rows)
  })

  test('no records are a batch too', () => {
    const batch = RecordBatch.fromRecords(ALL, [])
    assert.equal(batch.length, 0)
    assert.deepEqual(batch.toArray(), [])
    assert.deepEqual(batch.column('json'), [])
    assert.equal(batch.at(0), undefined)
    assert.deepEqual([...batch], [])
    refused(() => batch.value(0, 0), 'no number 0')
    refused(() => batch.column('x'), '`x`')
  })
})

describe('records', () => {
  test('keys and attributes go with a record', () => {
    const schema = RecordSchema.fromLists(['a'], ['STRING'])
    const batch = RecordBatch.fromRecords(schema, [
      new TupleRecord(schema, ['x'], { shardId: '3', attributes: { k: 'v', ü: '🚀', empty: '' } }),
      ['plain'],
      new TupleRecord(schema, { a: 'y' }, { partitionKey: 'pé', hashKey: '0'.repeat(32) }),
    ])
    const [first, second, third] = batch
    assert.deepEqual(first.attributes, { k: 'v', ü: '🚀', empty: '' })
    assert.equal(first.shardId, '3')
    assert.equal(first.partitionKey, undefined)
    assert.deepEqual(second.attributes, {})
    assert.deepEqual([third.partitionKey, third.hashKey], ['pé', '0'.repeat(32)])
    assert.equal(third.sequence, 0n)
    assert.equal(third.systemTime, 0n)
    assert.deepEqual([third.cursor, third.nextCursor, third.serial], [undefined, undefined, undefined])
  })

  test('wrong keys are refused', () => {
    const schema = RecordSchema.fromLists(['a'], ['STRING'])
    const put = (keys) => RecordBatch.fromRecords(schema, [new TupleRecord(schema, ['x'], keys)])
    refused(() => put({ hashKey: 'zz' }), 'hash')
    refused(() => put({ shardId: 3 }), 'record 0', 'shardId', 'a number')
    refused(() => put({ attributes: { a: 1 } }), 'record 0', 'attribute `a`')
    refused(() => put({ partitionKey: '\ud83d' }), 'surrogate')
    const other = RecordSchema.fromLists(['a'], ['BIGINT'])
    refused(() => RecordBatch.fromRecords(other, [new TupleRecord(schema, ['x'])]), 'other columns')
  })

  test('slices share the records', () => {
    const schema = RecordSchema.fromLists(['n'], ['INTEGER'])
    const batch = RecordBatch.fromRecords(
      schema,
      Array.from({ length: 10 }, (_, n) => [n]),
    )
    assert.deepEqual(batch.slice(2, 4).column('n'), [2, 3])
    assert.deepEqual(batch.slice(-3).column('n'), [7, 8, 9])
    assert.deepEqual(batch.slice(2).slice(1, 3).column('n'), [3, 4])
    assert.deepEqual(batch.slice(5, 2).column('n'), [])
    assert.deepEqual(batch.slice(1.9, 3.2).column('n'), [1, 2])
    assert.deepEqual(batch.slice(Number.NaN, Number.NaN).column('n'), [])
    const blobs = RecordBatch.fromBlobs(['a', 'b', 'c', 'd']).slice(1)
    assert.deepEqual(blobs.slice(1).blobs().map(String), ['99', '100'])
    assert.equal(blobs.slice(1).at(-1).text(), 'd')
    assert.equal(batch.at(0.5), undefined)
    assert.deepEqual(batch.slice().length, 10)
    assert.equal(batch.slice(3).schema, batch.schema)
  })

  test('a batch is made of records of either kind', () => {
    const schema = RecordSchema.fromLists(['n'], ['INTEGER'])
    const tuples = RecordBatch.from([new TupleRecord(schema, [1]), new TupleRecord(schema, [2])])
    assert.deepEqual(tuples.column(0), [1, 2])
    assert.equal(RecordBatch.from(tuples), tuples)
    assert.equal(RecordBatch.from([Buffer.from('x')]).schema, null)
    refused(() => RecordBatch.from(5), 'found a number')
    refused(() => RecordBatch.from([5]), 'found a number')
    refused(() => RecordBatch.from([Buffer.from('x'), new TupleRecord(schema, [1])]), 'records[1]')
    refused(() => RecordBatch.fromRecords(schema, [Buffer.from('x')]), 'record 0')
  })
})

describe('schemas', () => {
  test('are read and written as the service does', () => {
    const schema = new RecordSchema([
      { name: 'Id', type: 'BIGINT', allowNull: false },
      { name: 'text', type: 'STRING', comment: 'free' },
    ])
    assert.deepEqual(schema.fields, [
      { name: 'Id', type: 'BIGINT', allowNull: false, comment: '' },
      { name: 'text', type: 'STRING', allowNull: true, comment: 'free' },
    ])
    const again = RecordSchema.fromJson(schema.toJson())
    assert.deepEqual(again.fields, schema.fields)
    assert.ok(again.hasLayoutOf(schema))
    assert.deepEqual([schema.indexOf('ID'), schema.indexOf('text'), schema.indexOf('x')], [0, 1, -1])
    assert.ok(Object.isFrozen(schema.fields[0]))
  })

  test('bad ones are refused', () => {
    refused(() => new RecordSchema([]), 'at least one field')
    refused(() => new RecordSchema(), 'array')
    refused(() => new RecordSchema([{ name: 'a' }]), 'fields[0]')
    refused(() => new RecordSchema([null]), 'fields[0]')
    refused(() => new RecordSchema([{ name: 'a', type: 'DATE' }]), 'BIGINT', 'DECIMAL')
    refused(() => RecordSchema.fromLists(['a', 'A'], ['STRING', 'STRING']), 'twice')
    refused(() => RecordSchema.fromLists(['a'], []), '1 names')
    assert.throws(() => RecordSchema.fromJson('{'), { kind: 'malformed' })
  })
})

describe('printing', () => {
  const schema = new RecordSchema([
    { name: 'id', type: 'BIGINT', allowNull: false },
    { name: '__proto__', type: 'STRING' },
  ])
  const columns = "RecordSchema { id: 'BIGINT notnull', ['__proto__']: 'STRING' }"
  const batch = RecordBatch.fromRecords(schema, [
    [1n, 'payload'],
    [2n, 'payload'],
  ])
  const blobs = RecordBatch.fromBlobs(['payload'])

  test('a schema is shown with its columns', () => {
    assert.equal(inspect(schema), columns)
    assert.equal(inspect({ schema }, { depth: 0 }), '{ schema: [RecordSchema] }')
  })

  test('a batch is shown without what its records hold', () => {
    assert.equal(inspect(batch, { breakLength: Infinity }), `RecordBatch(2) { schema: ${columns} }`)
    assert.equal(inspect(batch.slice(1), { breakLength: Infinity }), `RecordBatch(1) { schema: ${columns} }`)
    assert.equal(inspect(blobs), 'RecordBatch(1) { schema: null }')
    assert.equal(inspect({ batch }, { depth: 0 }), '{ batch: [RecordBatch(2)] }')
    batch.rows()
    blobs.blobs()
    const shown = inspect([batch, batch.at(0), blobs, blobs.at(0)], { depth: null, showHidden: true })
    assert.ok(!/payload|uncloneable|native/.test(shown), shown)
  })
})
