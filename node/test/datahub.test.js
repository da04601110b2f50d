import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import {
  AlreadyExistsError,
  FieldType,
  RecordBatch,
  RecordSchema,
  SessionLostError,
  TupleRecord,
} from 'hubstream'
import { CursorType } from 'hubstream/datahub'
import { Emulator } from 'hubstream/testing'

import { hubOf } from './support.js'

const place = { projectName: 'shop', topicName: 'orders' }
const schema = new RecordSchema(
  Object.values(FieldType).map((type) => ({ name: `c_${type.toLowerCase()}`, type, comment: type })),
)
const row = (n) => [
  n % 100,
  n,
  n * 1000,
  BigInt(n) * 10n ** 15n,
  n % 3 === 0 ? '' : `text ${n} é`,
  n % 2 === 0,
  1700000000000000n + BigInt(n),
  n / 8,
  n * 0.1,
  n % 5 === 0 ? null : `${n}.25`,
  n % 7 === 0 ? null : `{"n":${n}}`,
]

for (const protocol of ['protobuf', 'json', 'batch']) {
  for (const compressFormat of ['none', 'lz4', 'zlib', 'deflate', 'zstd']) {
    test(`records over ${protocol} with ${compressFormat}`, async () => {
      const emulator = await Emulator.start({ dis: false })
      const hub = hubOf(emulator, { protocol, compressFormat })
      await hub.createProject({ projectName: 'shop', comment: '' })
      await hub.createTupleTopic({ ...place, shardCount: 1, lifeCycle: 1, recordSchema: schema })
      await hub.waitShardsReady(place)
      const rows = Array.from({ length: 300 }, (_, n) => row(n))
      const shard = { ...place, shardId: '0' }
      await hub.putRecordsByShard({ ...shard, recordList: RecordBatch.fromRecords(schema, rows) })
      const { cursor } = await hub.getCursor({ ...shard, cursorType: CursorType.OLDEST })
      const got = await hub.getTupleRecords({ ...shard, recordSchema: schema, cursor, limitNum: 1000 })
      assert.equal(got.recordCount, rows.length)
      assert.deepEqual(got.records.rows(), rows)
      if (protocol === 'batch') {
        const { batchIndex, batchSize } = got.records.at(-1)
        assert.deepEqual([batchIndex, batchSize], [299, 300])
      }
      await emulator.stop()
    })
  }
}

describe('a journey', () => {
  let emulator
  let hub
  before(async () => {
    emulator = await Emulator.start({ dis: false, limits: 'relaxed' })
    hub = hubOf(emulator)
  })
  after(async () => {
    await hub.close()
    await emulator.stop()
  })

  test('begins with a project and a topic', async () => {
    await hub.createProject({ projectName: 'shop', comment: 'for tests' })
    await assert.rejects(hub.createProject({ projectName: 'shop', comment: '' }), AlreadyExistsError)
    const project = await hub.getProject({ projectName: 'shop' })
    assert.equal(project.comment, 'for tests')
    assert.equal(typeof project.createTime, 'bigint')
    assert.ok(project.requestId.length > 0)
    await hub.createTupleTopic({ ...place, shardCount: 3, lifeCycle: 3, recordSchema: schema, comment: 'c' })
    await hub.waitShardsReady({ ...place, timeout: 30 })
    const topic = await hub.getTopic(place)
    assert.ok(topic.recordSchema instanceof RecordSchema)
    assert.deepEqual(topic.recordSchema.fields, schema.fields)
    assert.equal(topic.recordType, 'TUPLE')
    assert.equal(topic.shardCount, 3)
    assert.deepEqual((await hub.listTopic({ projectName: 'shop', filter: null })).topicNames, ['orders'])
    await hub.createBlobTopic({ projectName: 'shop', topicName: 'blobs', shardCount: 1, lifeCycle: 1 })
    assert.equal((await hub.getTopic({ projectName: 'shop', topicName: 'blobs' })).recordSchema, null)
  })

  test('goes on with records that name their shard', async () => {
    const records = Array.from(
      { length: 30 },
      (_, n) => new TupleRecord(schema, row(n), { shardId: String(n % 3), attributes: { n: String(n) } }),
    )
    const result = await hub.putRecords({ ...place, recordList: records })
    assert.equal(result.failedRecordCount, 0)
    assert.deepEqual(result.failedRecords, [])
    const shard = { ...place, shardId: '1' }
    const { cursor, sequence } = await hub.getCursor({ ...shard, cursorType: 'OLDEST' })
    assert.equal(sequence, 0n)
    const got = await hub.getTupleRecords({ ...shard, cursor, limitNum: 4 })
    assert.equal(got.records.length, 4)
    assert.ok(got.records.schema.hasLayoutOf(schema))
    assert.equal(got.startSeq, 0n)
    for (const [n, record] of [...got.records].entries()) {
      assert.deepEqual(record.values, row(n * 3 + 1))
      assert.deepEqual(record.attributes, { n: String(n * 3 + 1) })
      assert.equal(record.sequence, BigInt(n))
      assert.ok(record.systemTime > 1_600_000_000_000n)
    }
    const rest = await hub.getTupleRecords({ ...shard, cursor: got.nextCursor, limitNum: 0 })
    assert.equal(rest.records.length, 6)
    const none = await hub.getTupleRecords({ ...shard, cursor: rest.nextCursor })
    assert.deepEqual([none.records.length, none.recordCount], [0, 0])
  })

  test('puts what it got into another topic', async () => {
    const copy = { projectName: 'shop', topicName: 'copy' }
    await hub.createTupleTopic({ ...copy, shardCount: 1, lifeCycle: 1, recordSchema: schema })
    await hub.waitShardsReady(copy)
    const { cursor } = await hub.getCursor({ ...place, shardId: '2', cursorType: 'OLDEST' })
    const { records } = await hub.getTupleRecords({ ...place, shardId: '2', cursor })
    await hub.putRecordsByShard({ ...copy, shardId: '0', recordList: records.slice(3, 7) })
    const start = await hub.getCursor({ ...copy, shardId: '0', cursorType: 'OLDEST' })
    const copied = await hub.getTupleRecords({ ...copy, shardId: '0', cursor: start.cursor })
    assert.deepEqual(copied.records.rows(), records.rows().slice(3, 7))
  })

  test('says which value cannot be read', async () => {
    const texts = { projectName: 'shop', topicName: 'texts' }
    const strings = RecordSchema.fromLists(['a', 'b'], ['STRING', 'STRING'])
    await hub.createTupleTopic({ ...texts, shardCount: 1, lifeCycle: 1, recordSchema: strings })
    await hub.waitShardsReady(texts)
    const shard = { ...texts, shardId: '0' }
    const recordList = RecordBatch.fromRecords(strings, [
      ['1', 'x'],
      ['no number', 'y'],
    ])
    await hub.putRecordsByShard({ ...shard, recordList })
    const { cursor } = await hub.getCursor({ ...shard, cursorType: 'OLDEST' })
    const other = RecordSchema.fromLists(['a', 'b'], ['BIGINT', 'STRING'])
    const { records } = await hub.getTupleRecords({ ...shard, cursor, recordSchema: other })
    assert.deepEqual(records.column('b'), ['x', 'y'])
    assert.equal(records.value(0, 'a'), 1n)
    for (const read of [() => records.value(1, 'a'), () => records.column('a'), () => records.rows()]) {
      assert.throws(read, { kind: 'malformed', message: /field `a`.*BIGINT/ })
    }
  })

  test('commits offsets in a session and resumes', async () => {
    const { subId } = await hub.createSubscription({ ...place, comment: 'reader' })
    const session = { ...place, subId, shardIds: ['0', '1'] }
    const { offsets } = await hub.initAndGetSubscriptionOffset(session)
    assert.deepEqual(Object.keys(offsets).sort(), ['0', '1'])
    assert.equal(typeof offsets['0'].sessionId, 'bigint')
    const commit = { ...offsets['0'], sequence: 4n, timestamp: 1n }
    await hub.updateSubscriptionOffset({ ...place, subId, offsets: { 0: commit } })
    const again = await hub.initAndGetSubscriptionOffset(session)
    assert.equal(again.offsets['0'].sequence, 4n)
    const outdated = { ...place, subId, offsets: { 0: { ...commit, sequence: 5 } } }
    await assert.rejects(hub.updateSubscriptionOffset(outdated), SessionLostError)
    const { cursor } = await hub.getCursor({ ...place, shardId: '0', cursorType: 'SEQUENCE', param: 5n })
    const got = await hub.getTupleRecords({ ...place, shardId: '0', cursor, subId })
    assert.equal(got.records.at(0).sequence, 5n)
  })

  test('takes every kind of offset for a place', async () => {
    const { subId } = await hub.createSubscription({ ...place, comment: 'another' })
    const session = { ...place, subId, shardIds: ['0'] }
    const opened = (await hub.initAndGetSubscriptionOffset(session)).offsets['0']
    await hub.updateSubscriptionOffset({
      ...place,
      subId,
      offsets: { 0: { ...opened, sequence: 4, timestamp: 1 } },
    })
    const open = (await hub.initAndGetSubscriptionOffset(session)).offsets['0']
    const read = (await hub.getSubscriptionOffset(session)).offsets['0']
    assert.deepEqual(Object.keys(read), ['sequence', 'timestamp', 'version', 'batchIndex'])
    for (const offset of [open, read, { sequence: 4, timestamp: 1 }]) {
      const { cursor } = await hub.getCursorAfter({ ...place, shardId: '0', offset })
      const got = await hub.getTupleRecords({ ...place, shardId: '0', cursor, after: offset })
      assert.equal(got.startSeq, 5n)
      await hub.resetSubscriptionOffset({ ...place, subId, offsets: { 0: offset } })
      assert.equal((await hub.getSubscriptionOffset(session)).offsets['0'].sequence, 4n)
    }
    const wrong = { sequence: 4, timestamp: 1, sessionid: 1 }
    await assert.rejects(hub.getCursorAfter({ ...place, shardId: '0', offset: wrong }), {
      kind: 'invalid_argument',
      message: /offset\.sessionid/,
    })
  })

  test('ends', async () => {
    for (const topicName of ['orders', 'copy', 'texts', 'blobs']) {
      const { subscriptions } = await hub.listSubscription({ projectName: 'shop', topicName })
      for (const { subId } of subscriptions) {
        await hub.deleteSubscription({ projectName: 'shop', topicName, subId })
      }
      await hub.deleteTopic({ projectName: 'shop', topicName })
    }
    await hub.deleteProject({ projectName: 'shop' })
    assert.deepEqual((await hub.listProject()).projectNames, [])
  })
})

describe('the emulator', () => {
  test('has a clock that moves when told to, and forgets when told to', async () => {
    const startTime = new Date()
    const emulator = await Emulator.start({ dis: false, startTime })
    const hub = hubOf(emulator)
    await hub.createProject({ projectName: 'one', comment: '' })
    emulator.advance(60_000)
    await hub.createProject({ projectName: 'two', comment: '' })
    const first = await hub.getProject({ projectName: 'one' })
    const second = await hub.getProject({ projectName: 'two' })
    assert.equal(second.createTime - first.createTime, 60n)
    emulator.reset()
    assert.deepEqual((await hub.listProject()).projectNames, [])
    assert.throws(() => emulator.advance(-1), { kind: 'invalid_argument' })
    await emulator.stop()
    await emulator.stop()
  })

  test('refuses wrong options', async () => {
    const wrong = [
      { datahub: false, dis: false },
      { datahub: 'nowhere' },
      { limits: 'none' },
      { startTime: Number.NaN },
      { dataDir: '/proc/nowhere' },
    ]
    for (const options of wrong) {
      await assert.rejects(Emulator.start(options), { name: /Error$/ }, JSON.stringify(options))
    }
    const emulator = await Emulator.start({ datahub: false })
    assert.throws(() => emulator.datahubUrl, { message: /DataHub is not served/ })
    await emulator.stop()
  })
})
