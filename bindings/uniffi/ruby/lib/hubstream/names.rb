# frozen_string_literal: true

module Hubstream
  # An open list of names. A value is written as a constant, a symbol or a text in any case:
  # `CursorType::OLDEST`, `:oldest`, `'OLDEST'`; all of these are equal to a value that was received.
  module OpenNames
    # The names with their form on the wire.
    attr_reader :wires

    # The value of a constant, a symbol, a text or a form on the wire.
    def of(name)
      case name
      when self then name
      when Class then name.new
      else
        found = wires.key(name) || Texts.utf8(name.to_s).upcase.to_sym
        raise ArgumentError, "#{self.name} has no value #{name.inspect}" unless wires.key?(found)

        const_get(found).new
      end
    end

    private

    # Declares the names, and lets them be written in all ways wherever a value is expected.
    def names(wires)
      @wires = wires.freeze
      constants.each { |constant| const_get(constant).prepend(Value) }
      list = self
      type = name.split('::').last
      RustBuffer.singleton_class.prepend(
        Module.new { define_method(:"check_lower_Type#{type}") { |value| list.of(value) } }
      )
      RustBufferBuilder.prepend(
        Module.new { define_method(:"write_Type#{type}") { |value| super(list.of(value)) } }
      )
    end

    # What every value can do.
    module Value
      # The name, as in `"OLDEST"`, or the text of a value that this version does not know.
      def name
        unknown? ? value.to_s : self.class.name.split('::').last
      end

      def to_s
        name
      end

      # The name as a symbol in lower case, as in `:oldest`.
      def to_sym
        name.downcase.to_sym
      end

      # The form on the wire: a text or a number.
      def wire
        unknown? ? value : self.class.superclass.wires.fetch(name.to_sym)
      end

      def ==(other)
        case other
        when Class then instance_of?(other)
        when Symbol, String then name.casecmp?(other.to_s)
        when Value then other.class == self.class && other.wire == wire
        else false
        end
      end

      def eql?(other)
        other.is_a?(Value) && self == other
      end

      def hash
        [self.class, wire].hash
      end

      def inspect
        "#<#{self.class.superclass.name} #{name}>"
      end
    end
  end
end
