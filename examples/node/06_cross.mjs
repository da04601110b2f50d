// Reads what the programs of every language wrote and compares it with the data set; fails if anything differs.
//
// Arguments: the languages, as in `rust python node`.

import { checksum, DataSet } from './dataset.mjs'
import { connect, newest, projectOf, read, shardIds } from './journey.mjs'
import { short, table } from './show.mjs'

const data = new DataSet()
const expected = data.checksum()
const rows = [['written by', 'read by', 'rows', 'checksum', 'equal']]
const hub = connect()
let equal = true
for (const language of process.argv.slice(2)) {
  const projectName = projectOf(language)
  const lines = []
  for (const shard of await shardIds(hub, projectName)) {
    const until = await newest(hub, projectName, shard)
    lines.push(...(await read(hub, projectName, data.schema, shard, -1n, until)).lines)
  }
  const out = checksum(lines)
  const same = lines.length === data.rows.length && out === expected
  equal &&= same
  rows.push([language, 'node', lines.length, short(out), same ? 'yes' : 'NO'])
}
await hub.close()
table(rows)
if (!equal) {
  console.error('error: a topic does not hold the data set')
  process.exitCode = 1
}
