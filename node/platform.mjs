#!/usr/bin/env node
// Prints the name of this platform, as in linux-x64-gnu.
const { platform, arch } = process
if (platform === 'linux') {
  const { header } = process.report.getReport()
  console.log(`linux-${arch}-${header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`)
} else {
  console.log(platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`)
}
