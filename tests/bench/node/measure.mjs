// Times reading records with the Node package; there is no other client for Node to compare with.
// usage: node measure.mjs FILE [ROUNDS]

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { createInterface } from 'node:readline'

const { DataHub, RecordBatch, RecordSchema } = await import(`${process.env.HUBSTREAM_SITE}/dist/esm/index.js`)

const COUNT = 1000
const PROJECT = 'bench'
const COLUMNS = [
  ['id', 'BIGINT'],
  ['price', 'DOUBLE'],
  ['paid', 'BOOLEAN'],
  ['at', 'TIMESTAMP'],
  ['amount', 'DECIMAL'],
  ...['host', 'path', 'agent', 'referrer', 'message'].map((name) => [name, 'STRING']),
]
const WORDS =
  'GET POST /cart /checkout /api/v2/items 200 404 503 timeout retry user session Mozilla/5.0 Linux x86_64 shard cursor commit offset'.split(
    ' ',
  )

/** A source of numbers that is the same in every run. */
function source(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function text(random, length) {
  let made = ''
  while (made.length < length) {
    made += `${WORDS[Math.floor(random() * WORDS.length)]} `
  }
  return made.slice(0, length)
}

function makeRows() {
  const random = source(1)
  return Array.from({ length: COUNT }, () => ({
    id: BigInt(Math.floor(random() * 2 ** 53)) * 512n,
    price: random() * 2e6 - 1e6,
    paid: random() < 0.5,
    at: 1_700_000_000_000_000n + BigInt(Math.floor(random() * 2 ** 40)),
    amount: (random() * 1e8).toFixed(4),
    ...Object.fromEntries(COLUMNS.slice(5).map(([name]) => [name, text(random, 20 + Math.floor(random() * 80))])),
  }))
}

function makeBlobs() {
  const random = source(2)
  return Array.from({ length: COUNT }, (_, id) =>
    Buffer.from(JSON.stringify({ id, message: text(random, 1024) }).slice(0, 1024)),
  )
}

/** CPU time per record in µs of doing the work some times: that of all threads of this process. */
async function sample(work, times) {
  const start = process.cpuUsage()
  for (let done = 0; done < times; done += 1) {
    await work()
  }
  const spent = process.cpuUsage(start)
  return (spent.user + spent.system) / times / COUNT
}

function quantile(sorted, part) {
  const place = (sorted.length - 1) * part
  const low = sorted[Math.floor(place)]
  return low + (sorted[Math.ceil(place)] - low) * (place % 1)
}

const [out, rounds = '11'] = process.argv.slice(2)
const [program, ...words] = process.env.HUBSTREAM_EMULATOR.split(' ')
const emulator = spawn(program, [...words, '--datahub', '127.0.0.1:0', '--limits', 'relaxed'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [line] = await once(createInterface(emulator.stdout), 'line')
const hub = new DataHub({ endpoint: JSON.parse(line).datahub, accessId: 'emulator', accessKey: 'emulator' })
const schema = new RecordSchema(COLUMNS.map(([name, type]) => ({ name, type })))
await hub.createProject({ projectName: PROJECT, comment: '' })
const rows = makeRows()
const blobs = makeBlobs()
const tuples = { projectName: PROJECT, topicName: 'tuples' }
const bytes = { projectName: PROJECT, topicName: 'blobs' }
await hub.createTupleTopic({ ...tuples, shardCount: 1, lifeCycle: 1, recordSchema: schema, comment: '' })
await hub.createBlobTopic({ ...bytes, shardCount: 1, lifeCycle: 1, comment: '' })
await hub.putRecords({ ...tuples, recordList: RecordBatch.fromRecords(schema, rows) })
await hub.putRecords({ ...bytes, recordList: RecordBatch.fromBlobs(blobs) })
const place = async (topic) => ({
  ...topic,
  shardId: '0',
  limitNum: COUNT,
  cursor: (await hub.getCursor({ ...topic, shardId: '0', cursorType: 'OLDEST' })).cursor,
})
const ofTuples = await place(tuples)
const ofBlobs = await place(bytes)
const getObjects = async () => (await hub.getTupleRecords(ofTuples)).records.toArray()
const getBlobs = async () => (await hub.getBlobRecords(ofBlobs)).records.blobs()

// The values are compared before anything is timed.
assert.deepEqual(
  (await getObjects()).map((row) => ({ ...row })),
  rows,
)
assert.deepEqual(
  (await getBlobs()).map((blob) => Buffer.from(blob)),
  blobs,
)
const cases = [
  { name: 'get of 10-column tuples, protobuf, to objects', work: getObjects, limit: 1.6, samples: [] },
  { name: 'get of 1 KB blobs, protobuf, to views', work: getBlobs, limit: 0.6, samples: [] },
]
for (const { work } of cases) {
  await sample(work, 200)
}
for (let round = 0; round < Number(rounds); round += 1) {
  for (const { work, samples } of cases) {
    samples.push(await sample(work, 100))
  }
}
await hub.close()
emulator.kill('SIGTERM')
await once(emulator, 'exit')

const results = cases.map(({ name, limit, samples }) => {
  const sorted = samples.toSorted((one, other) => one - other)
  const median = quantile(sorted, 0.5)
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median
  console.log(`${name.padEnd(48)} ${median.toFixed(2)} µs  ±${(spread * 100).toFixed(0)}%`)
  return { name, values: [Number(median.toFixed(2))], spread: Number(spread.toFixed(3)), limit }
})
const found = {
  title: 'Node',
  order: 20,
  command: 'tests/bench/run node',
  date: new Date().toISOString().slice(0, 10),
  machine: `${os.cpus().length} processors (${os.cpus()[0]?.model.trim()}), ${os.type()} ${os.release()}`,
  versions: {
    Node: process.versions.node,
    commit: process.env.COMMIT,
    samples: `${rounds} per case, in turns`,
  },
  about: [
    'There is no official client for Node. CPU time of the process, all threads, user and system; the whole call, from the request to the last value, with LZ4 and 1000 records per request against an emulator in another process.',
  ],
  not_measured: ['Writing records, other protocols.'],
  tables: [
    { title: 'Node: reading records', unit: 'µs', per: 'record', sides: ['hubstream'], ratio: 'less', rows: results },
  ],
}
writeFileSync(out, `${JSON.stringify(found, null, 1)}\n`)
console.log(`wrote ${out}`)
