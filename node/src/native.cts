// Finds and loads the native part. CommonJS in both builds, because only `require` loads addons.

import type { Addon } from './addon.js'

import path = require('node:path')

let loaded: Addon | undefined

/**
 * The native part, loaded at the first call.
 *
 * Loading starts the threads of the runtime, so importing the package alone does not load it.
 */
export function native(): Addon {
  loaded ??= load()
  return loaded
}

function platform(): string {
  const { platform, arch } = process
  if (platform === 'linux') {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
    return `linux-${arch}-${report.header?.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

function load(): Addon {
  const name = platform()
  const candidates = [path.join(__dirname, '..', '..', `hubstream.${name}.node`), `hubstream-${name}`]
  const failures: Error[] = []
  for (const candidate of candidates) {
    try {
      return require(candidate) as Addon
    } catch (error) {
      failures.push(error as Error)
    }
  }
  // A library that is there and cannot be loaded says more than one that is missing.
  const telling = failures.find((failure) => (failure as { code?: string }).code !== 'MODULE_NOT_FOUND')
  throw new Error(
    `hubstream has no native part for ${name}: neither ${candidates.join(' nor ')} can be loaded`,
    { cause: telling ?? failures[0] },
  )
}
