// A reporter that ends with one line: how many tests passed, failed and were skipped.

export default async function* summary(source) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') {
      continue
    }
    if (data.details?.type === 'suite') {
      continue
    }
    const isSkipped = data.skip !== undefined || data.todo !== undefined
    count[isSkipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed']++
  }
  const total = count.passed + count.failed + count.skipped
  yield `node: ${total} tests, ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`
}
