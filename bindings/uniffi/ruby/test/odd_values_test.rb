# frozen_string_literal: true

require 'date'
require_relative 'helper'

# Values that are easily mistaken: each is kept exactly, or refused with the library's own error,
# which names the record and the column.
class OddValuesTest < Minitest::Test
  INTEGERS = %i[tinyint smallint integer bigint].freeze
  FLOATS = %i[float double].freeze
  EVERY = [*INTEGERS, *FLOATS, :decimal, :boolean, :string, :timestamp, :json].freeze
  BIG = 2**63
  REFUSED = :refused

  def self.except(*types) = EVERY - types

  # Columns, the value, and what is read back.
  TABLE = [
    [FLOATS, Float::NAN, Float::NAN],
    [FLOATS, -Float::INFINITY, -Float::INFINITY],
    [FLOATS, -0.0, -0.0],
    [except(*FLOATS), Float::NAN, REFUSED],
    [except(*FLOATS), 1.5, REFUSED],
    [[:float], 3.5e38, REFUSED],
    [EVERY, BigDecimal('NaN'), REFUSED],
    [EVERY, BigDecimal('Infinity'), REFUSED],
    [EVERY, BigDecimal('1E999999'), REFUSED],
    [EVERY, BigDecimal('1E-999999'), REFUSED],
    [[:decimal], BigDecimal('1e20'), BigDecimal(10**20)],
    [except(:decimal), BigDecimal('1'), REFUSED],
    [[:tinyint], 128, REFUSED],
    [[:smallint], -32_769, REFUSED],
    [[:integer], 2**31, REFUSED],
    [[:bigint], BIG - 1, BIG - 1],
    [except(:decimal), BIG, REFUSED],
    [except(:decimal), -BIG - 1, REFUSED],
    [[:decimal], BIG, BigDecimal(BIG)],
    [[:double], (2**53) + 1, REFUSED],
    [[:float], (2**24) + 1, REFUSED],
    [%i[boolean string json], 1, REFUSED],
    [[:boolean], true, true],
    [except(:boolean), true, REFUSED],
    [EVERY, "\xff", REFUSED],
    [EVERY, "\xed\xa0\x80", REFUSED],
    [except(:string, :json, :decimal), '1', REFUSED],
    [[:timestamp], Time.at(-1, 5), -999_995],
    [[:timestamp], Time.at(0, in: '+02:00'), 0],
    [[:timestamp], Time.utc(9999, 12, 31), 253_402_214_400_000_000],
    [[:timestamp], Time.utc(1_000_000), REFUSED],
    [[:timestamp], Time.utc(-1_000_000), REFUSED],
    [except(:timestamp), Time.at(0), REFUSED],
    [EVERY, Date.new(2020, 1, 1), REFUSED],
    [EVERY, DateTime.new(2020, 1, 1), REFUSED],
    [EVERY, Rational(1, 2), REFUSED],
    [EVERY, Complex(1, 1), REFUSED],
    [EVERY, [1], REFUSED],
    [EVERY, { a: 1 }, REFUSED],
    [EVERY, Object.new, REFUSED]
  ].freeze

  WAYS = {
    rows: ->(row) { row },
    records: ->(row) { Hubstream::TupleRecord.new(values: row) }
  }.freeze

  def found(type, value, way)
    schema = Hubstream::RecordSchema.of(name: :string, value: type)
    rows = [['first', nil], ['second', value]].map(&way)
    Hubstream::RecordBatch.of(schema, rows).rows[1][1]
  rescue Hubstream::HubstreamError::InvalidArgument => e
    assert_includes e.message, 'record 1, field `value`'
    assert_equal ['invalid_argument', false], [e.kind, e.sent?]
    REFUSED
  end

  def same?(one, other)
    return one.nan? && other.nan? if other.is_a?(Float) && other.nan? && one.is_a?(Float)
    return one.eql?(other) && 1 / one == 1 / other if other.is_a?(Float) && one.is_a?(Float)

    one.eql?(other)
  end

  WAYS.each do |name, way|
    define_method("test_every_value_is_kept_or_refused_in_#{name}") do
      cases = TABLE.flat_map { |types, value, expected| types.map { |type| [type, value, expected] } }
      assert_operator cases.size, :>, 200
      wrong = cases.filter_map do |type, value, expected|
        got = found(type, value, way)
        "#{type} #{value.class}: #{got.inspect[0, 60]}" unless same?(got, expected)
      end
      assert_empty wrong
    end
  end

  def test_a_value_too_many_is_told_by_its_place
    schema = Hubstream::RecordSchema.of(name: :string)
    error = assert_raises(Hubstream::HubstreamError::InvalidArgument) do
      Hubstream::RecordBatch.of(schema, [['a'], ['b', Object.new]])
    end
    assert_includes error.message, 'record 1, value 1: more values than columns'
  end

  # Texts that cannot be told in UTF-8.
  BROKEN = ["\xff", "\xff".b, "\xed\xa0\x80", "a\x80".dup.force_encoding('US-ASCII'), "\x00\xd8".dup.force_encoding('UTF-16LE')].freeze
  # The same texts in other encodings, and in UTF-8.
  OTHER = [
    ['Größe'.encode('ISO-8859-1'), 'Größe'], ['東京'.encode('Shift_JIS'), '東京'], ['€'.encode('UTF-16LE'), '€'],
    ['plain'.b, 'plain'], ['Größe', 'Größe']
  ].freeze
  SCHEMA = Hubstream::RecordSchema.of(name: :string)
  TUPLE = ->(**members) { Hubstream::RecordBatch.of(SCHEMA, [['first'], Hubstream::TupleRecord.new(values: ['second'], **members)]) }
  BLOB = ->(**members) { Hubstream::RecordBatch.of_blobs(['first', Hubstream::BlobRecord.new(data: "\xff", **members)]) }
  HUB = Hubstream::DataHub.new(endpoint: Shared::EMULATOR.datahub_url, access_id: 'emulator', access_key: 'emulator')

  FAULT = { operation: 'PutRecords', effect: :drop, count: 1 }.freeze

  # The argument, the place that the error names, and how a text gets there.
  PLACES = [TUPLE, BLOB].flat_map do |batch|
    [['records', '[1].shard_id', ->(text) { batch.call(shard_id: text) }],
     ['records', '[1].hash_key', ->(text) { batch.call(hash_key: text) }],
     ['records', '[1].partition_key', ->(text) { batch.call(partition_key: text) }],
     ['records', '[1].attributes[name]', ->(text) { batch.call(attributes: { 'name' => text }) }],
     ['records', '[1].attributes', ->(text) { batch.call(attributes: { text => 'value' }) }]]
  end + [
    ['fields', '[0].name', ->(text) { Hubstream::RecordSchema.new([Hubstream::Field.new(name: text, field_type: :string)]) }],
    ['fields', '[1].comment', ->(text) { Hubstream::RecordSchema.of(id: :bigint, name: { type: :string, comment: text }) }],
    ['name', '', ->(text) { SCHEMA.position(text) }],
    ['name', '', ->(text) { TUPLE.call.column(text) }],
    ['text', '', ->(text) { Hubstream::RecordSchema.from_json(text) }],
    ['url', '', ->(text) { Hubstream::DataHub.from_url(text) }],
    ['access_id', '', ->(text) { Hubstream::DataHub.new(endpoint: 'http://localhost', access_id: text, access_key: 'b') }],
    ['project_name', '', ->(text) { HUB.get_project(text) }],
    ['comment', '', ->(text) { HUB.create_project('odd_texts', comment: text) }],
    ['filter', '', ->(text) { HUB.list_project(filter: text) }],
    ['cursor_type', '', ->(text) { HUB.get_cursor('a', 'b', '0', text) }],
    ['shard_ids', '[1]', ->(text) { HUB.activate_shards('a', 'b', ['0', text]) }],
    ['offsets', '', ->(text) { HUB.update_subscription_offset('a', 'b', 'c', { text => nil }) }],
    ['access_key', '', ->(text) { Hubstream::Emulator.start(access_key: text) }],
    ['data_dir', '', ->(text) { Hubstream::Emulator.start(data_dir: text) { flunk } }],
    ['faults', '[1].operation', ->(text) { Shared::EMULATOR.set_faults([FAULT, { **FAULT, operation: text }]) }],
    ['faults', '[0].service', ->(text) { Shared::EMULATOR.set_faults([{ **FAULT, service: text }]) }],
    ['faults', '[0].effect.code', ->(text) { Shared::EMULATOR.set_faults([{ **FAULT, effect: { error: { status: 500, code: text } } }]) }]
  ]

  def test_a_text_that_is_not_utf8_is_refused_with_its_place
    sent = HUB.stats.attempts
    PLACES.product(BROKEN).each do |(argument, place, give), text|
      error = assert_raises(Hubstream::HubstreamError::InvalidArgument) { give.call(text) }
      assert_includes error.message, "argument `#{argument}#{place}`: a text that is not UTF-8"
      assert_equal ['invalid_argument', false, argument], [error.kind, error.sent?, error.context['argument']]
      assert_nil error.cause
    end
    assert_equal sent, HUB.stats.attempts
  end

  # One that is taken for a call which is then refused would keep the emulator alive.
  def test_a_refused_text_takes_no_handle
    Hubstream::Emulator.start do |emulator|
      taken = 0
      emulator.define_singleton_method(:uniffi_clone_handle) do
        taken += 1
        super()
      end
      emulator.set_faults([FAULT])
      assert_equal 1, taken
      assert_raises(Hubstream::HubstreamError::InvalidArgument) { emulator.set_faults([{ **FAULT, operation: "\xff" }]) }
      assert_equal 1, taken
    end
  end

  def test_texts_of_other_encodings_are_converted
    project = Shared.next_name('texts')
    HUB.create_project(project)
    OTHER.each do |text, expected|
      HUB.update_project(project, text)
      assert_equal expected, HUB.get_project(project).comment
      [TUPLE, BLOB].each do |batch|
        metadata = batch.call(attributes: { text => text }, partition_key: text).metadata[1]
        assert_equal [{ expected => expected }, expected], [metadata.attributes, metadata.partition_key]
      end
      assert_equal [[expected]], Hubstream::RecordBatch.of(SCHEMA, [[text]]).rows
      assert_equal expected, Hubstream::RecordSchema.of(name: { type: :string, comment: text }).fields[0].comment
    end
  end
end
