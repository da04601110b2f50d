// What several tests need.

import { DataHub } from 'hubstream/datahub'
import { DisClient } from 'hubstream/dis'

/** A DataHub client of an emulator. */
export function hubOf(emulator, options = {}) {
  const { datahubUrl, accessId, accessKey } = emulator
  return new DataHub({ endpoint: datahubUrl, accessId, accessKey, ...options })
}

/** A DIS client of an emulator. */
export function disOf(emulator, options = {}) {
  const { disUrl, accessId, accessKey } = emulator
  return new DisClient({ endpoint: disUrl, accessId, accessKey, projectId: 'p', ...options })
}

/** Collects garbage until a condition holds; says whether it came to hold. */
export async function collected(condition, rounds = 200) {
  for (let round = 0; round < rounds; round++) {
    globalThis.gc()
    if (condition()) {
      return true
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}
