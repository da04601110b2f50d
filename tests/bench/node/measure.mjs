// Times reading and writing records with the Node package; there is no other client for Node to compare with.
// usage: node measure.mjs FILE [ROUNDS]

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'

const { DataHub, RecordBatch, RecordSchema } = await import(`${process.env.HUBSTREAM_SITE}/dist/esm/index.js`)

const { native } = createRequire(import.meta.url)(`${process.env.HUBSTREAM_SITE}/dist/esm/native.cjs`)

const COUNT = 1000
const PROJECT = 'bench'
const KEYS = { accessId: 'emulator', accessKey: 'emulator' }
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

/**
 * CPU time per record in µs of doing the work some times: that of all threads of this process.
 *
 * Each time the event loop has its turn, as in a program that waits for replies: memory that was collected is given
 * back there.
 */
async function sample(work, times) {
  const start = process.cpuUsage()
  for (let done = 0; done < times; done += 1) {
    await work()
    await setImmediate()
  }
  const spent = process.cpuUsage(start)
  return (spent.user + spent.system) / times / COUNT
}

function quantile(sorted, part) {
  const place = (sorted.length - 1) * part
  const low = sorted[Math.floor(place)]
  return low + (sorted[Math.ceil(place)] - low) * (place % 1)
}

/** The body of the one reply that passes between `call` and the service, and its size before compression. */
async function overheard(endpoint, call) {
  const { hostname, port } = new URL(endpoint)
  const parts = []
  const listener = net.createServer((client) => {
    const server = net.connect(Number(port), hostname)
    client.pipe(server)
    server.on('data', (part) => parts.push(part)).pipe(client)
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const hub = new DataHub({ endpoint: `http://127.0.0.1:${listener.address().port}`, ...KEYS })
  await call(hub)
  await hub.close()
  listener.close()
  const reply = Buffer.concat(parts)
  const end = reply.indexOf('\r\n\r\n')
  const head = reply.toString('latin1', 0, end).toLowerCase()
  const [, rawSize] = /x-datahub-content-raw-size: (\d+)/.exec(head)
  return { body: reply.subarray(end + 4), rawSize: Number(rawSize) }
}

const [out, rounds = '11'] = process.argv.slice(2)
const [program, ...words] = process.env.HUBSTREAM_EMULATOR.split(' ')
const emulator = spawn(program, [...words, '--datahub', '127.0.0.1:0', '--limits', 'relaxed'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [line] = await once(createInterface(emulator.stdout), 'line')
const endpoint = JSON.parse(line).datahub
const hub = new DataHub({ endpoint, ...KEYS })
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
const tupleReply = await overheard(endpoint, (hub) => hub.getTupleRecords({ ...ofTuples, recordSchema: schema }))
const blobReply = await overheard(endpoint, (hub) => hub.getBlobRecords(ofBlobs))
const decoded = ({ body, rawSize }, columns) =>
  RecordBatch.wrap(native().RecordBatch.fromGet(body, 'protobuf', 'lz4', rawSize, columns?.native))
const decodeObjects = () => decoded(tupleReply, schema).toArray()
const decodeBlobs = () => decoded(blobReply).blobs()
const encoded = (batch) => batch.native.toPut('protobuf', 'lz4')
const encodeRows = () => encoded(RecordBatch.fromRecords(schema, rows))
const encodeBlobs = () => encoded(RecordBatch.fromBlobs(blobs))
const sink = { projectName: PROJECT, topicName: 'written_tuples' }
const blobSink = { projectName: PROJECT, topicName: 'written_blobs' }
await hub.createTupleTopic({ ...sink, shardCount: 1, lifeCycle: 1, recordSchema: schema, comment: '' })
await hub.createBlobTopic({ ...blobSink, shardCount: 1, lifeCycle: 1, comment: '' })
const putRows = () => hub.putRecords({ ...sink, recordList: RecordBatch.fromRecords(schema, rows) })
const putBlobs = () => hub.putRecords({ ...blobSink, recordList: RecordBatch.fromBlobs(blobs) })

// The values are compared before anything is timed.
const plain = (objects) => objects.map((row) => ({ ...row }))
const copies = (views) => views.map((blob) => Buffer.from(blob))
assert.deepEqual(plain(await getObjects()), rows)
assert.deepEqual(copies(await getBlobs()), blobs)
assert.deepEqual(plain(decodeObjects()), rows)
assert.deepEqual(copies(decodeBlobs()), blobs)
await putRows()
await putBlobs()
const back = async (topic) => ({ ...ofTuples, ...topic, cursor: (await place(topic)).cursor })
assert.deepEqual(plain((await hub.getTupleRecords(await back(sink))).records.toArray()), rows)
assert.deepEqual(copies((await hub.getBlobRecords(await back(blobSink))).records.blobs()), blobs)
const cases = [
  { name: 'get of 10-column tuples to objects', work: getObjects, limit: 1.6, part: 'reading' },
  { name: 'get of 1 KB blobs to views', work: getBlobs, limit: 0.6, part: 'reading' },
  { name: '10-column tuples to objects, from the body of a reply', work: decodeObjects, limit: 1.6, part: 'reading' },
  { name: '1 KB blobs to views, from the body of a reply', work: decodeBlobs, limit: 0.6, part: 'reading' },
  { name: 'put of 10-column tuples from objects', work: putRows, times: 20, part: 'writing' },
  { name: 'put of 1 KB blobs', work: putBlobs, times: 20, part: 'writing' },
  { name: '10-column tuples from objects, to the body of a put', work: encodeRows, part: 'writing' },
  { name: '1 KB blobs to the body of a put', work: encodeBlobs, part: 'writing' },
].map((one) => ({ times: 100, ...one, samples: [] }))
for (const { work, times } of cases) {
  await sample(work, times)
}
for (let round = 0; round < Number(rounds); round += 1) {
  for (const { work, times, samples } of cases) {
    samples.push(await sample(work, times))
  }
}
await hub.close()
emulator.kill('SIGTERM')
await once(emulator, 'exit')

const results = cases.map(({ name, part, limit, samples }) => {
  const sorted = samples.toSorted((one, other) => one - other)
  const median = quantile(sorted, 0.5)
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median
  console.log(`${name.padEnd(56)} ${median.toFixed(2)} µs  ±${(spread * 100).toFixed(0)}%`)
  const row = { name, values: [Number(median.toFixed(2))], spread: Number(spread.toFixed(3)), limit }
  return { part, row }
})
const table = (part) => ({
  title: `Node: ${part} records`,
  unit: 'µs',
  per: 'record',
  sides: ['hubstream'],
  ratio: 'less',
  rows: results.filter((result) => result.part === part).map(({ row }) => row),
})
// How connections are paced; see loopback.py.
const congestionControl = () => {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
const found = {
  title: 'Node',
  order: 20,
  command: 'tests/bench/run node',
  date: new Date().toISOString().slice(0, 10),
  machine: `${os.cpus().length} processors (${os.cpus()[0]?.model.trim()}), ${os.type()} ${os.release()}, connections with ${congestionControl()}`,
  versions: {
    Node: process.versions.node,
    commit: process.env.COMMIT,
    samples: `${rounds} per case, in turns`,
  },
  about: [
    'There is no official client for Node. CPU time of the process, all threads, user and system, with protobuf, LZ4 and 1000 records per request. A get or put is the whole call, from the request to the last value, against an emulator in another process; the other rows do the same work without a request.',
  ],
  not_measured: ['Other protocols.'],
  tables: ['reading', 'writing'].map(table),
}
writeFileSync(out, `${JSON.stringify(found, null, 1)}\n`)
console.log(`wrote ${out}`)
