// Puts all rows of the data set: protobuf, compressed with LZ4, 500 records per request.

import { DataSet } from './dataset.mjs'
import { connect, projectOf, save, topicName } from './journey.mjs'
import { progress } from './show.mjs'

const data = new DataSet()
const hub = connect()
let rows = 0
let requests = 0
for (const recordList of data.batches(500)) {
  const { failedRecords } = await hub.putRecords({ projectName: projectOf('node'), topicName, recordList })
  for (const failed of failedRecords) {
    throw new Error(`record ${failed.index} was refused: ${failed.errorMessage}`)
  }
  requests += 1
  rows += recordList.length
  progress('put', rows, data.rows.length)
}
await hub.close()
save('put', { rows, checksum: data.checksum() })
console.log(`put ${rows} rows in ${requests} requests`)
