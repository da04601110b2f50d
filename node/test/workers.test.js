import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MessageChannel, Worker } from 'node:worker_threads'

import { RecordBatch, RecordSchema, TupleRecord } from 'hubstream'
import { Emulator } from 'hubstream/testing'

import { hubOf } from './support.js'

const worker = (body, workerData) =>
  new Worker(`import { parentPort, workerData } from 'node:worker_threads'\n${body}`, {
    eval: true,
    workerData,
    execArgv: ['--input-type=module'],
  })

const here = import.meta.url
const load = (name) => `await import(${JSON.stringify(import.meta.resolve(name))})`

describe('worker threads', () => {
  test('use clients and batches of their own', async () => {
    const emulator = await Emulator.start({ dis: false })
    await hubOf(emulator).createProject({ projectName: 'shared', comment: '' })
    const { datahubUrl: endpoint, accessId, accessKey } = emulator
    const workers = Array.from({ length: 4 }, (_, n) =>
      worker(
        `const { DataHub, RecordBatch } = ${load('hubstream')}
         const hub = new DataHub(workerData.options)
         const { projectNames } = await hub.listProject()
         const blobs = RecordBatch.fromBlobs(['x' + workerData.n]).blobs()
         parentPort.postMessage([...projectNames, Buffer.from(blobs[0]).toString()])`,
        { n, options: { endpoint, accessId, accessKey } },
      ),
    )
    const exits = Promise.all(workers.map((thread) => once(thread, 'exit')))
    const messages = await Promise.all(workers.map((thread) => once(thread, 'message')))
    assert.deepEqual(
      messages.map(([message]) => message),
      workers.map((_, n) => ['shared', `x${n}`]),
    )
    assert.deepEqual(
      await exits,
      workers.map(() => [0]),
    )
    await emulator.stop()
  })

  test('take records as Arrow data or plain values, not as batches', async () => {
    const schema = new RecordSchema([
      { name: 'id', type: 'BIGINT' },
      { name: 'text', type: 'STRING' },
    ])
    const batch = RecordBatch.fromRecords(schema, [
      [1n, 'first'],
      [null, 'second'],
    ])
    const { port1, port2 } = new MessageChannel()
    const refused = (expected) => (error) => {
      assert.equal(error.name, 'DataCloneError')
      assert.match(error.message, expected)
      return true
    }
    for (const value of [batch, batch.slice(1), batch.at(0), { records: batch }]) {
      assert.throws(() => structuredClone(value), refused(/a RecordBatch: pass what toArrow\(\)/))
      assert.throws(() => port1.postMessage(value), refused(/a RecordBatch/))
    }
    for (const value of [schema, new TupleRecord(schema, [1n, 'x'])]) {
      assert.throws(() => structuredClone(value), refused(/a RecordSchema: pass its fields/))
    }
    port2.close()
    assert.deepEqual(new RecordSchema(structuredClone(schema.fields)).fields, schema.fields)
    assert.deepEqual(structuredClone(batch.toArray()), batch.toArray())
    const thread = worker(
      `const { RecordBatch, RecordSchema } = ${load('hubstream')}
       const batch = RecordBatch.fromArrow(new RecordSchema(workerData.fields), workerData.ipc)
       parentPort.postMessage(batch.rows())`,
      { fields: schema.fields, ipc: batch.toArrow() },
    )
    const [[rows]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')])
    assert.deepEqual(rows, batch.rows())
  })

  test('may end or be ended with calls on their way', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${server.address().port}`
    const body = (end) =>
      `const { DataHub } = ${load('hubstream')}
       const hub = new DataHub({ endpoint: workerData })
       for (let n = 0; n < 20; n++) hub.listProject().catch(() => {})
       parentPort.postMessage('started')
       ${end}`
    const exiting = worker(body('process.exit(3)'), endpoint)
    assert.deepEqual(await once(exiting, 'exit'), [3])
    const ended = worker(body(''), endpoint)
    await once(ended, 'message')
    await ended.terminate()
    const asking = worker(
      `const { DataHub } = ${load('hubstream')}
       const credentialProvider = () => { parentPort.postMessage('asked'); return new Promise(() => {}) }
       new DataHub({ endpoint: workerData, credentialProvider }).listProject()`,
      endpoint,
    )
    await once(asking, 'message')
    await asking.terminate()
    server.close()
    // Calls of this thread still work.
    const emulator = await Emulator.start({ dis: false })
    await hubOf(emulator).listProject()
    await emulator.stop()
  })
})

describe('a process', () => {
  const run = (body) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', body], {
      cwd: fileURLToPath(new URL('.', here)),
      timeout: 60_000,
    })

  test('ends by itself when nothing is on its way', async () => {
    const { stdout } = await run(`
      import { DataHub } from 'hubstream'
      import { Emulator } from 'hubstream/testing'
      const emulator = await Emulator.start({ dis: false })
      const hub = new DataHub({
        endpoint: emulator.datahubUrl,
        credentialProvider: () => ({ accessId: 'emulator', accessKey: 'emulator' }),
      })
      console.log((await hub.listProject()).projectNames.length)`)
    assert.equal(stdout, '0\n')
  })

  test('may exit with calls on their way', async () => {
    for (let round = 0; round < 5; round++) {
      const { stdout } = await run(`
        import { DataHub } from 'hubstream'
        import { Emulator } from 'hubstream/testing'
        const emulator = await Emulator.start({ dis: false })
        const hub = new DataHub({ endpoint: emulator.datahubUrl, accessId: 'emulator', accessKey: 'emulator' })
        await hub.listProject()
        for (let n = 0; n < 50; n++) hub.listProject()
        console.log('exit')
        process.exit(0)`)
      assert.equal(stdout, 'exit\n')
    }
  })

  test('runs the program of the README', async () => {
    const readme = await readFile(new URL('../README.md', here), 'utf8')
    const [, program] = /```js\n(.*?)```/s.exec(readme)
    const { stdout } = await run(`
      import { Emulator } from 'hubstream/testing'
      const emulator = await Emulator.start()
      const { datahubUrl: endpoint, accessId, accessKey } = emulator
      await new DataHub({ endpoint, accessId, accessKey }).createProject({ projectName: 'shop', comment: '' })
      ${program}
      await emulator.stop()`)
    const [, shown] = /toArray\(\)\) \/\/ (.*)/.exec(program)
    assert.equal(stdout.replace(/\s+/g, ' ').trim(), shown)
  })

  test('loads the native part and its threads only when they are needed', async () => {
    const { stdout } = await run(`
      import { readdirSync } from 'node:fs'
      import * as hubstream from 'hubstream'
      import 'hubstream/testing'
      const loaded = () => process.report.getReport().sharedObjects.some((file) => file.includes('hubstream'))
      console.log(loaded())
      hubstream.RecordSchema.fromLists(['a'], ['STRING'])
      console.log(loaded())`)
    assert.equal(stdout, 'false\ntrue\n')
  })
})
