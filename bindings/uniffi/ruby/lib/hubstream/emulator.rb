# frozen_string_literal: true

module Hubstream
  # A running emulator of DataHub and DIS inside this process, for tests.
  #
  #   Hubstream::Emulator.start do |emulator|
  #     emulator.datahub.create_project('shop', 'tests')
  #   end
  class Emulator
    alias replace_faults set_faults

    class << self
      alias start_with start

      # Starts an emulator; options are the members of `EmulatorOptions`. With a block it is given
      # to the block and stopped afterwards.
      def start(**options)
        emulator = begin
          start_with(EmulatorOptions.new(**options))
        rescue Texts::Unfit => e
          raise e.within(options), cause: nil
        end
        return emulator unless block_given?

        begin
          yield emulator
        ensure
          emulator.stop
        end
      end
    end

    # Replaces all faults. They are tried on a request in their order, up to the first that takes
    # the place of the reply; the seed decides on those with a probability. A fault is a `Fault` or
    # a map in the words of the emulator's documentation:
    #
    #   emulator.set_faults([{ operation: 'PutRecords', effect: :drop, count: 1, when: :before },
    #                        { operation: '*', effect: { latency_ms: 200 }, probability: 0.1 }])
    def set_faults(faults, seed: 0)
      faults = faults.map { |fault| fault.is_a?(Fault) ? fault : Faults.fault(fault) }
      replace_faults(faults, seed)
    rescue Texts::Unfit => e
      raise e.within(faults: faults), cause: nil
    end

    # Faults as maps.
    module Faults
      MOMENTS = { 'before' => FaultMoment::BEFORE, 'after' => FaultMoment::AFTER }.freeze
      PLAIN = { 'drop' => FaultEffect::DROP, 'half' => FaultEffect::HALF,
                'corrupt_crc' => FaultEffect::CORRUPT_CRC }.freeze
      private_constant :MOMENTS, :PLAIN

      class << self
        # A fault of a map.
        def fault(members)
          members = members.transform_keys(&:to_sym)
          moment = members.delete(:when)
          members[:moment] = named(MOMENTS, moment, 'when') unless moment.nil?
          Fault.new(**members, effect: effect(members[:effect]))
        end

        private

        def effect(effect)
          return named(PLAIN, effect, 'effect').new unless effect.is_a?(Hash)

          name, value = effect.first
          case name.to_sym
          when :latency_ms then FaultEffect::LATENCY.new(milliseconds: value)
          when :clock_skew_seconds then FaultEffect::CLOCK_SKEW.new(seconds: value)
          when :throttle then FaultEffect::THROTTLE.new
          when :error then FaultEffect::FAILURE.new(message: '', **value.transform_keys(&:to_sym))
          else raise ArgumentError, "there is no effect #{name}"
          end
        end

        def named(values, name, what)
          values.fetch(name.to_s) { raise ArgumentError, "#{what} is one of #{values.keys.join(', ')}, not #{name}" }
        end
      end
    end

    # A client of its DataHub.
    def datahub(**settings)
      DataHub.new(endpoint: datahub_url, access_id: access_id, access_key: access_key, **settings)
    end

    # A client of its DIS.
    def dis(**settings)
      DisClient.new(endpoint: dis_url, access_id: access_id, access_key: access_key, **settings)
    end
  end
end
