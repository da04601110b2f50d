// A progress bar where a person looks, and plain tables.

const WIDTH = 30

/** Draws a bar on standard error, and removes it at the end; nothing when that is not a terminal. */
export function progress(what, done, total) {
  if (process.stderr.isTTY) {
    const bar = '='.repeat(Math.floor((WIDTH * done) / total)).padEnd(WIDTH)
    process.stderr.write(done === total ? '\r\x1b[K' : `\r${what} [${bar}] ${done}/${total}`)
  }
}

/** Prints rows in columns of equal width; the first row is the header. */
export function table(rows) {
  const texts = rows.map((row) => row.map(String))
  const widths = texts[0].map((_, column) => Math.max(...texts.map((row) => row[column].length)))
  for (const row of texts) {
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
  }
}

/** The beginning of a checksum, enough to tell it from another one. */
export const short = (checksum) => checksum.slice(0, 16)
