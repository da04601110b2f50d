# frozen_string_literal: true

require 'bigdecimal'

module Hubstream
  # Values of records are plain Ruby values; they are packed and unpacked here, a whole batch at a
  # time, in the form that the native library uses.
  #
  # | column | Ruby |
  # |---|---|
  # | TINYINT, SMALLINT, INTEGER, BIGINT | Integer |
  # | FLOAT, DOUBLE | Float |
  # | BOOLEAN | true, false |
  # | TIMESTAMP | Integer, microseconds since 1970-01-01 UTC; a Time may be put |
  # | STRING, JSON | String in UTF-8; one in another encoding may be put |
  # | DECIMAL | BigDecimal; an Integer of any size or a String may be put |
  #
  # Null is nil.
  module Values
    # Places of the variants of the native enumeration, from 1.
    NULL, BOOLEAN, INTEGER, DOUBLE, TIMESTAMP, TEXT, DECIMAL, JSON = *1..8
    INTEGERS = (-(2**63)...(2**63)).freeze
    # Decimals with more places are handed over with their exponent, and refused.
    PLACES = 10_000

    # A Ruby value that no column takes. It is refused like any other: by the kind
    # `invalid_argument`, with its record and column.
    class Unfit < HubstreamError::InvalidArgument
      # The record that the value is in, and the place of the value in it, from 0.
      attr_reader :row, :column, :problem

      def initialize(problem, row: nil, column: 0, record: nil, field: nil)
        @problem = problem
        @row = row
        @column = column
        place = [record && "record #{record}", field ? "field `#{field}`" : "value #{column}"]
        text = "argument `records`: #{place.compact.join(', ')}: #{problem}"
        super(details: ErrorDetails.of_argument('records', text))
      end
    end

    class << self
      # Appends a value to a binary string.
      def pack(value, out)
        case value
        when nil then [NULL].pack('l>', buffer: out)
        when String then pack_text(TEXT, value, out)
        when Integer then pack_whole(value, out)
        when Float then [DOUBLE, value].pack('l>G', buffer: out)
        when true then [BOOLEAN, 1].pack('l>c', buffer: out)
        when false then [BOOLEAN, 0].pack('l>c', buffer: out)
        when BigDecimal then pack_decimal(value, out)
        when Time then pack_time(value, out)
        when Symbol then pack_text(TEXT, value.name, out)
        else raise Unfit, "an object of class #{value.class}"
        end
      end

      # Appends a list of values to a binary string, which it returns.
      def pack_list(values, out)
        column = 0
        [values.size].pack('l>', buffer: out)
        values.each do |value|
          pack(value, out)
          column += 1
        end
        out
      rescue Unfit => e
        raise Unfit.new(e.problem, row: values, column: column)
      end

      # The row, if it is a list of values.
      def row(row, record)
        return row if row.is_a?(Array) || (row.respond_to?(:each) && row.respond_to?(:size) && !row.is_a?(Hash))

        text = "argument `records`: record #{record}: an Array of values is needed, not #{row.class}"
        raise HubstreamError::InvalidArgument.new(details: ErrorDetails.of_argument('records', text))
      end

      # Calls the block; a value that it refuses is looked for in the records, and told by the name
      # of its column.
      def refusing(schema, records)
        yield
      rescue Unfit => e
        record = records.index { |one| one.equal?(e.row) || (one.is_a?(TupleRecord) && one.values.equal?(e.row)) }
        field = schema.fields[e.column]
        raise Unfit.new("#{e.problem} is not a value for #{field.field_type}", record: record, field: field.name) if field

        raise Unfit.new('more values than columns', record: record, column: e.column)
      end

      # Reads one value; returns it and the place behind it.
      def unpack(data, place)
        variant = data.unpack1('l>', offset: place)
        place += 4
        case variant
        when NULL then [nil, place]
        when INTEGER, TIMESTAMP then [data.unpack1('q>', offset: place), place + 8]
        when DOUBLE then [data.unpack1('G', offset: place), place + 8]
        when BOOLEAN then [data.getbyte(place) == 1, place + 1]
        when TEXT, JSON then unpack_text(data, place)
        when DECIMAL
          text, place = unpack_text(data, place)
          [BigDecimal(text), place]
        else raise InternalError, "unknown variant #{variant} of a value"
        end
      end

      # Reads a list of values; returns it and the place behind it.
      def unpack_list(data, place)
        size = data.unpack1('l>', offset: place)
        place += 4
        list = Array.new(size) do
          value, place = unpack(data, place)
          value
        end
        [list, place]
      end

      private

      def pack_text(variant, text, out)
        begin
          text = Texts.utf8(text)
        rescue Texts::Unfit
          raise Unfit, 'a text that is not UTF-8', cause: nil
        end
        [variant, text.bytesize].pack('l>l>', buffer: out)
        out << text.b
      end

      # Larger numbers are decimals; other columns refuse them.
      def pack_whole(value, out)
        return pack_text(DECIMAL, value.to_s, out) unless INTEGERS.cover?(value)

        [INTEGER, value].pack('l>q>', buffer: out)
      end

      # Times before the first and behind the last that can be told are out of range for every column.
      def pack_time(value, out)
        micros = (value.to_i * 1_000_000) + value.usec
        [TIMESTAMP, micros.clamp(INTEGERS.begin, INTEGERS.end - 1)].pack('l>q>', buffer: out)
      end

      # What is not finite is refused by its column.
      def pack_decimal(value, out)
        plain = value.finite? && value.exponent.abs <= PLACES
        pack_text(DECIMAL, plain ? value.to_s('F') : value.to_s, out)
      end

      def unpack_text(data, place)
        size = data.unpack1('l>', offset: place)
        place += 4
        [data.byteslice(place, size).force_encoding(Encoding::UTF_8), place + size]
      end
    end
  end

  # Takes the place of the generated methods that make one object per value.
  class RustBuffer
    class << self
      undef_method :check_lower_TypeFieldValue, :check_lower_SequenceTypeFieldValue,
                   :check_lower_SequenceSequenceTypeFieldValue,
                   :alloc_from_SequenceSequenceTypeFieldValue

      def check_lower_SequenceTypeFieldValue(_); end

      def check_lower_SequenceSequenceTypeFieldValue(_); end

      def alloc_from_SequenceSequenceTypeFieldValue(rows)
        out = [rows.size].pack('l>')
        rows.each_with_index { |row, record| Values.pack_list(Values.row(row, record), out) }
        buffer = alloc(out.bytesize)
        buffer.data.put_bytes(0, out)
        buffer.len = out.bytesize
        buffer
      end
    end

    undef_method :consume_into_SequenceTypeFieldValue,
                 :consume_into_SequenceSequenceTypeFieldValue

    def consume_into_SequenceTypeFieldValue
      Values.unpack_list(data.read_bytes(len), 0).first
    ensure
      free
    end

    def consume_into_SequenceSequenceTypeFieldValue
      bytes = data.read_bytes(len)
      place = 4
      Array.new(bytes.unpack1('l>')) do
        row, place = Values.unpack_list(bytes, place)
        row
      end
    ensure
      free
    end
  end

  class RustBufferBuilder
    undef_method :write_SequenceTypeFieldValue

    def write_SequenceTypeFieldValue(values)
      write(Values.pack_list(values, +''.b))
    end
  end
end
