# frozen_string_literal: true

require_relative 'helper'

# Values of every type, there and back.
class RecordsTest < DataHubTest
  ALL = Hubstream::RecordSchema.of(
    tiny: :tinyint, small: :smallint, int: :integer, big: :bigint, float: :float, double: :double,
    flag: :boolean, time: :timestamp, text: :string, money: :decimal, doc: :json
  )
  ROWS = [
    [-128, -32_768, -(2**31), -(2**63), -0.5, 1.0e-300, false, -62_135_596_800_000_000, '',
     BigDecimal('-12345678901234567890.123456789'), '{"a":[1,null]}'],
    [127, 32_767, (2**31) - 1, (2**63) - 1, 3.5, Float::MAX, true, 253_402_271_999_000_000,
     "Grüße, 世界 \u{1F30A}\n", BigDecimal('0.10'), '"x"'],
    [nil] * 11
  ].freeze

  def put(schema, records)
    topic = tuple_topic(schema)
    hub.put_records_by_shard(project, topic, '0', Hubstream::RecordBatch.of(schema, records))
    topic
  end

  def test_every_type_comes_back_as_it_was
    topic = put(ALL, ROWS)
    assert_equal ROWS, read_tuples(topic)
    text = read_tuples(topic)[1][8]
    assert_equal Encoding::UTF_8, text.encoding
  end

  def test_a_batch_is_read_like_a_list
    schema = Hubstream::RecordSchema.of(text: :string)
    batch = Hubstream::RecordBatch.of(schema, [[:word], ['x']])
    assert_equal [{ 'text' => 'word' }, { 'text' => 'x' }], batch.to_hashes
    assert_same batch, batch.each { |_| nil }
    assert_equal 2, batch.each.size
    blobs = Hubstream::RecordBatch.of_blobs(['x'])
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { blobs.to_hashes }
    refute_equal schema, Hubstream::RecordSchema.of(text: { type: :string, allow_null: false })
    refute_equal schema, Hubstream::RecordSchema.of(text: { type: :string, comment: 'c' })
  end

  def test_null_is_not_an_empty_text
    schema = Hubstream::RecordSchema.of(text: :string)
    assert_equal [[''], [nil]], read_tuples(put(schema, [[''], [nil]]))
  end

  def test_json_and_protobuf_with_every_compression_agree
    %w[json protobuf].product(%w[none lz4 zlib deflate zstd]).each do |protocol, format|
      client = emulator.datahub(protocol: protocol, compress_format: format)
      topic = tuple_topic(ALL)
      result = client.put_records(project, topic, Hubstream::RecordBatch.of(ALL, ROWS))
      assert_equal 0, result.failed_record_count, "#{protocol} #{format}"
      got = client.get_tuple_records(project, topic, '0', cursor: oldest(topic))
      assert_equal ROWS, got.records.rows, "#{protocol} #{format}"
    end
  end

  def test_other_ruby_values_are_taken
    schema = Hubstream::RecordSchema.of(time: :timestamp, money: :decimal, number: :double, doc: :json)
    row = [Time.at(1, 250_000), '1.5E+1', 7, '[]']
    assert_equal [[1_250_000, BigDecimal('15'), 7.0, '[]']], read_tuples(put(schema, [row]))
  end

  def test_batches_become_arrow_columns_and_come_back
    batch = Hubstream::RecordBatch.of(ALL, ROWS)
    [true, false].each do |metadata|
      bytes = batch.to_arrow_ipc(metadata)
      assert_equal ROWS, Hubstream::RecordBatch.from_arrow_ipc(ALL, bytes).rows
    end
    blobs = Hubstream::RecordBatch.of_blobs(%w[one two])
    assert_equal %w[one two], Hubstream::RecordBatch.from_arrow_ipc(nil, blobs.to_arrow_ipc(false)).blobs
    error = assert_raises(Hubstream::HubstreamError::InvalidArgument) do
      Hubstream::RecordBatch.from_arrow_ipc(ALL, blobs.to_arrow_ipc(false))
    end
    assert_match(/field `data`/, error.message)
  end

  def test_batches_are_read_by_column_and_by_name
    topic = put(ALL, ROWS)
    batch = hub.get_tuple_records(project, topic, '0', cursor: oldest(topic)).records
    assert_equal [-128, 127, nil], batch.column('TINY')
    assert_equal 'Grüße, 世界 🌊'.length + 1, batch.to_hashes[1].fetch('text').length
    assert_equal ROWS, batch.to_a
    assert_equal ROWS.first, batch.first
    assert_equal ROWS[1..], batch.slice(1, 3).rows
    assert_equal ROWS + ROWS, Hubstream::RecordBatch.concat([batch, batch]).rows
    assert_equal 3, batch.size
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { batch.column('nothing') }
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { batch.blobs }
  end

  def test_a_schema_can_be_looked_through_another
    topic = put(ALL, ROWS)
    batch = hub.get_tuple_records(project, topic, '0', cursor: oldest(topic)).records
    other = Hubstream::RecordSchema.of(text: :string, extra: :bigint, small: :bigint)
    assert_equal [['', nil, -32_768], [ROWS[1][8], nil, 32_767], [nil, nil, nil]],
                 batch.with_schema(other).rows
  end

  def test_attributes_and_keys_travel
    schema = Hubstream::RecordSchema.of(id: :bigint)
    topic = tuple_topic(schema, shards: 3)
    attributes = { 'source' => 'sensor', 'Einheit' => '°C', 'empty' => '' }
    records = [
      Hubstream::TupleRecord.new(values: [1], attributes: attributes, shard_id: '2'),
      Hubstream::TupleRecord.new(values: [2], hash_key: 'F' * 32),
      Hubstream::TupleRecord.new(values: [3], partition_key: 'somebody')
    ]
    batch = Hubstream::RecordBatch.of(schema, records)
    assert_equal 'somebody', batch.metadata[2].partition_key
    assert_equal 0, hub.put_records(project, topic, batch).failed_record_count
    got = hub.get_tuple_records(project, topic, '2', cursor: oldest(topic, shard: '2')).records
    assert_equal attributes, got.metadata.first.attributes
    all = %w[0 1 2].flat_map { |shard| read_tuples(topic, shard: shard) }
    assert_equal [[1], [2], [3]], all.sort
  end

  def test_blobs_keep_every_byte
    topic = blob_topic
    blobs = [(0..255).to_a.pack('C*'), ''.b, 'text'.b, "\x00".b * 70_000]
    records = blobs.first(3) + [Hubstream::BlobRecord.new(data: blobs.last, attributes: { 'k' => 'v' })]
    hub.put_records_by_shard(project, topic, '0', Hubstream::RecordBatch.of_blobs(records))
    got = hub.get_blob_records(project, topic, '0', oldest(topic)).records
    assert_equal blobs, got.blobs
    assert_equal blobs, got.to_a
    assert_equal [Encoding::BINARY], got.blobs.map(&:encoding).uniq
    assert_equal({ 'k' => 'v' }, got.metadata.last.attributes)
    assert_nil got.schema
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { got.rows }
  end

  def test_a_refused_value_names_record_field_and_value
    schema = Hubstream::RecordSchema.of(id: { type: :tinyint, allow_null: false }, text: :string)
    [
      [[[1, 'a'], [128, 'b']], /record 1, field `id`: `128`/],
      [[[nil, 'a']], /record 0, field `id`/],
      [[[1, 2]], /record 0, field `text`: `2`/],
      [[[1]], /fewer values/],
      [[[1, 'a', 2]], /more values/],
      [[[1, 'a'], { id: 1 }], /record 1: an Array of values is needed, not Hash/],
      [[nil], /record 0: an Array of values is needed, not NilClass/]
    ].each do |rows, message|
      error = assert_raises(Hubstream::HubstreamError::InvalidArgument) { Hubstream::RecordBatch.of(schema, rows) }
      assert_match message, error.message
      refute_predicate error, :sent?
    end
  end

  def test_a_refused_call_adds_nothing_to_a_builder
    schema = Hubstream::RecordSchema.of(id: :tinyint)
    builder = Hubstream::RecordBatchBuilder.tuples(schema)
    builder.add_rows([[1]])
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { builder.add_rows([[2], [1000]]) }
    builder.add_rows([[3]])
    assert_equal 2, builder.size
    assert_equal [[1], [3]], builder.build.rows
    assert_equal 0, builder.build.size
  end

  def test_schemas_are_compared_and_written_as_json
    text = Hubstream::RecordSchema.of(id: { type: :bigint, allow_null: false, comment: 'key' }).to_json
    schema = Hubstream::RecordSchema.from_json(text)
    assert_equal ['id'], schema.names
    field = schema.fields.first
    assert_instance_of Hubstream::FieldType::BIGINT, field.field_type
    assert_equal [false, 'key'], [field.allow_null, field.comment]
    assert_equal Hubstream::RecordSchema.from_json(text), schema
    assert_equal 0, schema.position('ID')
    assert_nil schema.position('other')
    assert_raises(Hubstream::HubstreamError::InvalidArgument) { Hubstream::RecordSchema.of(a: :string, A: :string) }
    assert_raises(ArgumentError) { Hubstream::RecordSchema.of(a: :date) }
  end

  def test_a_topic_tells_its_schema_and_takes_another_column
    topic = tuple_topic(Hubstream::RecordSchema.of(id: :bigint))
    hub.append_field(project, topic, 'note', :string)
    got = hub.get_topic(project, topic)
    assert_equal %w[id note], got.record_schema.names
    assert_equal :tuple, got.record_type.to_sym
  end
end
