# frozen_string_literal: true

module Hubstream
  # The columns of a tuple topic in their order.
  class RecordSchema
    # Makes a schema from names and types:
    #
    #   RecordSchema.of(id: :bigint, name: { type: :string, allow_null: false, comment: 'full' })
    def self.of(**columns)
      new(columns.map do |name, column|
        column = { type: column } unless column.is_a?(Hash)
        Field.new(
          name: name.to_s,
          field_type: FieldType.of(column.fetch(:type)),
          allow_null: column.fetch(:allow_null, true),
          comment: column.fetch(:comment, '')
        )
      end)
    end

    # The names of the columns in their order.
    def names
      fields.map(&:name)
    end

    # Whether both are the same: names, types, nullability and comments.
    def ==(other)
      other.is_a?(RecordSchema) && other.to_json == to_json
    end
  end

  # Some records of one topic in their order: all tuples of one schema, or all blobs.
  #
  # Iterating gives a list of values per tuple and the bytes of each blob. All records are copied
  # out at once.
  class RecordBatch
    include Enumerable

    # Makes a batch of tuples. A record is a list of values, or a `TupleRecord` with attributes or a
    # routing key.
    def self.of(schema, records)
      builder = RecordBatchBuilder.tuples(schema)
      Values.refusing(schema, records) do
        if records.any?(TupleRecord)
          builder.add_tuples(records.map { |record| record.is_a?(TupleRecord) ? record : TupleRecord.new(values: record) })
        else
          builder.add_rows(records)
        end
      end
      builder.build
    end

    # Makes a batch of blobs. A record is a text of bytes, or a `BlobRecord` with attributes or a
    # routing key.
    def self.of_blobs(records)
      builder = RecordBatchBuilder.blobs
      builder.add_blobs(records.map { |record| record.is_a?(BlobRecord) ? record : BlobRecord.new(data: record) })
      builder.build
    end

    alias length size

    def each(&block)
      return enum_for(:each) { size } unless block

      (schema ? rows : blobs).each(&block)
      self
    end

    # The tuples as maps from the names of the columns to values.
    def to_hashes
      names = schema&.names || []
      rows.map { |row| names.zip(row).to_h }
    end

    def inspect
      "#<#{self.class.name} #{size} records>"
    end
  end
end
