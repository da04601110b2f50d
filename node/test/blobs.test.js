import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { BlobRecord, RecordBatch } from 'hubstream'
import { Emulator } from 'hubstream/testing'

import { collected, hubOf } from './support.js'

const place = { projectName: 'blobs', topicName: 'bytes' }

describe('blobs', () => {
  let emulator
  let hub
  before(async () => {
    emulator = await Emulator.start({ dis: false })
    hub = hubOf(emulator)
    await hub.createProject({ projectName: 'blobs', comment: '' })
    await hub.createBlobTopic({ ...place, shardCount: 1, lifeCycle: 1 })
    await hub.waitShardsReady(place)
  })
  after(() => emulator.stop())

  const get = async (options = {}) => {
    const shard = { ...place, shardId: '0' }
    const { cursor } = await hub.getCursor({ ...shard, cursorType: 'OLDEST' })
    return (await hub.getBlobRecords({ ...shard, cursor, limitNum: 1000, ...options })).records
  }

  test('are views of one buffer, not copies', async () => {
    const blobs = Array.from({ length: 100 }, (_, n) => Buffer.alloc(n, n))
    await hub.putRecordsByShard({ ...place, shardId: '0', recordList: blobs })
    const records = await get()
    assert.equal(records.length, 100)
    assert.equal(records.schema, null)
    const views = records.blobs()
    assert.deepEqual(
      views.map((view) => Buffer.from(view)),
      blobs,
    )
    const buffers = new Set(views.filter((view) => view.length > 0).map((view) => view.buffer))
    assert.equal(buffers.size, 1)
    assert.equal(records.blob(7).buffer, records.at(8).data.buffer)
    assert.equal(records.slice(50).blob(0).buffer, views[50].buffer)
    assert.deepEqual(
      [...records.slice(50, 52)].map((record) => record.data.length),
      [50, 51],
    )
  })

  test('outlive their batch, and are released when nobody looks', async () => {
    // Each batch holds a megabyte that only its views keep.
    const blob = Buffer.alloc(1024 * 1024, 7)
    const external = () => process.memoryUsage().arrayBuffers
    const views = () => RecordBatch.fromBlobs([blob]).blobs()
    await collected(() => false, 3)
    const start = external()
    const [kept] = views()
    for (let round = 0; round < 50; round++) {
      assert.equal(views()[0].length, blob.length)
    }
    assert.ok(await collected(() => external() - start < 5 * blob.length), 'the memory is not released')
    assert.equal(Buffer.compare(kept, blob), 0)
  })

  test('stay as they are while further replies come and go', async () => {
    // Replies of this size are decompressed into memory that was used before.
    const size = 128 * 1024
    const topic = { ...place, topicName: 'large' }
    await hub.createBlobTopic({ ...topic, shardCount: 1, lifeCycle: 1 })
    await hub.waitShardsReady(topic)
    const shard = { ...topic, shardId: '0' }
    const blobs = [1, 2, 3, 4].map((byte) => Buffer.alloc(size, byte))
    await hub.putRecordsByShard({ ...shard, recordList: blobs })
    const { cursor } = await hub.getCursor({ ...shard, cursorType: 'OLDEST' })
    const { records, nextCursor } = await hub.getBlobRecords({ ...shard, cursor, limitNum: 2 })
    const kept = records.blobs()
    const [alone] = (await hub.getBlobRecords({ ...shard, cursor, limitNum: 1 })).records.blobs()
    for (let round = 0; round < 20; round++) {
      const others = await hub.getBlobRecords({ ...shard, cursor: nextCursor, limitNum: 2 })
      assert.deepEqual(
        others.records.blobs().map((view) => Buffer.from(view)),
        blobs.slice(2),
      )
      await collected(() => false, 2)
    }
    assert.deepEqual(
      [...kept, alone].map((view) => Buffer.from(view)),
      [blobs[0], blobs[1], blobs[0]],
    )
  })

  test('count as memory before anybody looks', async () => {
    const blob = Buffer.alloc(8 * 1024 * 1024)
    const start = process.memoryUsage().external
    let batch = RecordBatch.fromBlobs([blob])
    const during = process.memoryUsage().external - start
    assert.ok(during >= blob.length, `${during} bytes`)
    assert.equal(batch.length, 1)
    batch = undefined
    assert.ok(await collected(() => process.memoryUsage().external - start < blob.length))
  })

  test('empty, text and record forms', () => {
    const batch = RecordBatch.fromBlobs([
      '',
      'é',
      new BlobRecord('x', { attributes: { a: 'b' }, partitionKey: 'k' }),
      new Uint8Array(Buffer.from('abcdef').buffer, Buffer.from('abcdef').byteOffset, 0),
      Buffer.from('abcdef').subarray(2, 4),
    ])
    assert.deepEqual(
      [...batch].map((record) => record.text()),
      ['', 'é', 'x', '', 'cd'],
    )
    assert.deepEqual(batch.at(2).attributes, { a: 'b' })
    assert.equal(batch.at(2).partitionKey, 'k')
    assert.equal(RecordBatch.fromBlobs([]).blobs().length, 0)
    assert.deepEqual(RecordBatch.fromBlobs(['']).blobs(), [new Uint8Array(0)])
  })

  test('bytes that are no text say so, and values belong to tuples', () => {
    const batch = RecordBatch.fromBlobs([new Uint8Array([0xff])])
    assert.throws(() => batch.at(0).text(), TypeError)
    assert.throws(() => batch.rows(), { kind: 'invalid_argument' })
    assert.throws(() => batch.column('a'), { kind: 'invalid_argument' })
    assert.throws(() => batch.blob(1), { kind: 'invalid_argument' })
    assert.throws(() => batch.blob(-1), { kind: 'invalid_argument' })
    for (const wrong of [5, null, {}, new Uint16Array(1), new ArrayBuffer(1)]) {
      assert.throws(() => RecordBatch.fromBlobs([wrong]), { kind: 'invalid_argument' })
    }
  })
})
