import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { BlobRecord, NotFoundError, RecordBatch } from 'hubstream'
import { Emulator } from 'hubstream/testing'

import { disOf } from './support.js'

describe('DIS', () => {
  let emulator
  let dis
  before(async () => {
    emulator = await Emulator.start({ datahub: false })
    dis = disOf(emulator)
  })
  after(() => emulator.stop())

  test('streams, records, cursors and checkpoints', async () => {
    await dis.createStream({ streamName: 'events', partitionCount: 2 })
    const stream = await dis.describeStream({ streamName: 'events' })
    assert.equal(stream.streamName, 'events')
    const records = RecordBatch.fromBlobs(
      ['a', 'b', 'c'].map((text) => new BlobRecord(text, { partitionKey: 'same' })),
    )
    const put = await dis.putRecords({ streamName: 'events', records })
    assert.equal(put.failedRecordCount, 0)
    const [{ partitionId }] = put.records
    const { partitionCursor } = await dis.getCursor({
      streamName: 'events',
      partitionId,
      cursorType: 'TRIM_HORIZON',
    })
    const got = await dis.getRecords({ partitionCursor })
    assert.deepEqual(
      [...got.records].map((record) => record.text()),
      ['a', 'b', 'c'],
    )
    assert.equal(got.records.at(0).partitionKey, 'same')
    assert.equal(typeof got.records.at(0).sequence, 'bigint')
    assert.ok(got.nextPartitionCursor.length > 0)
    const { recordsPut, recordsGot } = dis.stats()
    assert.deepEqual([recordsPut, recordsGot], [{ PutRecords: 3 }, { GetRecords: 3 }])
    await dis.createApp({ appName: 'reader' })
    const checkpoint = { streamName: 'events', appName: 'reader', partitionId, checkpointType: 'LAST_READ' }
    await dis.commitCheckpoint({ ...checkpoint, sequenceNumber: '2', metadata: 'done' })
    const read = await dis.getCheckpoint(checkpoint)
    assert.deepEqual([read.sequenceNumber, read.metadata], ['2', 'done'])
    await assert.rejects(dis.describeStream({ streamName: 'absent' }), NotFoundError)
  })
})
