import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))

describe('the packed package', () => {
  let folder
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hubstream-'))
    const { stdout } = await run('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
      cwd: root,
    })
    const [{ filename, files }] = [JSON.parse(stdout)].flat()
    const paths = files.map((file) => file.path)
    assert.ok(paths.some((file) => /^hubstream\..*\.node$/.test(file)))
    assert.deepEqual(
      paths.filter((file) => /^(src|test|node_modules)\//.test(file)),
      [],
    )
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--silent', '--offline', '--no-audit', path.join(folder, filename)], {
      cwd: folder,
    })
    // The compiler and its types are those of this repository.
    await mkdir(path.join(folder, 'node_modules', '@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name))
    }
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const type of ['module', 'commonjs']) {
    test(`is compiled into a strict program and runs, as ${type}`, async () => {
      const project = path.join(folder, type)
      await cp(path.join(root, 'test', 'consumer'), project, { recursive: true })
      await writeFile(path.join(project, 'package.json'), JSON.stringify({ type }))
      const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
      await run(tsc, ['-p', project], { cwd: project }).catch((error) => assert.fail(error.stdout))
      const { stdout } = await run(process.execPath, [path.join(project, 'out', 'program.js')])
      assert.equal(stdout, '[[["1n","first"],["2n",null],["3n",""]],["0n","1n","2n"],"NoSuchProject 404"]\n')
    })
  }
})

describe('both builds', () => {
  const require = createRequire(import.meta.url)

  test('offer the same names for every entry', async () => {
    const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'))
    assert.deepEqual(entries, ['.', './datahub', './dis', './testing'])
    for (const entry of entries) {
      const name = entry.replace('.', manifest.name)
      const esm = Object.keys(await import(name)).sort()
      const cjs = Object.keys(require(name)).sort()
      assert.ok(esm.length > 0)
      assert.deepEqual(
        cjs.filter((key) => key !== '__esModule'),
        esm,
      )
    }
  })

  test('work with the records of the other', async () => {
    const esm = await import('hubstream')
    const cjs = require('hubstream')
    const { Emulator } = require('hubstream/testing')
    const emulator = await Emulator.start({ dis: false })
    const hub = new cjs.DataHub({ endpoint: emulator.datahubUrl, accessId: 'emulator', accessKey: 'emulator' })
    const place = { projectName: 'shop', topicName: 'both' }
    const recordSchema = esm.RecordSchema.fromLists(['a'], ['BIGINT'])
    await hub.createProject({ projectName: 'shop', comment: '' })
    await hub.createTupleTopic({ ...place, shardCount: 1, lifeCycle: 1, recordSchema })
    await hub.waitShardsReady(place)
    const recordList = esm.RecordBatch.fromRecords(recordSchema, [[1]])
    await hub.putRecordsByShard({ ...place, shardId: '0', recordList })
    const { cursor } = await hub.getCursor({ ...place, shardId: '0', cursorType: 'OLDEST' })
    const { records } = await hub.getTupleRecords({ ...place, shardId: '0', cursor })
    assert.ok(records instanceof cjs.RecordBatch)
    assert.deepEqual(records.rows(), [[1n]])
    await emulator.stop()
  })

  test('have the version of the workspace', async () => {
    const cargo = await readFile(path.join(root, '..', 'Cargo.toml'), 'utf8')
    const [, version] = /^\[workspace\.package\]\s*version = "([^"]+)"/m.exec(cargo)
    assert.equal(manifest.version, version)
    const platforms = await readdir(path.join(root, 'npm'))
    assert.ok(platforms.includes('linux-x64-gnu'))
    for (const platform of platforms) {
      const own = JSON.parse(await readFile(path.join(root, 'npm', platform, 'package.json'), 'utf8'))
      assert.equal(own.name, `hubstream-${platform}`)
      assert.equal(own.version, version)
      assert.deepEqual([own.main, own.files], [`hubstream.${platform}.node`, [`hubstream.${platform}.node`]])
    }
  })
})
