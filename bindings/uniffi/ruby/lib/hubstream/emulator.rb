# frozen_string_literal: true

module Hubstream
  # A running emulator of DataHub and DIS inside this process, for tests.
  #
  #   Hubstream::Emulator.start do |emulator|
  #     emulator.datahub.create_project('shop', 'tests')
  #   end
  class Emulator
    class << self
      alias start_with start

      # Starts an emulator; options are the members of `EmulatorOptions`. With a block it is given
      # to the block and stopped afterwards.
      def start(**options)
        emulator = start_with(EmulatorOptions.new(**options))
        return emulator unless block_given?

        begin
          yield emulator
        ensure
          emulator.stop
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
