// Creates a project, a tuple topic of 3 shards with the columns of the data set, and a subscription.

import { DataSet } from './dataset.mjs'
import { connect, projectOf, SHARDS, save, topicName } from './journey.mjs'

const data = new DataSet()
const projectName = projectOf('node')
const hub = connect()
await hub.createProject({ projectName, comment: 'hubstream demo, Node' })
await hub.createTupleTopic({
  projectName,
  topicName,
  shardCount: SHARDS,
  lifeCycle: 1,
  recordSchema: data.schema,
  comment: 'flights out of New York in a blizzard',
})
await hub.waitShardsReady({ projectName, topicName })
const { subId } = await hub.createSubscription({ projectName, topicName, comment: 'demo' })
await hub.close()
save('created', { subId })
console.log(
  `created ${projectName}/${topicName}: ${data.schema.fields.length} columns, ${SHARDS} shards, subscription ${subId}`,
)
