# frozen_string_literal: true

require_relative 'helper'

# A tuple topic from its creation to a consumer that stops and goes on.
class JourneyTest < DataHubTest
  SCHEMA = Hubstream::RecordSchema.of(
    id: { type: :bigint, allow_null: false }, place: :string, magnitude: :double
  )

  def setup
    super
    @topic = tuple_topic(SCHEMA, shards: 3)
    @sub_id = hub.create_subscription(project, @topic, comment: 'reader').sub_id
    put(30)
  end

  def put(count)
    records = Array.new(count) do |index|
      Hubstream::TupleRecord.new(
        values: [index, "place #{index}", index * 0.5], shard_id: (index % 3).to_s
      )
    end
    result = hub.put_records(project, @topic, Hubstream::RecordBatch.of(SCHEMA, records))
    assert_equal 0, result.failed_record_count
  end

  def open_session(client, shards)
    client.init_and_get_subscription_offset(project, @topic, @sub_id, shards).offsets
  end

  # Reads up to `limit` records behind the committed position and commits behind the last one.
  def consume(client, offsets, shard, limit)
    cursor = cursor_of(client, offsets.fetch(shard), shard)
    got = client.get_tuple_records(
      project, @topic, shard, record_schema: SCHEMA, cursor: cursor, limit_num: limit, sub_id: @sub_id
    )
    commit(client, offsets.fetch(shard), shard, got.records.metadata.last) unless got.records.size.zero?
    got.records.rows
  end

  def cursor_of(client, offset, shard)
    return client.get_cursor(project, @topic, shard, :oldest).cursor if offset.sequence.negative?

    client.get_cursor(project, @topic, shard, :sequence, param: offset.sequence + 1).cursor
  end

  def commit(client, offset, shard, record)
    client.update_subscription_offset(
      project, @topic, @sub_id,
      { shard => Hubstream::OffsetWithSession.new(
        sequence: record.sequence, timestamp: record.system_time,
        version: offset.version, session_id: offset.session_id
      ) }
    )
  end

  def test_a_consumer_goes_on_where_it_left_off
    shards = hub.list_shard(project, @topic).shards
    assert_equal(%w[0 1 2], shards.map(&:shard_id))
    assert(shards.all? { |shard| shard.state == :active })

    first = open_session(hub, %w[0 1 2])
    before = %w[0 1 2].to_h { |shard| [shard, consume(hub, first, shard, 4)] }

    again = emulator.datahub
    second = open_session(again, %w[0 1 2])
    after = %w[0 1 2].to_h { |shard| [shard, consume(again, second, shard, 100)] }

    %w[0 1 2].each do |shard|
      assert_equal 4, before[shard].size
      ids = (before[shard] + after[shard]).map(&:first)
      assert_equal(Array.new(10) { |index| (index * 3) + shard.to_i }, ids)
    end
    assert_equal [27, 'place 27', 13.5], after['0'].last
  end

  def test_an_outdated_session_cannot_commit
    first = open_session(hub, ['0'])
    open_session(emulator.datahub, ['0'])
    record = hub.get_tuple_records(project, @topic, '0', cursor: oldest(@topic)).records.metadata.first
    error = assert_raises(Hubstream::HubstreamError::SessionLost) do
      commit(hub, first.fetch('0'), '0', record)
    end
    assert_equal 'session_lost', error.kind
    refute_empty error.code
    refute_predicate error, :temporary?
  end

  def test_offsets_are_read_and_reset
    first = open_session(hub, ['0'])
    consume(hub, first, '0', 5)
    committed = hub.get_subscription_offset(project, @topic, @sub_id, shard_ids: ['0']).offsets.fetch('0')
    assert_equal 4, committed.sequence
    reset = { '0' => Hubstream::OffsetBase.new(sequence: 1, timestamp: committed.timestamp) }
    hub.reset_subscription_offset(project, @topic, @sub_id, reset)
    again = hub.get_subscription_offset(project, @topic, @sub_id, shard_ids: ['0']).offsets.fetch('0')
    assert_equal 1, again.sequence
    assert_operator again.version, :>, committed.version
  end

  def test_every_kind_of_offset_is_a_place_where_reading_goes_on
    consume(hub, open_session(hub, ['0']), '0', 5)
    session = open_session(hub, ['0']).fetch('0')
    version = hub.get_subscription_offset(project, @topic, @sub_id, shard_ids: ['0']).offsets.fetch('0')
    place = Hubstream::OffsetBase.new(sequence: version.sequence, timestamp: version.timestamp)
    [session, version, place].each do |offset|
      cursor = hub.get_cursor_after(project, @topic, '0', offset).cursor
      got = hub.get_tuple_records(project, @topic, '0', cursor: cursor, after: offset)
      assert_equal [15, 18, 21, 24, 27], got.records.rows.map(&:first)
      hub.reset_subscription_offset(project, @topic, @sub_id, { '0' => offset })
      reset = hub.get_subscription_offset(project, @topic, @sub_id, shard_ids: ['0']).offsets.fetch('0')
      assert_equal [4, version.timestamp], [reset.sequence, reset.timestamp]
    end
  end

  def test_shards_are_split_and_merged
    emulator.advance(10)
    made = hub.split_shard(project, @topic, '0').new_shards
    assert_equal 2, made.size
    hub.wait_shards_ready(project, @topic)
    states = hub.list_shard(project, @topic).shards.to_h { |shard| [shard.shard_id, shard.state.to_sym] }
    assert_equal :closed, states.fetch('0')
    emulator.advance(10)
    merged = hub.merge_shard(project, @topic, made[0].shard_id, made[1].shard_id)
    refute_empty merged.shard_id
  end

  def test_subscriptions_are_listed_and_switched_off
    subscription = hub.get_subscription(project, @topic, @sub_id)
    assert_equal 'reader', subscription.comment
    assert_equal :active, subscription.state.to_sym
    hub.update_subscription_state(project, @topic, @sub_id, :inactive)
    assert_instance_of Hubstream::SubscriptionState::INACTIVE, hub.get_subscription(project, @topic, @sub_id).state
    assert_raises(Hubstream::HubstreamError::SubscriptionOffline) { open_session(hub, ['0']) }
    assert_equal 1, hub.list_subscription(project, @topic).total_count
    hub.delete_subscription(project, @topic, @sub_id)
    assert_raises(Hubstream::HubstreamError::NotFound) { hub.get_subscription(project, @topic, @sub_id) }
  end
end
