// The format of the scenarios in tests/scenarios: values and expectations.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BlobRecord, HubstreamError, RecordBatch, RecordSchema, TupleRecord } from 'hubstream'
import * as datahub from 'hubstream/datahub'
import * as dis from 'hubstream/dis'
import { parse } from 'smol-toml'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../tests/scenarios')
const ENUMERATIONS = { datahub, dis }

const isTable = (value) =>
  Object.prototype.toString.call(value) === '[object Object]' &&
  [null, Object.prototype].includes(Object.getPrototypeOf(value))
const map = (table, change) => Object.fromEntries(Object.entries(table).map(change))
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A whole number as users write it: a number while that is exact. */
const whole = (number) =>
  BigInt(Number(number)) === number && Number.isSafeInteger(Number(number)) ? Number(number) : number

/** One scenario with the settings of one combination of its matrix. */
export class Scenario {
  constructor(name, text, settings) {
    this.name = name
    this.text = text
    this.settings = settings
    this.variables = { run: 'r0' }
    for (const [variable, value] of Object.entries(text.vars ?? {})) {
      this.variables[variable] = this.string(value)
    }
    this.schemas = map(text.schemas ?? {}, ([schema, columns]) => [schema, made(columns)])
  }

  /** A text with its variables; one that is nothing but a variable becomes its value. */
  string(text) {
    const single = /^\$\{(\w+)([+-]\d+)?\}$/.exec(text)
    if (single !== null) {
      return this.variable(single[1], single[2])
    }
    return text.replaceAll(/\$\{(\w+)([+-]\d+)?\}/g, (_, name, offset) => String(this.variable(name, offset)))
  }

  variable(name, offset) {
    assert.ok(name in this.variables, `there is no variable ${name}`)
    const value = this.variables[name]
    return offset === undefined ? value : whole(BigInt(value) + BigInt(offset))
  }

  /** An argument, or a member of one. */
  value(value) {
    if (typeof value === 'string') {
      return value === '$null' ? null : this.string(value)
    }
    if (typeof value === 'bigint') {
      return whole(value)
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.value(item))
    }
    if (!isTable(value)) {
      return value
    }
    const special = this.special(value)
    if (special !== undefined) {
      return special
    }
    if ('$records' in value) {
      return this.records(value.$records, value.schema)
    }
    return map(value, ([name, item]) => [name === '$model' ? 'kind' : camel(name), this.value(item)])
  }

  /** What a table with a member in `$` stands for; undefined for others. */
  special(table) {
    if ('$hex' in table) {
      return new Uint8Array(Buffer.from(table.$hex, 'hex'))
    }
    if ('$utf8' in table) {
      return new TextEncoder().encode(table.$utf8)
    }
    if ('$repeat' in table) {
      return table.$repeat.repeat(Number(table.times))
    }
    if ('$enum' in table) {
      const [type, name] = table.$enum.split('.')
      return ENUMERATIONS[this.text.service][type][name]
    }
    return '$schema' in table ? this.schemas[table.$schema] : undefined
  }

  records(records, schema) {
    const keys = ({ shard_id, hash_key, partition_key, attributes }) => ({
      shardId: shard_id,
      hashKey: hash_key,
      partitionKey: partition_key,
      attributes: attributes && map(attributes, ([name, value]) => [name, this.value(value)]),
    })
    if (schema === undefined) {
      return records.map((record) => new BlobRecord(this.value(record.data), keys(record)))
    }
    const columns = this.schemas[schema]
    const rows = records.map((record) => new TupleRecord(columns, this.value(record.values), keys(record)))
    return RecordBatch.fromRecords(columns, rows)
  }

  /** Compares a value with an expectation. */
  matches(expected, found, path = '') {
    if (typeof expected === 'string') {
      assert.ok(this.#textMatches(expected, found), differs(path, expected, found))
    } else if (Array.isArray(expected)) {
      assert.ok(Array.isArray(found) && found.length === expected.length, differs(path, expected, found))
      for (const [index, item] of expected.entries()) {
        this.matches(item, found[index], `${path}[${index}]`)
      }
    } else if (isTable(expected)) {
      this.#tableMatches(expected, found, path)
    } else {
      assert.ok(same(expected, found), differs(path, expected, found))
    }
  }

  #textMatches(expected, found) {
    switch (expected) {
      case '$null':
        return found === null || found === undefined
      case '$any':
        return found !== null && found !== undefined
      case '$text':
        return typeof found === 'string' && found !== ''
      case '$integer':
        return isWhole(found)
      case '$positive':
        return isWhole(found) && found > 0
      default:
        return same(this.string(expected), found)
    }
  }

  #tableMatches(expected, found, path) {
    const special = this.special(expected)
    if (special !== undefined) {
      assert.ok(same(special, found), differs(path, special, found))
      return
    }
    for (const [name, item] of Object.entries(expected)) {
      if (name.startsWith('$')) {
        assert.ok(this.#condition(name, item, found), differs(path, { [name]: item }, found))
      } else {
        assert.ok(isTable(found), differs(path, expected, found))
        this.matches(item, found[name], `${path}.${name}`)
      }
    }
  }

  #condition(name, expected, found) {
    const any = (item) => found.some((value) => this.#doesMatch(item, value))
    switch (name) {
      case '$not':
        return !this.#doesMatch(expected, found)
      case '$contains':
        return typeof expected === 'string' ? found.includes(this.string(expected)) : expected.every(any)
      case '$unordered':
        return (
          expected.length === found.length &&
          expected.every(any) &&
          found.every((value) => expected.some((item) => this.#doesMatch(item, value)))
        )
      case '$length':
        return BigInt(lengthOf(found)) === expected
      case '$keys':
        return isTable(found) && Object.keys(found).sort().join('\n') === [...expected].sort().join('\n')
      case '$at_least':
        return isWhole(found) && found >= expected
      default:
        throw new Error(`there is no condition ${name}`)
    }
  }

  #doesMatch(expected, found) {
    try {
      this.matches(expected, found)
      return true
    } catch {
      return false
    }
  }
}

function made(columns) {
  return new RecordSchema(
    columns.map(([name, type, notnull]) => ({ name, type, allowNull: notnull === undefined })),
  )
}

const isWhole = (value) => typeof value === 'bigint' || Number.isInteger(value)

function lengthOf(value) {
  if (typeof value === 'string') {
    return [...value].length
  }
  return isTable(value) ? Object.keys(value).length : value.length
}

/** Whether two values are the same. A whole number may be a number or a bigint. */
function same(expected, found) {
  if (expected instanceof RecordSchema) {
    return found instanceof RecordSchema && expected.toJson() === found.toJson()
  }
  if (expected instanceof Uint8Array) {
    return found instanceof Uint8Array && Buffer.compare(expected, found) === 0
  }
  if (typeof expected === 'bigint') {
    return isWhole(found) && BigInt(found) === expected
  }
  return typeof found === 'bigint'
    ? isWhole(expected) && BigInt(expected) === found
    : Object.is(expected, found)
}

function differs(path, expected, found) {
  const shown = (value) =>
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))?.slice(0, 400)
  return `${path}: expected ${shown(expected)}, found ${shown(found)}`
}

/** A result as scenarios see it. */
export function plain(value) {
  if (value instanceof RecordBatch) {
    return [...value].map(described)
  }
  if (Array.isArray(value)) {
    return value.map(plain)
  }
  return isTable(value) ? map(value, ([name, item]) => [snake(name), plain(item)]) : value
}

function described(record) {
  const { attributes, sequence, systemTime, cursor, nextCursor, partitionKey } = record
  const content = record.schema === null ? { data: record.data } : { values: record.values }
  return {
    ...content,
    attributes,
    sequence,
    system_time: systemTime,
    cursor,
    next_cursor: nextCursor,
    partition_key: partitionKey,
  }
}

/** An error as scenarios see it. */
export function facts(error) {
  assert.ok(error instanceof HubstreamError, `not an error of this package: ${error?.stack}`)
  const { kind, status, code, reason, service, operation, httpStatus, requestId, context } = error
  const { attempts, wasSent } = error
  const retryAfter = error.retryAfter === undefined ? undefined : error.retryAfter / 1000
  const argument = context.argument === undefined ? undefined : snake(context.argument)
  const more = { http_status: httpStatus, request_id: requestId, attempts, retry_after: retryAfter, argument }
  return { kind, status, code, message: reason, service, operation, was_sent: wasSent, ...more }
}

/** The member at a path such as `shards[0].shard_id`. */
export function at(value, path) {
  return path.match(/[^.[\]]+/g).reduce((place, part) => place[part], value)
}

/** A step as often as it is repeated. */
function repeated({ repeat, ...step }) {
  if (repeat === undefined) {
    return [step]
  }
  const [first, last] = repeat.map(Number)
  return Array.from({ length: last - first + 1 }, (_, index) => numbered(step, String(first + index)))
}

/** A value with a number for every `#` in its texts and names. */
function numbered(value, number) {
  if (typeof value === 'string') {
    return value.replaceAll('#', number)
  }
  if (Array.isArray(value)) {
    return value.map((item) => numbered(item, number))
  }
  return isTable(value)
    ? map(value, ([name, item]) => [name.replaceAll('#', number), numbered(item, number)])
    : value
}

/** Every scenario with every combination of its matrix. */
export function allScenarios() {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.toml'),
  )
  assert.ok(files.length > 0, `no scenarios in ${ROOT}`)
  return files.sort().flatMap((file) => {
    const text = parse(readFileSync(join(ROOT, file), 'utf8'), { integersAsBigInt: true })
    text.step = text.step.flatMap(repeated)
    const matrix = Object.entries(text.matrix ?? {})
    const choices = matrix.reduce(
      (all, [name, values]) => all.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
      [{}],
    )
    return choices.map((settings) => {
      const name = [relative('.', file).replace(/\.toml$/, ''), ...Object.values(settings)].join(' ')
      return new Scenario(name, text, settings)
    })
  })
}

export { camel }
