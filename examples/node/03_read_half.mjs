// Opens an offset session, reads the first half of every shard, commits, and stops.

import { DataSet } from './dataset.mjs'
import { connect, load, newest, projectOf, read, save, shardIds, topicName } from './journey.mjs'

const data = new DataSet()
const projectName = projectOf('node')
const { subId } = load('created')
const hub = connect()
const subscription = { projectName, topicName, subId }
const opened = await hub.initAndGetSubscriptionOffset({
  ...subscription,
  shardIds: await shardIds(hub, projectName),
})
const session = {}
const lines = {}
let count = 0
for (const [shard, offset] of Object.entries(opened.offsets)) {
  const half = offset.sequence + ((await newest(hub, projectName, shard)) - offset.sequence) / 2n
  const got = await read(hub, projectName, data.schema, shard, offset.sequence, half)
  session[shard] = { ...offset, sequence: got.last, timestamp: got.lastTime }
  lines[shard] = got.lines
  count += got.lines.length
}
await hub.updateSubscriptionOffset({ ...subscription, offsets: session })
await hub.close()
save('first_half', { session, lines })
console.log(`process ${process.pid}: read and committed ${count} rows, then stopped half-way`)
