// The native part as TypeScript sees it; its source is in bindings/node.

import type { ClientStats } from './generated/stats.js'

export interface NativeField {
  readonly name: string
  readonly type: string
  readonly allowNull: boolean
  readonly comment: string
}

export interface NativeSchema {
  fields(): NativeField[]
  text(): string
  hasLayoutOf(other: NativeSchema): boolean
}

export interface Packed {
  readonly bytes: Uint8Array
  readonly texts: readonly string[]
}

export interface BlobViews {
  readonly buffers: readonly ArrayBuffer[]
  readonly places: Uint32Array
}

export interface NativeBatch {
  readonly length: number
  schema(): NativeSchema | null
  slice(start: number, end: number): NativeBatch
  values(): Packed
  facts(): Packed
  check(row: number, column: number): void
  blobs(): BlobViews
  toPut(protocol: string, compressFormat: string): Uint8Array
  toArrow(metadata: boolean, decimal: readonly number[] | undefined): Uint8Array
}

export interface NativeCancellation {
  cancel(): void
}

export interface NativeClient {
  readonly endpoint: string
  stats(): ClientStats
  call(operation: string, args: object, cancellation?: NativeCancellation): Promise<unknown>
}

export interface ProvidedCredentials {
  readonly accessId: string
  readonly accessKey: string
  readonly securityToken?: string | undefined
  readonly expiresAt?: number | undefined
  readonly failure?: number | undefined
}

export interface NativeEmulator {
  readonly datahubUrl: string | null
  readonly disUrl: string | null
  advance(milliseconds: number): void
  setFaults(plan: string): void
  clearFaults(): void
  faults(): string
  reset(): void
  stop(): Promise<void>
}

export interface NativeEmulatorOptions {
  readonly datahub?: string | undefined
  readonly dis?: string | undefined
  readonly accessId: string
  readonly accessKey: string
  readonly noAuth: boolean
  readonly limits?: string | undefined
  readonly dataDir?: string | undefined
  readonly startTime?: number | undefined
}

export interface NativeLogEvent {
  readonly level: string
  readonly target: string
  readonly message: string
  readonly fields: Record<string, string>
  readonly time: number
  readonly dropped: number
}

export interface Addon {
  readonly LogListener: new (rank: number, listener: (event: NativeLogEvent) => void) => { stop(): void }
  readonly Client: new (
    service: string,
    source: { readonly environment: boolean; readonly url?: string | undefined },
    settings: object,
    provider: (() => Promise<ProvidedCredentials>) | undefined,
    wrapRecords: (records: NativeBatch) => unknown,
    wrapSchema: (schema: NativeSchema) => unknown,
  ) => NativeClient
  readonly Cancellation: new () => NativeCancellation
  readonly RecordSchema: {
    new (fields: readonly NativeField[]): NativeSchema
    parse(text: string): NativeSchema
  }
  readonly RecordBatch: {
    fromValues(
      schema: NativeSchema,
      count: number,
      tags: Uint8Array,
      cells: BigInt64Array,
      text: string,
      notes: Uint32Array,
      noteText: string,
    ): NativeBatch
    fromBlobs(bytes: Uint8Array, lengths: Uint32Array, notes: Uint32Array, noteText: string): NativeBatch
    fromArrow(schema: NativeSchema | undefined, bytes: Uint8Array): NativeBatch
    fromGet(
      body: Uint8Array,
      protocol: string,
      compressFormat: string,
      rawSize: number,
      schema: NativeSchema | undefined,
    ): NativeBatch
  }
  readonly Emulator: {
    start(options: NativeEmulatorOptions): Promise<NativeEmulator>
  }
}
