// What an emulator does wrong on request.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Emulator } from 'hubstream/testing'
import { hubOf } from './support.js'

let emulator

before(async () => {
  emulator = await Emulator.start({ dis: false })
})
beforeEach(() => emulator.reset())
after(() => emulator.stop())

test('a fault happens until it is removed', async () => {
  const hub = hubOf(emulator, { maxAttempts: 2 })
  const fault = {
    operation: 'ListProject',
    service: 'datahub',
    effect: { throttle: true },
    retryAfterSeconds: 0,
  }
  emulator.setFaults([fault], { seed: 3 })
  const refused = { name: 'RateLimitedError', attempts: 2, retryAfter: 0 }
  await assert.rejects(hub.listProject(), refused)
  assert.deepEqual(emulator.faults(), [{ ...fault, probability: 1, struck: 2 }])
  emulator.clearFaults()
  assert.deepEqual((await hub.listProject()).projectNames, [])
  assert.deepEqual(emulator.faults(), [])
  await hub.close()
})

test('all effects are taken and forgotten by a reset', () => {
  const effects = [
    'drop',
    'half',
    'corrupt_crc',
    { latencyMs: 5 },
    { error: { status: 503, code: 'Busy', message: '' } },
    { throttle: true },
    { clockSkewSeconds: -5 },
  ]
  emulator.setFaults(effects.map((effect) => ({ operation: '*', effect, count: undefined })))
  assert.deepEqual(
    emulator.faults().map((fault) => fault.effect),
    effects,
  )
  emulator.reset()
  assert.deepEqual(emulator.faults(), [])
})

test('what is wrong is said with its place', () => {
  const good = { operation: '*', effect: { latencyMs: 1 } }
  emulator.setFaults([good])
  const bad = { operation: 'PutRecord', effect: 'drop' }
  assert.throws(() => emulator.setFaults([good, bad]), /faults\[1\]\.operation/)
  assert.throws(() => emulator.setFaults([], { seed: -1 }), /body: invalid value/)
  assert.equal(emulator.faults().length, 1, 'nothing changed')
})

test('an emulator goes by what it is told', async () => {
  const startTime = new Date('2026-01-02T03:04:05Z')
  const free = await Emulator.start({ dis: false, noAuth: true, startTime })
  const hub = hubOf(free, { accessId: 'anybody', accessKey: 'any key' })
  await hub.createProject({ projectName: 'shop' })
  free.advance(2000)
  await hub.createProject({ projectName: 'mill' })
  const [first, second] = [
    await hub.getProject({ projectName: 'shop' }),
    await hub.getProject({ projectName: 'mill' }),
  ]
  const start = BigInt(startTime.getTime() / 1000)
  assert.deepEqual([first.createTime, second.createTime], [start, start + 2n])
  assert.throws(() => free.disUrl, { name: 'ClosedError' })
  await free.stop()
})

test('an emulator that was stopped has no faults', async () => {
  const stopped = await Emulator.start({ dis: false })
  await stopped.stop()
  assert.throws(() => stopped.setFaults([]), { name: 'ClosedError' })
  stopped.clearFaults()
  assert.deepEqual(stopped.faults(), [])
})
