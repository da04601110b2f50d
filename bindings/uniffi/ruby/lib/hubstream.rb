# frozen_string_literal: true

# Client SDK for shard-based cloud streams: Alibaba Cloud DataHub and Huawei Cloud DIS.
#
#   require 'hubstream'
#
#   hub = Hubstream::DataHub.new(endpoint: 'https://…', access_id: '…', access_key: '…')
#   schema = Hubstream::RecordSchema.of(id: :bigint, name: :string)
#   hub.create_tuple_topic('shop', 'orders', 3, 7, schema)
#   hub.put_records('shop', 'orders', Hubstream::RecordBatch.of(schema, [[1, 'first']]))
#
# All calls block the calling thread only: other Ruby threads go on, and with a fiber scheduler
# other fibers too. A call that is interrupted, by `Timeout` or `Thread#raise`, is cancelled.
module Hubstream
  # Path or name of the native library: `HUBSTREAM_LIBRARY`, else beside this file, else wherever
  # the system looks for libraries.
  def self.library
    name = FFI.map_library_name('hubstream_uniffi')
    beside = File.expand_path("hubstream/#{name}", __dir__)
    ENV.fetch('HUBSTREAM_LIBRARY') { File.exist?(beside) ? beside : name }
  end
end

require 'io/wait'
require 'ffi'
require_relative 'hubstream/native'
require_relative 'hubstream/texts'
require_relative 'hubstream/names'
require_relative 'hubstream/values'
require_relative 'hubstream/records'
require_relative 'hubstream/errors'
require_relative 'hubstream/client'
require_relative 'hubstream/operations'
require_relative 'hubstream/models'
require_relative 'hubstream/emulator'
require_relative 'hubstream/fork'
