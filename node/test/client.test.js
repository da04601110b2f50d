import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'

import * as hubstream from 'hubstream'
import { DataHub } from 'hubstream/datahub'
import { DisClient } from 'hubstream/dis'
import { Emulator } from 'hubstream/testing'

import { hubOf } from './support.js'

const { HubstreamError, NotFoundError, InvalidArgumentError, UnauthenticatedError } = hubstream

test('a client counts what it does', async () => {
  const emulator = await Emulator.start()
  const hub = hubOf(emulator)
  await hub.createProject({ projectName: 'counted' })
  await assert.rejects(hub.getProject({ projectName: 'none' }), NotFoundError)
  const { calls, failedCalls, attempts, retries, sentBytes, receivedBytes } = hub.stats()
  assert.deepEqual([calls, failedCalls, attempts, retries], [2, 1, 2, 0])
  assert.equal(sentBytes, '{"Comment":""}'.length)
  assert.ok(receivedBytes > 2)
  assert.deepEqual(hub.stats().recordsGot, { GetBlobRecords: 0, GetTupleRecords: 0 })
  await emulator.stop()
})

describe('settings', () => {
  test('an unknown one suggests the nearest', () => {
    assert.throws(() => new DataHub({ endPoint: 'http://x' }), {
      name: 'InvalidArgumentError',
      message: '`endPoint` is not a setting of datahub; did you mean `endpoint`?',
    })
    assert.throws(() => new DisClient({ endpoint: 'http://x', compressFormat: 'lz4' }), {
      kind: 'invalid_argument',
    })
  })

  test('each has its type, and times are milliseconds', () => {
    const wrong = [
      [{ endpoint: 5 }, 'endpoint', 'a string'],
      [{ endpoint: 'http://x', maxAttempts: '3' }, 'maxAttempts', 'whole number'],
      [{ endpoint: 'http://x', maxAttempts: 1.5 }, 'maxAttempts', 'whole number'],
      [{ endpoint: 'http://x', maxAttempts: 0 }, 'maxAttempts', 'at least 1'],
      [{ endpoint: 'http://x', connectTimeout: 0 }, 'connectTimeout', 'milliseconds'],
      [{ endpoint: 'http://x', totalTimeout: Number.NaN }, 'totalTimeout', 'milliseconds'],
      [{ endpoint: 'http://x', atLeastOnce: 'yes' }, 'atLeastOnce', 'boolean'],
      [{ endpoint: 'http://x', protocol: 'xml' }, 'protocol', 'json'],
      [{ endpoint: 'http://x', credentialProvider: {} }, 'credentialProvider', 'function'],
      [{}, 'endpoint', 'must be given'],
      [{ endpoint: 'ftp://x' }, 'endpoint', 'http'],
    ]
    for (const [options, argument, text] of wrong) {
      assert.throws(
        () => new DataHub(options),
        (error) => {
          assert.ok(error instanceof InvalidArgumentError)
          assert.equal(error.context.argument, argument)
          assert.ok(error.message.startsWith(`argument \`${argument}\`: `), error.message)
          assert.ok(error.message.includes(text), error.message)
          return true
        },
      )
    }
    assert.throws(() => new DataHub(), InvalidArgumentError)
    assert.throws(() => new DataHub(null), InvalidArgumentError)
  })

  test('undefined counts as not given', () => {
    const hub = new DataHub({
      endpoint: 'http://127.0.0.1:1/base/',
      region: undefined,
      connectTimeout: undefined,
    })
    assert.equal(hub.endpoint, 'http://127.0.0.1:1/base')
  })

  test('a URL and the environment hold settings too', () => {
    const hub = new DataHub({ url: 'datahub+http://id:k%2Fy@127.0.0.1:80/?protocol=json' })
    assert.equal(hub.endpoint, 'http://127.0.0.1:80')
    assert.throws(() => new DataHub({ url: 'http://x' }), InvalidArgumentError)
    process.env.DIS_ENDPOINT = 'http://127.0.0.1:2'
    process.env.DIS_PROJECT_ID = 'p'
    try {
      assert.equal(new DisClient({ environment: true }).endpoint, 'http://127.0.0.1:2')
      assert.equal(
        new DisClient({ environment: true, endpoint: 'http://127.0.0.1:3' }).endpoint,
        'http://127.0.0.1:3',
      )
      assert.throws(() => new DisClient({}), InvalidArgumentError)
    } finally {
      delete process.env.DIS_ENDPOINT
      delete process.env.DIS_PROJECT_ID
    }
  })
})

describe('calls', () => {
  let emulator
  let hub
  before(async () => {
    emulator = await Emulator.start({ dis: false })
    hub = hubOf(emulator)
  })
  after(() => emulator.stop())

  test('a failure of the service carries all facts', async () => {
    await assert.rejects(hub.getProject({ projectName: 'absent' }), (error) => {
      assert.ok(error instanceof NotFoundError && error instanceof HubstreamError && error instanceof Error)
      assert.equal(error.name, 'NotFoundError')
      assert.equal(error.kind, 'not_found')
      assert.equal(error.code, 'NoSuchProject')
      assert.equal(error.status, 'permanent')
      assert.equal(error.isTemporary, false)
      assert.equal(error.httpStatus, 404)
      assert.equal(error.service, 'datahub')
      assert.equal(error.operation, 'GetProject')
      assert.equal(error.attempts, 1)
      assert.equal(error.retryAfter, undefined)
      assert.equal(error.wasSent, true)
      assert.ok(error.requestId.length > 0)
      assert.ok(error.message.includes(error.requestId) && error.message.includes('datahub.GetProject'))
      assert.ok(!error.reason.includes(error.requestId))
      assert.match(error.stack, /getProject/)
      return true
    })
  })

  test('arguments are checked by name and type before anything is sent', async () => {
    const wrong = [
      [() => hub.getProject({}), 'projectName', 'missing'],
      [() => hub.getProject({ projectName: undefined }), 'projectName', 'missing'],
      [() => hub.getProject({ projectName: 5 }), 'projectName', 'a number'],
      [() => hub.getProject({ projectName: 'a\ud83d' }), 'projectName', 'surrogate'],
      [() => hub.getProject({ projectName: '' }), 'projectName', ''],
      [() => hub.getProject({ project_name: 'x' }), 'project_name', 'projectName'],
      [() => hub.listShard({ projectName: 'p', topicName: [] }), 'topicName', 'an array'],
      [
        () => hub.createBlobTopic({ projectName: 'p', topicName: 't', shardCount: 1.5, lifeCycle: 1 }),
        'shardCount',
        '1.5',
      ],
      [
        () => hub.createBlobTopic({ projectName: 'p', topicName: 't', shardCount: 2n ** 70n, lifeCycle: 1 }),
        'shardCount',
        '64 bits',
      ],
      [
        () => hub.createBlobTopic({ projectName: 'p', topicName: 't', shardCount: 2 ** 40, lifeCycle: 1 }),
        'shardCount',
        '2147483647',
      ],
      [
        () =>
          hub.createTupleTopic({
            projectName: 'p',
            topicName: 't',
            shardCount: 1,
            lifeCycle: 1,
            recordSchema: {},
          }),
        'recordSchema',
        'RecordSchema',
      ],
      [
        () =>
          hub.createTupleTopic({
            projectName: 'p',
            topicName: 't',
            shardCount: 1,
            lifeCycle: 1,
            recordSchema: { native: {} },
          }),
        'recordSchema',
        'RecordSchema',
      ],
      [
        () => hub.getCursor({ projectName: 'p', topicName: 't', shardId: '0', cursorType: 'NEWEST' }),
        'cursorType',
        'OLDEST',
      ],
      [() => hub.putRecords({ projectName: 'p', topicName: 't', recordList: 5 }), 'recordList', 'a number'],
      [
        () => hub.putRecords({ projectName: 'p', topicName: 't', recordList: [] }),
        'recordList',
        'at least one',
      ],
      [() => hub.putRecords(null), 'projectName', 'missing'],
      [() => hub.getProject(null), 'args', 'object'],
      [() => hub.getProject(), 'args', 'object'],
    ]
    for (const [call, argument, text] of wrong) {
      await assert.rejects(
        call(),
        (error) => {
          assert.ok(error instanceof InvalidArgumentError, String(error))
          assert.equal(error.context.argument, argument, error.message)
          assert.ok(error.message.includes(text), error.message)
          assert.deepEqual([error.attempts, error.wasSent, error.requestId], [0, false, ''])
          return true
        },
        String(call),
      )
    }
  })

  test('a schema is not taken for records', async () => {
    const schema = hubstream.RecordSchema.fromLists(['a'], ['STRING'])
    const place = { projectName: 'p', topicName: 't' }
    await assert.rejects(hub.putRecords({ ...place, recordList: schema }), InvalidArgumentError)
    const batch = hubstream.RecordBatch.fromRecords(schema, [['x']])
    const topic = { ...place, shardCount: 1, lifeCycle: 1, recordSchema: batch }
    await assert.rejects(hub.createTupleTopic(topic), InvalidArgumentError)
  })

  test('every method is known to the native part and refuses missing arguments', async () => {
    const nowhere = { endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }
    for (const client of [new DataHub(nowhere), new DisClient({ ...nowhere, projectId: 'p' })]) {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client))
      let refusals = 0
      for (const method of methods.filter((name) => name !== 'constructor')) {
        assert.match(method, /^[a-z][A-Za-z]+$/)
        await assert.rejects(client[method]({}), (error) => {
          assert.ok(error instanceof HubstreamError, String(error))
          assert.equal(error.operation, method[0].toUpperCase() + method.slice(1))
          refusals += error instanceof InvalidArgumentError ? 1 : 0
          // Only lists of everything need no arguments; these are sent to nowhere.
          assert.ok(error instanceof InvalidArgumentError || error.kind === 'connection', method)
          return true
        })
      }
      assert.ok(refusals > 10)
    }
  })

  test('wrong keys are told apart from other failures', async () => {
    const stranger = hubOf(emulator, { accessKey: 'wrong-secret' })
    await assert.rejects(stranger.listProject(), (error) => {
      assert.ok(error instanceof UnauthenticatedError)
      assert.ok(!error.message.includes('wrong-secret'))
      return true
    })
  })

  test('a connection that is refused was not sent', async () => {
    const lonely = new DataHub({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 })
    await assert.rejects(lonely.listProject(), (error) => {
      assert.ok(error instanceof hubstream.ConnectionError)
      assert.deepEqual([error.status, error.wasSent, error.attempts], ['exhausted', false, 1])
      assert.equal(error.isTemporary, false)
      return true
    })
  })

  test('a failure of the system is the cause', () => {
    assert.throws(
      () => new DataHub({ endpoint: 'https://127.0.0.1:1', caFile: '/nowhere/ca.pem' }),
      (error) => error instanceof InvalidArgumentError && error.cause instanceof Error,
    )
  })

  test('a closed client refuses calls and waits for those on their way', async () => {
    const other = hubOf(emulator)
    const pending = other.listProject()
    await other.close()
    assert.ok(Array.isArray((await pending).projectNames))
    await assert.rejects(other.listProject(), { kind: 'closed', message: /DataHub was closed/ })
    await other[Symbol.asyncDispose]()
  })
})

describe('abort', () => {
  let server
  let endpoint
  before(async () => {
    // Accepts and never answers.
    server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    endpoint = `http://127.0.0.1:${server.address().port}`
  })
  after(() => server.close())

  test('an aborted signal rejects at once and sends nothing', async () => {
    const hub = new DataHub({ endpoint })
    let connections = 0
    const count = () => connections++
    server.on('connection', count)
    const reason = new Error('enough')
    await assert.rejects(hub.listProject({}, { signal: AbortSignal.abort(reason) }), reason)
    server.off('connection', count)
    assert.equal(connections, 0)
  })

  test('options of a call that are not known, and signals that are none, are refused', async () => {
    const hub = new DataHub({ endpoint })
    const refused = (options) => assert.rejects(hub.listProject({}, options), { kind: 'invalid_argument' })
    await refused({ sgnal: AbortSignal.abort() })
    await refused({ signal: new AbortController() })
    await refused({ signal: {} })
    await refused(7)
    assert.equal(hub.stats().attempts, 0)
  })

  test('a signal aborts a call on its way and its connection', async () => {
    const hub = new DataHub({ endpoint })
    const controller = new AbortController()
    const connected = once(server, 'connection')
    const call = hub.listProject({}, { signal: controller.signal })
    const [socket] = await connected
    socket.on('error', () => {})
    socket.resume()
    const closed = once(socket, 'close')
    controller.abort()
    await assert.rejects(call, { name: 'AbortError' })
    await closed
  })

  test('one signal aborts many calls and keeps no listeners', async () => {
    const { getEventListeners } = await import('node:events')
    const hub = new DataHub({ endpoint })
    const controller = new AbortController()
    const calls = Array.from({ length: 10 }, () => hub.listProject({}, { signal: controller.signal }))
    assert.equal(getEventListeners(controller.signal, 'abort').length, 10)
    controller.abort(new TypeError('all'))
    // All at once: a rejection that nobody waits for yet counts as unhandled.
    for (const outcome of await Promise.allSettled(calls)) {
      assert.ok(outcome.reason instanceof TypeError)
    }
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  test('a call that ends leaves its signal alone', async () => {
    const { getEventListeners } = await import('node:events')
    const emulator = await Emulator.start({ dis: false })
    const controller = new AbortController()
    await hubOf(emulator).listProject({}, { signal: controller.signal })
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    controller.abort()
    await emulator.stop()
  })
})

describe('credential providers', () => {
  let emulator
  before(async () => {
    emulator = await Emulator.start({ dis: false })
  })
  after(() => emulator.stop())
  const using = (credentialProvider) => new DataHub({ endpoint: emulator.datahubUrl, credentialProvider })

  test('are asked once per request', async () => {
    let calls = 0
    const hub = using(async () => {
      calls++
      return { accessId: 'emulator', accessKey: 'emulator' }
    })
    await hub.listProject()
    assert.equal(calls, 1)
    await Promise.all([hub.listProject(), hub.listProject()])
    assert.equal(calls, 3)
  })

  test('are not asked again while the credentials last', async () => {
    let calls = 0
    const hub = using(() => {
      calls++
      return { accessId: 'emulator', accessKey: 'emulator', expiresAt: new Date(Date.now() + 3_600_000) }
    })
    await hub.listProject()
    await hub.listProject()
    assert.equal(calls, 1)
  })

  test('that throw are the cause of the error', async () => {
    const thrown = new Error('the vault is sealed')
    for (const provider of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ]) {
      await assert.rejects(using(provider).listProject(), (error) => {
        assert.ok(error instanceof UnauthenticatedError)
        assert.equal(error.cause, thrown)
        assert.equal(error.wasSent, false)
        assert.deepEqual(error.context, {})
        return true
      })
    }
  })

  test('that give something else are told so', async () => {
    for (const wrong of [
      undefined,
      null,
      {},
      { accessId: 1, accessKey: '' },
      { accessId: 'a', accessKey: 'b', securityToken: 5 },
      { accessId: 'a', accessKey: 'b', expiresAt: 'soon' },
    ]) {
      await assert.rejects(
        using(() => wrong).listProject(),
        (error) => error instanceof UnauthenticatedError && error.cause instanceof TypeError,
      )
    }
  })
})
