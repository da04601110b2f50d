# frozen_string_literal: true

require 'English'
require 'socket'
require_relative 'helper'

# Making clients: settings, URLs, environment, credentials; threads and processes.
class ClientTest < DataHubTest
  def test_a_client_is_made_from_a_url
    host = emulator.datahub_url.delete_prefix('http://')
    client = Hubstream::DataHub.from_url("datahub+http://emulator:emulator@#{host}?protocol=json")
    assert_equal emulator.datahub_url, client.endpoint
    assert_includes client.list_project.project_names, project
  end

  def test_a_client_is_made_from_the_environment
    variables = { 'DATAHUB_ENDPOINT' => emulator.datahub_url, 'DATAHUB_ACCESS_ID' => 'emulator',
                  'DATAHUB_ACCESS_KEY' => 'emulator' }
    before = ENV.to_h
    ENV.update(variables)
    assert_includes Hubstream::DataHub.from_env.list_project.project_names, project
  ensure
    ENV.replace(before)
  end

  def test_every_way_to_make_a_client_takes_a_provider
    provider = -> { Hubstream::Credentials.new(access_id: 'emulator', access_key: 'emulator') }
    host = emulator.datahub_url.delete_prefix('http://')
    before = ENV.to_h
    ENV['DATAHUB_ENDPOINT'] = emulator.datahub_url
    [
      Hubstream::DataHub.from_url("datahub+http://#{host}", credential_provider: provider),
      Hubstream::DataHub.from_env(credential_provider: provider),
      Hubstream::DataHub.new(endpoint: emulator.datahub_url, protocol: nil, credential_provider: provider)
    ].each { |client| assert_includes client.list_project.project_names, project }
  ensure
    ENV.replace(before)
  end

  def test_an_emulator_ends_with_its_block
    url = Hubstream::Emulator.start(dis: nil) do |own|
      own.datahub.list_project
      own.datahub_url
    end
    client = Hubstream::DataHub.new(endpoint: url, access_id: 'id', access_key: 'key', max_attempts: 1)
    error = assert_raises(Hubstream::HubstreamError::Connection) { client.list_project }
    assert_equal error.to_s, error.message
    refute_predicate error, :temporary?
    refute_predicate error, :sent?
  end

  def test_what_may_succeed_later_says_so
    emulator.set_faults([{ operation: 'PutRecords', effect: { error: { status: 503, code: 'InternalServerError' } } }])
    batch = Hubstream::RecordBatch.of_blobs(['x'])
    topic = blob_topic
    error = assert_raises(Hubstream::HubstreamError::Unavailable) { hub.put_records(project, topic, batch) }
    assert_predicate error, :temporary?
    assert_predicate error, :sent?
  ensure
    emulator.clear_faults
  end

  def test_a_provider_is_asked_once_per_request
    calls = 0
    client = Hubstream::DataHub.new(endpoint: emulator.datahub_url, credential_provider: lambda {
      calls += 1
      Hubstream::Credentials.new(access_id: 'emulator', access_key: 'emulator')
    })
    2.times { client.list_project }
    assert_equal 2, calls
  end

  def test_a_client_counts_what_it_does
    client = Hubstream::DataHub.new(endpoint: emulator.datahub_url, access_id: 'emulator', access_key: 'emulator')
    client.list_project
    assert_raises(Hubstream::HubstreamError::NotFound) { client.get_project('nobody') }
    stats = client.stats
    assert_equal [2, 1, 2, 0], [stats.calls, stats.failed_calls, stats.attempts, stats.retries]
    assert_operator stats.received_bytes, :>, 2
    assert_equal({ 'PutRecords' => 0, 'PutRecordsByShard' => 0 }, stats.records_put)
  end

  def test_retries_are_logged
    url = TCPServer.open('127.0.0.1', 0) { |server| "http://127.0.0.1:#{server.addr[1]}" }
    client = Hubstream::DataHub.new(endpoint: url, access_id: 'id', access_key: 'hush', max_attempts: 2)
    reader = Hubstream::LogReader.new(Hubstream::LogLevel::DEBUG)
    assert_raises(Hubstream::HubstreamError::Connection) { client.list_project }
    event = reader.next
    assert_equal 'hubstream::http', event.target
    assert_equal Hubstream::LogLevel::DEBUG, event.level
    assert_equal 'attempt failed, trying again', event.message
    assert_equal 'connection', event.fields['kind']
    assert_equal 0, event.dropped
    reader.stop
    assert_nil reader.next
    assert_raises(Hubstream::HubstreamError::Connection) { client.list_project }
    assert_empty reader.take
  end

  def test_credentials_with_an_end_are_kept
    provider = Class.new do
      attr_reader :calls

      def credentials
        @calls = @calls.to_i + 1
        Hubstream::Credentials.new(
          access_id: 'emulator', access_key: 'emulator', expires_at: (Time.now + 3600).to_f
        )
      end
    end.new
    client = Hubstream::DataHub.new(endpoint: emulator.datahub_url, credential_provider: provider)
    3.times { client.list_project }
    assert_equal 1, provider.calls
  end

  def test_a_provider_that_fails_is_named_in_the_error
    reason = Hubstream::CredentialError::Unavailable.new(reason: 'the vault is sealed')
    client = Hubstream::DataHub.new(endpoint: emulator.datahub_url, max_attempts: 1,
                                    credential_provider: -> { raise reason })
    error = assert_raises(Hubstream::HubstreamError::Unauthenticated) { client.list_project }
    assert_includes error.message, 'the vault is sealed'
    refute_predicate error, :sent?

    client = Hubstream::DataHub.new(endpoint: emulator.datahub_url, credential_provider: -> { raise 'broken' })
    error = assert_raises(Hubstream::HubstreamError::Unauthenticated) { client.list_project }
    assert_includes error.message, 'broken'
  end

  def test_a_provider_may_end_with_its_client
    8.times do
      Hubstream::DataHub.new(endpoint: emulator.datahub_url, credential_provider: -> {})
    end
    _, warnings = capture_subprocess_io { GC.start(full_mark: true, immediate_sweep: true) }
    assert_empty warnings
  end

  def test_a_provider_may_be_left_to_the_end_of_the_process
    program = <<~RUBY
      require 'hubstream'
      $left = Array.new(200) do
        Hubstream::DataHub.new(endpoint: ARGV[0], credential_provider: lambda {
          Hubstream::Credentials.new(access_id: 'emulator', access_key: 'emulator')
        })
      end
      puts $left.last.list_project.project_names.include?(ARGV[1])
    RUBY
    library = File.expand_path('../lib', __dir__)
    ended = Array.new(4) { IO.popen([RbConfig.ruby, '-I', library, '-e', program, emulator.datahub_url, project], err: %i[child out]) }
    ended.each { |child| assert_equal "true\n", child.read }
    ended.each do |child|
      child.close
      assert_predicate $CHILD_STATUS, :success?
    end
  end

  def test_secrets_are_not_shown
    shown = Hubstream::Credentials.new(access_id: 'id', access_key: 'hush', security_token: 'hush2').inspect
    refute_includes shown, 'hush'
    config = Hubstream::OssConnectorConfig.new(
      endpoint: 'http://oss', bucket: 'b', prefix: '', time_format: '%Y', time_range: 15, auth_mode: :ak,
      access_id: 'id', access_key: 'hush'
    )
    refute_includes config.inspect + config.to_s, 'hush'
    options = Hubstream::EmulatorOptions.new(access_key: 'hush')
    refute_includes options.inspect + options.to_s, 'hush'
    refute_includes Hubstream::ConnectorConfig::OSS.new(value: config).inspect, 'hush'
  end

  def test_one_client_serves_many_threads
    topics = Array.new(8) { Shared.next_name('threads') }
    topics.map { |topic| Thread.new { hub.create_blob_topic(project, topic, 1, 1) } }.each(&:join)
    assert_equal topics.sort, hub.list_topic(project).topic_names.sort
  end

  def test_false_is_not_absent
    hub.create_blob_topic(project, 'split', 1, 1, extend_mode: false)
    hub.create_blob_topic(project, 'extended', 1, 1, extend_mode: true)
    hub.wait_shards_ready(project, 'extended')
    hub.extend_shard(project, 'extended', 2)
    assert_equal 2, hub.list_shard(project, 'extended').shards.size
    assert_raises(Hubstream::HubstreamError) { hub.extend_shard(project, 'split', 2) }
  end

  def test_clients_belong_to_their_process
    hub.list_project
    reader, writer = IO.pipe
    child = fork do
      reader.close
      writer.puts(inherited_error)
      writer.puts(emulator.datahub.list_project.project_names.include?(project))
      emulator.reset
      emulator.stop
      writer.close
      exit!(0)
    end
    writer.close
    Process.wait(child)
    assert_equal "closed\ntrue\n", reader.read
    assert_includes hub.list_project.project_names, project
  end

  def inherited_error
    hub.list_project
    'no error'
  rescue Hubstream::HubstreamError => e
    e.kind
  end

  def test_names_are_written_in_many_ways
    names = Hubstream::CursorType
    [names::OLDEST, names::OLDEST.new, :oldest, 'oldest', 'OLDEST'].each do |way|
      assert_equal names::OLDEST, names.of(way).class
      assert_equal names.of(:oldest), way
    end
    assert_equal 0, Hubstream::SubscriptionState.of(:inactive).wire
    assert_equal :inactive, Hubstream::SubscriptionState.of(0).to_sym
    refute_equal names.of(:oldest), names.of(:latest)
    assert_equal 1, [names.of(:oldest), names.of('OLDEST')].uniq.size
    unknown = Hubstream::ShardState::UNKNOWN.new(value: 'FROZEN')
    assert_equal 'FROZEN', unknown.name
    assert_predicate unknown, :unknown?
  end

  def test_every_operation_of_the_reference_is_a_method
    native = Hubstream::DataHub.instance_methods(false) - %i[endpoint stats uniffi_clone_handle]
    named = Hubstream::DataHub::Operations.instance_methods(false)
    assert_equal native.sort, (named & native).sort
    assert_operator named.size, :>=, 34
  end

  def test_every_model_that_is_described_is_there
    described = File.read(File.expand_path('../lib/hubstream/models.rb', __dir__)).scan(/^  class (\w+); end$/).flatten
    assert_operator described.size, :>, 60
    empty = described.select do |name|
      model = Hubstream.const_get(name)
      model.instance_methods(false).empty? && model.constants.empty?
    end
    assert_empty empty
  end
end
