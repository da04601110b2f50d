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
  # | STRING, JSON | String in UTF-8 |
  # | DECIMAL | BigDecimal; an Integer or a String may be put |
  #
  # Null is nil.
  module Values
    # Places of the variants of the native enumeration, from 1.
    NULL, BOOLEAN, INTEGER, DOUBLE, TIMESTAMP, TEXT, DECIMAL, JSON = *1..8
    INTEGERS = (-(2**63)...(2**63)).freeze

    class << self
      # Appends a value to a binary string.
      def pack(value, out)
        case value
        when nil then [NULL].pack('l>', buffer: out)
        when String then pack_text(TEXT, value, out)
        when Integer then pack_integer(INTEGER, value, out)
        when Float then [DOUBLE, value].pack('l>G', buffer: out)
        when true then [BOOLEAN, 1].pack('l>c', buffer: out)
        when false then [BOOLEAN, 0].pack('l>c', buffer: out)
        when BigDecimal then pack_decimal(value, out)
        when Time then pack_integer(TIMESTAMP, (value.to_i * 1_000_000) + value.usec, out)
        when Symbol then pack_text(TEXT, value.name, out)
        else raise TypeError, "a value of a record cannot be a #{value.class}"
        end
      end

      # Appends a list of values to a binary string, which it returns.
      def pack_list(values, out)
        [values.size].pack('l>', buffer: out)
        values.each { |value| pack(value, out) }
        out
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
        text = ::Hubstream.uniffi_utf8(text)
        [variant, text.bytesize].pack('l>l>', buffer: out)
        out << text.b
      end

      def pack_integer(variant, value, out)
        raise RangeError, "#{value} does not fit 64 bits" unless INTEGERS.cover?(value)

        [variant, value].pack('l>q>', buffer: out)
      end

      def pack_decimal(value, out)
        raise RangeError, "#{value} is not a finite number" unless value.finite?

        pack_text(DECIMAL, value.to_s('F'), out)
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
        rows.each { |row| Values.pack_list(row, out) }
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
