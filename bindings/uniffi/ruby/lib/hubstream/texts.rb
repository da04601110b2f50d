# frozen_string_literal: true

module Hubstream
  # Texts are sent in UTF-8. One in another encoding is converted; one that cannot be, such as binary
  # bytes or broken UTF-8, is refused by the kind `invalid_argument` with the place of the text,
  # before anything is sent.
  module Texts
    # A text that cannot be converted, while it is not known yet which argument holds it.
    class Unfit < HubstreamError::InvalidArgument
      def initialize(given)
        @given = given
        super(details: ErrorDetails.of_argument('', PROBLEM))
      end

      # The same error, told of the argument that holds the text; itself when none does.
      def within(arguments)
        arguments.each do |name, value|
          place = Texts.place(value, @given)
          return Texts.refusal(name, place) if place
        end
        self
      end
    end

    PROBLEM = 'a text that is not UTF-8 and cannot be converted to it'
    # Arguments lie less deep in each other.
    DEPTH = 8
    private_constant :PROBLEM, :DEPTH

    class << self
      # The text in UTF-8. `argument` names it in the error.
      def utf8(text, argument = nil)
        converted = text.encoding == Encoding::UTF_8 ? text : text.encode(Encoding::UTF_8)
        return converted if converted.valid_encoding?

        raise EncodingError
      rescue EncodingError
        # What Ruby says of it shows bytes of the text.
        raise argument ? refusal(argument) : Unfit.new(text), cause: nil
      end

      # The error for an argument, or a place in it.
      def refusal(argument, place = '')
        problem = "argument `#{argument}#{place}`: #{PROBLEM}"
        HubstreamError::InvalidArgument.new(details: ErrorDetails.of_argument(argument.to_s, problem))
      end

      # Where a text lies in a value: as in `[0].name`; nil if it does not.
      def place(value, text, depth = 0)
        return '' if value.equal?(text)
        return if depth == DEPTH

        each_member(value) do |name, member|
          inner = place(member, text, depth + 1)
          return "#{name}#{inner}" if inner
        end
        nil
      end

      # Lets the methods of a class tell which of their arguments holds a text that is refused.
      def named_in(type)
        type.prepend(naming(type, type.instance_methods(false) + [:initialize]))
        type.singleton_class.prepend(naming(type.singleton_class, type.singleton_methods(false)))
      end

      private

      def naming(type, methods)
        Module.new do
          methods.each do |method|
            names = type.instance_method(method).parameters.map(&:last)
            next if names.empty?

            define_method(method) do |*given|
              super(*given)
            rescue Unfit => e
              raise e.within(names.zip(given)), cause: nil
            end
          end
        end
      end

      def each_member(value)
        case value
        when Array then value.each_with_index { |member, index| yield "[#{index}]", member }
        when Hash
          value.each do |key, member|
            # A key that is refused cannot be shown.
            yield '', key
            yield "[#{key}]", member
          end
        else
          # A literal may be both a text and the bytes of a record, which are as they are.
          (value.instance_variables - [:@data]).each { |name| yield ".#{name[1..]}", value.instance_variable_get(name) }
        end
      end
    end
  end

  # Takes the place of the generated one, whose errors are Ruby's own.
  class << self
    undef_method :uniffi_utf8

    def uniffi_utf8(text)
      raise TypeError, "no implicit conversion of #{text.class} into String" unless text.respond_to?(:to_str)

      Texts.utf8(text.to_str)
    end
  end

  [DataHub, DisClient, RecordSchema, RecordBatch, RecordBatchBuilder].each { |type| Texts.named_in(type) }
end
