// What several tests need.

import assert from 'node:assert/strict'

import { FieldType, InvalidArgumentError, RecordSchema } from 'hubstream'
import { DataHub } from 'hubstream/datahub'
import { DisClient } from 'hubstream/dis'

/** A DataHub client of an emulator. */
export function hubOf(emulator, options = {}) {
  const { datahubUrl, accessId, accessKey } = emulator
  return new DataHub({ endpoint: datahubUrl, accessId, accessKey, ...options })
}

/** A DIS client of an emulator. */
export function disOf(emulator, options = {}) {
  const { disUrl, accessId, accessKey } = emulator
  return new DisClient({ endpoint: disUrl, accessId, accessKey, projectId: 'p', ...options })
}

/** Collects garbage until a condition holds; says whether it came to hold. */
export async function collected(condition, rounds = 200) {
  for (let round = 0; round < rounds; round++) {
    globalThis.gc()
    if (condition()) {
      return true
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}

/** A schema with a column of each type. */
export const ALL = new RecordSchema(
  Object.values(FieldType).map((type) => ({ name: type.toLowerCase(), type })),
)

/** A value for each column of `ALL`. */
export const FULL_ROW = {
  tinyint: -128,
  smallint: 32767,
  integer: -2147483648,
  bigint: -9223372036854775808n,
  string: 'Grüße, 世界 🚀',
  boolean: true,
  timestamp: 1700000000123456n,
  float: 0.5,
  double: -1.7976931348623157e308,
  decimal: '12345678901234567890.00000000000000000001',
  json: '{"a":[1,2,{"b":null}]}',
}

/** Checks that a call is refused with all parts in its message. */
export function refused(call, ...parts) {
  assert.throws(call, (error) => {
    assert.ok(error instanceof InvalidArgumentError, String(error))
    assert.equal(error.kind, 'invalid_argument')
    assert.equal(error.wasSent, false)
    for (const part of parts) {
      assert.ok(error.message.includes(part), `${error.message} has not ${part}`)
    }
    return true
  })
}
