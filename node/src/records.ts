// What every service shares: records, schemas, errors and the log.

export { type ArrowOptions, RecordBatch, type RecordsInput } from './batch.js'
export type { CallOptions, ClientOptions, CredentialProvider, Credentials } from './client.js'
export { HubstreamError } from './error.js'
export * from './generated/errors.js'
export { FieldType } from './generated/records.js'
export type { ClientStats } from './generated/stats.js'
export { type LogEvent, type LogLevel, onLog } from './log.js'
export {
  BatchRecord,
  BlobRecord,
  type RecordKeys,
  type Row,
  TupleRecord,
  type Value,
  type ValueInput,
} from './record.js'
export { type Field, type FieldInput, RecordSchema } from './schema.js'
