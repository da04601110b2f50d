// Values that are easily mistaken: each is kept exactly, or refused with the library's own error, which names the
// record and the column.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  BlobRecord,
  DataHub,
  FieldType,
  InvalidArgumentError,
  RecordBatch,
  RecordSchema,
  TupleRecord,
} from 'hubstream'
import { Emulator } from 'hubstream/testing'

import { hubOf } from './support.js'

const REFUSED = Symbol('refused')
const INTEGERS = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT']
const LONG = ['BIGINT', 'TIMESTAMP']
const FLOATS = ['FLOAT', 'DOUBLE']
const EVERY = Object.values(FieldType)
const except = (...types) => EVERY.filter((type) => !types.includes(type))
const BIG = 2n ** 63n

class Raises {
  valueOf() {
    throw new Error('private')
  }
  toString() {
    throw new Error('private')
  }
}

// Columns, the value, and what is read back.
const TABLE = [
  [FLOATS, Number.NaN, Number.NaN],
  [FLOATS, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [FLOATS, -0, -0],
  [except(...FLOATS), Number.NaN, REFUSED],
  [except(...FLOATS), Number.NEGATIVE_INFINITY, REFUSED],
  [except(...FLOATS), 1.5, REFUSED],
  [except(...FLOATS), 1e300, REFUSED],
  [['FLOAT'], 3.5e38, REFUSED],
  [['DOUBLE'], 5e-324, 5e-324],
  [['TINYINT'], 128, REFUSED],
  [['TINYINT'], -129n, REFUSED],
  [['SMALLINT'], 32768, REFUSED],
  [['INTEGER'], 2 ** 31, REFUSED],
  [['BIGINT'], BIG - 1n, BIG - 1n],
  [['BIGINT'], -BIG, -BIG],
  [[...INTEGERS, 'TIMESTAMP'], BIG, REFUSED],
  [[...INTEGERS, 'TIMESTAMP'], -BIG - 1n, REFUSED],
  [[...INTEGERS, 'TIMESTAMP', ...FLOATS, 'BOOLEAN', 'STRING', 'JSON'], 10n ** 400n, REFUSED],
  [LONG, 2 ** 53, REFUSED],
  [LONG, -(2 ** 53) - 2, REFUSED],
  [['DOUBLE'], 2n ** 53n + 1n, REFUSED],
  [['FLOAT'], 2n ** 24n + 1n, REFUSED],
  [['DECIMAL'], BIG, '9223372036854775808'],
  [['DECIMAL'], 2 ** 53, REFUSED],
  [['DECIMAL'], 'NaN', REFUSED],
  [['DECIMAL'], 'Infinity', REFUSED],
  [['DECIMAL'], '1e999999', REFUSED],
  [['DECIMAL'], '-0.00', '-0.00'],
  [['BOOLEAN'], true, true],
  [except('BOOLEAN'), true, REFUSED],
  [['BOOLEAN', 'STRING', 'JSON'], 1, REFUSED],
  [['BOOLEAN', 'STRING', 'JSON'], 1n, REFUSED],
  [except('STRING'), 'x', REFUSED],
  [except('STRING', 'JSON', 'DECIMAL'), '1', REFUSED],
  [EVERY, '\ud800', REFUSED],
  [EVERY, 'a\udc00b', REFUSED],
  [EVERY, new Uint8Array([1]), REFUSED],
  [['TIMESTAMP'], new Date(-1), -1000n],
  [['TIMESTAMP'], new Date(Date.UTC(9999, 11, 31)), 253402214400000000n],
  [['TIMESTAMP'], new Date(8.64e15), REFUSED],
  [['TIMESTAMP'], new Date(-8.64e15), REFUSED],
  [EVERY, new Date(Number.NaN), REFUSED],
  [except('TIMESTAMP'), new Date(0), REFUSED],
  [EVERY, Symbol('x'), REFUSED],
  [EVERY, () => 1, REFUSED],
  [EVERY, {}, REFUSED],
  [EVERY, [1], REFUSED],
  [EVERY, new Raises(), REFUSED],
]

const schemaOf = (type) =>
  new RecordSchema([
    { name: 'name', type: 'STRING' },
    { name: 'value', type },
  ])

const WAYS = {
  arrays: (schema, value) =>
    RecordBatch.fromRecords(schema, [
      ['first', null],
      ['second', value],
    ]),
  objects: (schema, value) => RecordBatch.fromRecords(schema, [{ name: 'first' }, { name: 'second', value }]),
  records: (schema, value) =>
    RecordBatch.fromRecords(schema, [
      new TupleRecord(schema, ['first', null]),
      new TupleRecord(schema, ['second', value]),
    ]),
}

const shown = (value) => (typeof value === 'object' ? Object.prototype.toString.call(value) : String(value))

describe('odd values', () => {
  for (const [way, make] of Object.entries(WAYS)) {
    test(`every value is kept or refused, given as ${way}`, () => {
      const wrong = []
      let cases = 0
      for (const [types, value, expected] of TABLE) {
        for (const type of types) {
          cases += 1
          const case_ = `${type} ${shown(value)}`
          try {
            const found = make(schemaOf(type), value).value(1, 1)
            if (!Object.is(found, expected)) {
              wrong.push(`${case_}: ${shown(found)}`)
            }
          } catch (error) {
            const named =
              error instanceof InvalidArgumentError && error.message.includes('record 1, field `value`')
            if (expected !== REFUSED || !named || error.message.includes('private')) {
              wrong.push(`${case_}: ${error}`)
            }
          }
        }
      }
      assert.ok(cases > 200, `${cases} cases`)
      assert.deepEqual(wrong, [])
    })
  }

  test('columns are a schema', () => {
    for (const schema of [undefined, null, {}, ['name'], 'name:STRING']) {
      for (const make of [
        () => RecordBatch.fromRecords(schema, [['a']]),
        () => RecordBatch.from([new TupleRecord(schema, ['a'])]),
      ]) {
        assert.throws(
          make,
          (error) => error instanceof InvalidArgumentError && error.message.includes('schema'),
        )
      }
    }
  })

  test('routing keys and attributes are texts of Unicode characters', () => {
    for (const bad of ['\ud800', 7, {}]) {
      for (const options of [
        { shardId: bad },
        { hashKey: bad },
        { partitionKey: bad },
        { attributes: { name: bad } },
        { attributes: { '\udc00': 'value' } },
      ]) {
        const make = () => RecordBatch.fromBlobs([new BlobRecord('data', options)])
        assert.throws(make, InvalidArgumentError, JSON.stringify(options))
      }
    }
  })

  test('arguments are texts of Unicode characters', async () => {
    const emulator = await Emulator.start()
    try {
      const hub = hubOf(emulator)
      const shop = { projectName: 'shop', topicName: 'orders' }
      const offset = { sequence: 0, timestamp: 0 }
      for (const text of ['\ud800', 'a\udfff']) {
        for (const [place, call] of [
          ['projectName', () => hub.createProject({ projectName: text, comment: '' })],
          ['comment', () => hub.createProject({ projectName: 'shop', comment: text })],
          ['shardIds[1]', () => hub.activateShards({ ...shop, shardIds: ['0', text] })],
          [
            'offsets',
            () => hub.resetSubscriptionOffset({ ...shop, subId: 'sub', offsets: { [text]: offset } }),
          ],
          ['endpoint', async () => new DataHub({ endpoint: text, accessId: 'id', accessKey: 'key' })],
          [
            'accessId',
            async () => new DataHub({ endpoint: 'http://localhost', accessId: text, accessKey: 'key' }),
          ],
          ['url', async () => new DataHub({ url: text })],
        ]) {
          await assert.rejects(call(), (error) => {
            assert.ok(error instanceof InvalidArgumentError, String(error))
            assert.ok(error.message.includes(place), `${place}: ${error.message}`)
            assert.ok(error.message.includes('surrogate'), `${place}: ${error.message}`)
            return true
          })
        }
      }
      assert.equal(hub.stats().attempts, 0)
      await hub.close()
    } finally {
      await emulator.stop()
    }
  })
})
