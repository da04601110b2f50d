# frozen_string_literal: true

require_relative 'helper'

# A DIS stream from its creation to a checkpoint.
class DisTest < Minitest::Test
  def setup
    @dis = Shared::EMULATOR.dis(region: 'local', project_id: 'project')
    @stream = Shared.next_name('stream')
    @dis.create_stream(@stream, 2)
    @app = Shared.next_name('app')
    @dis.create_app(@app)
  end

  def put(texts)
    records = texts.map { |text| Hubstream::BlobRecord.new(data: text, partition_key: '0') }
    result = @dis.put_records(@stream, Hubstream::RecordBatch.of_blobs(records))
    assert_equal 0, result.failed_record_count
    result.records
  end

  def test_records_are_put_and_got
    stored = put(%w[a b c])
    partition = stored.first.partition_id
    cursor = @dis.get_cursor(@stream, partition, cursor_type: :trim_horizon).partition_cursor
    assert_equal %w[a b c], @dis.get_records(cursor).records.blobs
    stats = @dis.stats
    assert_equal [{ 'PutRecords' => 3 }, { 'GetRecords' => 3 }], [stats.records_put, stats.records_got]
  end

  def test_checkpoints_are_committed_read_and_deleted
    stored = put(%w[a b]).last
    @dis.commit_checkpoint(@app, @stream, stored.partition_id, stored.sequence_number, metadata: 'half')
    read = @dis.get_checkpoint(@app, @stream, stored.partition_id)
    assert_equal [stored.sequence_number, 'half'], [read.sequence_number, read.metadata]
    @dis.delete_checkpoint(@app, @stream, partition_id: stored.partition_id)
    assert_equal '-1', @dis.get_checkpoint(@app, @stream, stored.partition_id).sequence_number
  end

  def test_errors_name_the_service
    error = assert_raises(Hubstream::HubstreamError::NotFound) { @dis.describe_stream('nothing') }
    assert_equal 'dis', error.service
    assert_match(/\ADIS\./, error.code)
  end
end
