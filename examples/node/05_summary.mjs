// Compares what was put with what both reading processes got; fails if anything differs.

import { checksum } from './dataset.mjs'
import { connect, load, newest, projectOf, shardIds, topicName } from './journey.mjs'
import { short, table } from './show.mjs'

const projectName = projectOf('node')
const put = load('put')
const first = load('first_half').lines
const second = load('second_half').lines
const hub = connect()
const rows = [['shard', 'stored', 'first process', 'second process', 'read']]
const lines = []
let stored = 0
let equal = true
for (const shard of await shardIds(hub, projectName)) {
  const count = Number((await newest(hub, projectName, shard)) + 1n)
  const read = first[shard].length + second[shard].length
  rows.push([shard, count, first[shard].length, second[shard].length, read])
  lines.push(...first[shard], ...second[shard])
  stored += count
  equal &&= read === count
}
await hub.close()
const out = checksum(lines)
equal &&= put.rows === lines.length && lines.length === stored && put.checksum === out

console.log(`${projectName}/${topicName}`)
table(rows)
table([
  ['', 'rows', 'checksum'],
  ['in', put.rows, short(put.checksum)],
  ['out', lines.length, short(out)],
])
if (equal) {
  console.log('  equal on both ends')
} else {
  console.error('error: what was read differs from what was put')
  process.exitCode = 1
}
