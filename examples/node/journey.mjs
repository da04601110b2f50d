// Where the journey goes, what one process leaves for the next, and how a shard is read.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DataHub } from 'hubstream'
import { canonical } from './dataset.mjs'

export const topicName = 'flights'
export const SHARDS = 3
const LIMIT = 500
const STATE = process.env.HUBSTREAM_DEMO_STATE ?? 'target/demo'

export const projectOf = (language) => `demo_${language}`

/** A client made from DATAHUB_ENDPOINT, DATAHUB_ACCESS_ID and DATAHUB_ACCESS_KEY. */
export const connect = () => new DataHub({ environment: true, protocol: 'protobuf', compressFormat: 'lz4' })

const fileOf = (step) => join(STATE, `node.${step}.json`)

/** Leaves something for the next process. 64-bit numbers are written as `{"$bigint": "…"}`. */
export function save(step, value) {
  mkdirSync(STATE, { recursive: true })
  const replace = (_, member) => (typeof member === 'bigint' ? { $bigint: String(member) } : member)
  writeFileSync(fileOf(step), JSON.stringify(value, replace))
}

/** Takes what an earlier process left. */
export function load(step) {
  const revive = (_, member) => (member?.$bigint === undefined ? member : BigInt(member.$bigint))
  return JSON.parse(readFileSync(fileOf(step), 'utf8'), revive)
}

export async function shardIds(hub, projectName) {
  const { shards } = await hub.listShard({ projectName, topicName })
  return shards.map((shard) => shard.shardId)
}

/** Sequence number of the newest record of a shard. */
export async function newest(hub, projectName, shardId) {
  const { sequence } = await hub.getCursor({ projectName, topicName, shardId, cursorType: 'LATEST' })
  return sequence
}

/** Reads the records of a shard behind a sequence number up to another one. */
export async function read(hub, projectName, recordSchema, shardId, after, until) {
  const got = { first: undefined, last: after, lastTime: -1n, lines: [] }
  if (after >= until) {
    return got
  }
  const place = { projectName, topicName, shardId }
  const start = after < 0n ? { cursorType: 'OLDEST' } : { cursorType: 'SEQUENCE', param: after + 1n }
  let { cursor } = await hub.getCursor({ ...place, ...start })
  while (got.last < until) {
    const limitNum = Math.min(LIMIT, Number(until - got.last))
    const result = await hub.getTupleRecords({ ...place, recordSchema, cursor, limitNum })
    const last = result.records.at(-1)
    if (last === undefined) {
      throw new Error(`shard ${shardId} ends at ${got.last} instead of ${until}`)
    }
    got.first ??= result.records.at(0).sequence
    got.last = last.sequence
    got.lastTime = last.systemTime
    got.lines.push(...canonical(result.records))
    cursor = result.nextCursor
  }
  return got
}
