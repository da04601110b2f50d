import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { DataHub, onLog } from 'hubstream'

/** A server that is busy at the first request, and a client of it. */
async function busyOnce() {
  let requests = 0
  const server = createServer((_, response) => {
    requests++
    response.writeHead(requests === 1 ? 503 : 200, { 'content-type': 'application/json' })
    response.end(
      requests === 1 ? '{"ErrorCode":"ServiceUnavailable","ErrorMessage":"busy"}' : '{"ProjectNames":[]}',
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${server.address().port}`
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { hub: new DataHub({ endpoint, accessId: 'my-id', accessKey: 'my-secret' }), close }
}

describe('the log', () => {
  test('tells of attempts that are made again, and of nothing secret', async () => {
    const { hub, close } = await busyOnce()
    const events = []
    const calm = []
    const heard = new Promise((resolve) => {
      const stop = onLog((event) => {
        events.push(event)
        stop()
        resolve()
      }, 'debug')
    })
    const stopCalm = onLog((event) => calm.push(event))
    await hub.listProject()
    await heard
    stopCalm()
    const [event] = events
    assert.equal(event.level, 'debug')
    assert.equal(event.target, 'hubstream::http')
    assert.match(event.message, /trying again/)
    assert.equal(event.fields.kind, 'unavailable')
    assert.equal(event.fields.attempts, '1')
    assert.equal(event.dropped, 0)
    assert.ok(Math.abs(event.time.getTime() - Date.now()) < 600_000)
    assert.ok(!JSON.stringify(events).includes('my-secret'))
    assert.deepEqual(calm, [])
    close()
  })

  test('goes on when a thread that listened has ended', async () => {
    const module = JSON.stringify(import.meta.resolve('hubstream'))
    const worker = new Worker(`(await import(${module})).onLog(() => {}, 'trace')`, {
      eval: true,
      execArgv: ['--input-type=module'],
    })
    assert.deepEqual(await once(worker, 'exit'), [0])
    const { hub, close } = await busyOnce()
    const heard = new Promise((resolve) => {
      const stop = onLog((event) => resolve([event.level, stop()]), 'debug')
    })
    await hub.listProject()
    assert.deepEqual(await heard, ['debug', undefined])
    close()
  })

  test('refuses what is no listener and no level', () => {
    assert.throws(() => onLog('x'), { kind: 'invalid_argument' })
    assert.throws(() => onLog(() => {}, 'loud'), { kind: 'invalid_argument' })
  })
})
