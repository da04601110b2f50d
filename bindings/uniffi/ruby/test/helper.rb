# frozen_string_literal: true

require 'hubstream'
require 'minitest/autorun'

# An emulator that all tests share; every test works in a project of its own.
module Shared
  EMULATOR = Hubstream::Emulator.start
  Minitest.after_run { EMULATOR.stop }

  @count = 0

  def self.next_name(prefix)
    @count += 1
    "#{prefix}_#{@count}"
  end
end

# A test with a DataHub client and a project.
class DataHubTest < Minitest::Test
  attr_reader :hub, :project

  def setup
    @hub = Shared::EMULATOR.datahub
    @project = Shared.next_name('project')
    hub.create_project(project, comment: 'tests')
  end

  def emulator
    Shared::EMULATOR
  end

  # Makes a tuple topic whose shards are ready.
  def tuple_topic(schema, shards: 1)
    topic = Shared.next_name('tuples')
    hub.create_tuple_topic(project, topic, shards, 7, schema)
    hub.wait_shards_ready(project, topic)
    topic
  end

  # Makes a blob topic whose shards are ready.
  def blob_topic(shards: 1)
    topic = Shared.next_name('blobs')
    hub.create_blob_topic(project, topic, shards, 7)
    hub.wait_shards_ready(project, topic)
    topic
  end

  def oldest(topic, shard: '0')
    hub.get_cursor(project, topic, shard, :oldest).cursor
  end

  # Reads a tuple topic's shard to its end.
  def read_tuples(topic, shard: '0', cursor: oldest(topic, shard: shard))
    rows = []
    loop do
      got = hub.get_tuple_records(project, topic, shard, cursor: cursor, limit_num: 7)
      break if got.records.size.zero?

      rows.concat(got.records.rows)
      cursor = got.next_cursor
    end
    rows
  end
end
