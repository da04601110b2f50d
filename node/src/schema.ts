import { type InspectOptions, inspect } from 'node:util'
import type { NativeField, NativeSchema } from './addon.js'
import { guarded, invalidArgument } from './failure.js'
import type { FieldType } from './generated/records.js'
import { native } from './native.cjs'

/** One column of tuple records. */
export interface Field {
  /** The name. Names are compared without regard to case; the service stores them in lower case. */
  readonly name: string
  /** The type of the values. */
  readonly type: FieldType
  /** Whether a value may be null. */
  readonly allowNull: boolean
  /** Free text about the column. */
  readonly comment: string
}

/** A column to be made. */
export interface FieldInput {
  /** The name. */
  readonly name: string
  /** The type of the values. */
  readonly type: FieldType
  /**
   * Whether a value may be null.
   *
   * @default true
   */
  readonly allowNull?: boolean | undefined
  /** Free text about the column. */
  readonly comment?: string | undefined
}

/** Cloning throws an error with this text, where it would make an object that is no schema. */
const UNCLONEABLE = Symbol('a RecordSchema: pass its fields, or what toJson() gives')

/**
 * The columns of tuple records in their order: at least one, no two with the same name.
 *
 * A schema belongs to its thread: `structuredClone` and `postMessage` refuse it. Pass its `fields`, or `toJson()`.
 */
export class RecordSchema {
  /** @internal */
  readonly native: NativeSchema
  /** The columns in order. */
  readonly fields: readonly Field[]
  /** @internal */
  readonly uncloneable = UNCLONEABLE
  readonly #positions = new Map<string, number>()

  /** Makes a schema. Refuses an empty list, an empty name and a name that occurs twice, whatever its case. */
  constructor(fields: readonly FieldInput[]) {
    this.native = fields instanceof native().RecordSchema ? (fields as NativeSchema) : made(fields)
    this.fields = Object.freeze(this.native.fields().map((field) => Object.freeze(field as Field)))
    for (const [position, field] of this.fields.entries()) {
      this.#positions.set(field.name, position)
    }
    for (const [position, field] of this.fields.entries()) {
      const folded = field.name.toLowerCase()
      if (!this.#positions.has(folded)) {
        this.#positions.set(folded, position)
      }
    }
  }

  /** Makes a schema of names and types, as many of the one as of the other. */
  static fromLists(names: readonly string[], types: readonly FieldType[]): RecordSchema {
    if (names.length !== types.length) {
      throw invalidArgument('types', `there are ${names.length} names, but ${types.length} types`)
    }
    return new RecordSchema(names.map((name, place) => ({ name, type: types[place] as FieldType })))
  }

  /** Reads a schema from the JSON text that the service uses. */
  static fromJson(text: string): RecordSchema {
    return RecordSchema.wrap(guarded(() => native().RecordSchema.parse(text)))
  }

  /** @internal */
  static wrap(schema: NativeSchema): RecordSchema {
    return new RecordSchema(schema as unknown as readonly FieldInput[])
  }

  /** The schema as JSON text, in the form that the service uses. */
  toJson(): string {
    return this.native.text()
  }

  /** The place of the column with a name in any case, counted from 0; -1 if there is none. */
  indexOf(name: string): number {
    return this.#positions.get(name) ?? this.#positions.get(name.toLowerCase()) ?? -1
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const columns = this.fields.map(({ name, type, allowNull }) => [name, allowNull ? type : `${type} notnull`])
    return depth < 0 ? '[RecordSchema]' : `RecordSchema ${inspect(Object.fromEntries(columns), options)}`
  }

  /** Whether both have the same names (in any case), types and nullability in the same order. */
  hasLayoutOf(other: RecordSchema): boolean {
    return this.native.hasLayoutOf(other.native)
  }
}

function made(fields: readonly FieldInput[]): NativeSchema {
  if (!Array.isArray(fields)) {
    throw invalidArgument('fields', 'must be an array of columns')
  }
  const columns = fields.map((field: FieldInput, place): NativeField => {
    if (field === null || typeof field?.name !== 'string' || typeof field.type !== 'string') {
      throw invalidArgument(`fields[${place}]`, 'must be an object with the texts name and type')
    }
    return {
      name: field.name,
      type: field.type,
      allowNull: field.allowNull ?? true,
      comment: field.comment ?? '',
    }
  })
  return guarded(() => new (native().RecordSchema)(columns))
}
