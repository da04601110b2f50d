// A program of somebody who uses the package: it is compiled with strict settings, as an ES module and as
// CommonJS, against the packed package, and then run.

import {
  DataHub,
  type DataHubOptions,
  FieldType,
  type HubstreamError,
  NotFoundError,
  RecordBatch,
  RecordSchema,
  TupleRecord,
  type Value,
} from 'hubstream'
import {
  CursorType,
  type GetRecordsResult,
  type OffsetWithSession,
  type OffsetWithVersion,
} from 'hubstream/datahub'
import { DisClient } from 'hubstream/dis'
import { Emulator } from 'hubstream/testing'

// Types are exact: each of these lines must fail to compile without its comment.
export function mistakes(hub: DataHub, result: GetRecordsResult, offset: OffsetWithSession): void {
  // @ts-expect-error a required argument is missing
  void hub.getTopic({ projectName: 'p' })
  // @ts-expect-error there is no such argument
  void hub.getProject({ projectName: 'p', project: 'p' })
  // @ts-expect-error there is no such cursor
  void hub.getCursor({ projectName: 'p', topicName: 't', shardId: '0', cursorType: 'NEWEST' })
  // @ts-expect-error 64-bit numbers are bigint
  const sequence: number = offset.sequence
  // @ts-expect-error results are not to be changed
  result.nextCursor = ''
  // @ts-expect-error there is no such type
  new RecordSchema([{ name: 'a', type: 'DATE' }])
  // @ts-expect-error there is no such setting
  new DataHub({ endPoint: '' })
  void sequence
}

// Every kind of offset is a place.
export async function places(
  hub: DataHub,
  topic: { projectName: string; topicName: string },
  session: OffsetWithSession,
  version: OffsetWithVersion,
): Promise<void> {
  const given = { ...topic, shardId: '0' }
  for (const offset of [session, version, { sequence: 1, timestamp: 2n }]) {
    const { cursor } = await hub.getCursorAfter({ ...given, offset })
    await hub.getBlobRecords({ ...given, cursor, after: offset })
    await hub.resetSubscriptionOffset({ ...topic, subId: 'sub', offsets: { 0: offset } })
  }
}

export function describeKind(error: HubstreamError): string {
  switch (error.kind) {
    case 'not_found':
      return `${error.code} ${error.httpStatus ?? 0}`
    default:
      return error.kind
  }
}

async function main(): Promise<void> {
  const emulator = await Emulator.start()
  const { accessId, accessKey } = emulator
  const options: DataHubOptions = { endpoint: emulator.datahubUrl, accessId, accessKey, maxAttempts: 2 }
  const hub = new DataHub(options)
  const place = { projectName: 'shop', topicName: 'orders' } as const
  const schema = new RecordSchema([
    { name: 'id', type: FieldType.BIGINT, allowNull: false },
    { name: 'text', type: 'STRING' },
  ])
  await hub.createProject({ projectName: 'shop', comment: '' })
  await hub.createTupleTopic({ ...place, shardCount: 1, lifeCycle: 1, recordSchema: schema })
  await hub.waitShardsReady(place, { signal: AbortSignal.timeout(60_000) })
  const recordList = RecordBatch.fromRecords(schema, [
    { id: 1n, text: 'first' },
    [2, null],
    new TupleRecord(schema, [3n, '']),
  ])
  await hub.putRecordsByShard({ ...place, shardId: '0', recordList })
  const { cursor } = await hub.getCursor({ ...place, shardId: '0', cursorType: CursorType.OLDEST })
  const { records }: GetRecordsResult = await hub.getTupleRecords({ ...place, shardId: '0', cursor })
  const values: Value[][] = records.rows()
  const sequences: bigint[] = [...records].map((record) => record.sequence)
  const kind = await hub.getProject({ projectName: 'absent' }).then(
    () => 'none',
    (error: unknown) => (error instanceof NotFoundError ? describeKind(error) : String(error)),
  )
  const dis = new DisClient({ endpoint: emulator.disUrl, accessId, accessKey, projectId: 'p' })
  await dis.createStream({ streamName: 'events', partitionCount: 1 })
  const text = (value: unknown) =>
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))
  console.log(text([values, sequences, kind]))
  await Promise.all([hub.close(), dis.close()])
  await emulator.stop()
}

void main()
