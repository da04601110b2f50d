// A new process: resumes exactly behind what was committed; the old session cannot commit any more.

import { SessionLostError } from 'hubstream'
import { DataSet } from './dataset.mjs'
import { connect, load, newest, projectOf, read, save, shardIds, topicName } from './journey.mjs'

const data = new DataSet()
const projectName = projectOf('node')
const { subId } = load('created')
const { session: old } = load('first_half')
const hub = connect()
const subscription = { projectName, topicName, subId }
const opened = await hub.initAndGetSubscriptionOffset({
  ...subscription,
  shardIds: await shardIds(hub, projectName),
})
for (const [shard, offset] of Object.entries(old)) {
  if (opened.offsets[shard].sequence !== offset.sequence) {
    throw new Error(`shard ${shard} does not resume where it was committed`)
  }
}

const refusal = await hub.updateSubscriptionOffset({ ...subscription, offsets: old }).then(
  () => new Error('the outdated session could commit'),
  (error) => error,
)
if (!(refusal instanceof SessionLostError)) {
  throw refusal
}
console.log(`commit of the outdated session refused: ${refusal.name}: ${refusal.message}`)

const session = {}
const lines = {}
let count = 0
for (const [shard, offset] of Object.entries(opened.offsets)) {
  const until = await newest(hub, projectName, shard)
  const got = await read(hub, projectName, data.schema, shard, offset.sequence, until)
  if (got.first !== undefined && got.first !== offset.sequence + 1n) {
    throw new Error(`shard ${shard} goes on at ${got.first} behind ${offset.sequence}`)
  }
  session[shard] = { ...offset, sequence: got.last, timestamp: got.lastTime }
  lines[shard] = got.lines
  count += got.lines.length
}
await hub.updateSubscriptionOffset({ ...subscription, offsets: session })
await hub.close()
save('second_half', { lines })
console.log(`process ${process.pid}: resumed, read and committed the other ${count} rows`)
