// Runs every scenario of tests/scenarios.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataHub } from 'hubstream/datahub'
import { DisClient } from 'hubstream/dis'
import { Emulator } from 'hubstream/testing'
import { allScenarios, at, camel, facts, plain } from './scenario.js'

const START = 1_800_000_000_000

/** A fault as users write it. */
function fault(value) {
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    return typeof value === 'bigint' ? Number(value) : value
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camel(name), fault(member)]))
}

/** Settings are texts; those that are numbers or booleans are given as such. */
const setting = (value) => (/^(\d+|true|false)$/.test(value) ? JSON.parse(value) : value)

class Run {
  #scenario
  #emulator
  #clients = new Map()

  constructor(scenario, emulator) {
    this.#scenario = scenario
    this.#emulator = emulator
  }

  #client(name) {
    const { text, settings } = this.#scenario
    const { accessId, accessKey, datahubUrl, disUrl } = this.#emulator
    const all = {
      access_id: accessId,
      access_key: accessKey,
      max_attempts: 1,
      ...settings,
      ...text.clients?.[name],
    }
    const options = Object.fromEntries(Object.entries(all).map(([key, value]) => [camel(key), setting(value)]))
    if (!this.#clients.has(name)) {
      const client =
        text.service === 'datahub'
          ? new DataHub({ endpoint: datahubUrl, ...options })
          : new DisClient({ endpoint: disUrl, projectId: 'project', ...options })
      this.#clients.set(name, client)
    }
    return this.#clients.get(name)
  }

  async #call(step) {
    const client = this.#client(step.client ?? 'main')
    return plain(await client[camel(step.call)](this.#scenario.value(step.with ?? {})))
  }

  async step(step) {
    if (step.advance !== undefined) {
      this.#emulator.advance(Number(step.advance) * 1000)
    }
    if (step.faults !== undefined) {
      this.#emulator.setFaults(step.faults.map(fault), { seed: Number(step.seed ?? 0) })
    }
    if (step.call !== undefined) {
      await this.#outcome(step)
    }
    if (step.struck !== undefined) {
      const struck = this.#emulator.faults().map((fault) => fault.struck)
      assert.deepEqual(struck, step.struck.map(Number))
    }
  }

  async #outcome(step) {
    if (step.error !== undefined) {
      const caught = await this.#call(step).then(
        (result) => assert.fail(`should fail, gave ${String(result)}`),
        (error) => error,
      )
      this.#scenario.matches(step.error, facts(caught))
      return
    }
    const result = await this.#call(step)
    if (step.expect !== undefined) {
      this.#scenario.matches(step.expect, result)
    }
    for (const [name, path] of Object.entries(step.save ?? {})) {
      this.#scenario.variables[name] = at(result, path)
    }
  }

  async close() {
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
  }
}

for (const scenario of allScenarios()) {
  test(scenario.name, async () => {
    const emulator = await Emulator.start({ startTime: START, limits: scenario.text.limits ?? 'standard' })
    const run = new Run(scenario, emulator)
    try {
      for (const [index, step] of scenario.text.step.entries()) {
        await run.step(step).catch((error) => {
          error.message = `step ${index + 1} (${step.call ?? 'no call'}): ${error.message}`
          throw error
        })
      }
    } finally {
      await run.close()
      await emulator.stop()
    }
  })
}
