# frozen_string_literal: true

require 'socket'
require 'timeout'
require_relative 'helper'

# What errors tell, and how calls end early.
class ErrorsTest < DataHubTest
  Errors = Hubstream::HubstreamError

  def test_an_error_of_the_service_tells_everything
    error = assert_raises(Errors) { hub.get_topic(project, 'nothing') }
    assert_instance_of Errors::NotFound, error
    assert_equal 'not_found', error.kind
    assert_equal 'NoSuchTopic', error.code
    assert_equal 404, error.http_status
    assert_equal 1, error.attempts
    assert_equal 'datahub', error.service
    assert_equal 'GetTopic', error.operation
    refute_empty error.request_id
    assert_predicate error, :sent?
    refute_predicate error, :temporary?
    assert_includes error.message, "(NoSuchTopic, datahub.GetTopic, request #{error.request_id}, 1 attempt)"
    assert_includes error.message, error.reason
  end

  def test_kinds_are_classes
    assert_raises(Errors::AlreadyExists) { hub.create_project(project) }
    assert_raises(Errors::InvalidArgument) { hub.create_project('') }
    stranger = emulator.datahub(access_key: 'wrong')
    assert_raises(Errors::Unauthenticated) { stranger.list_project }
  end

  def test_a_refused_argument_is_not_sent
    error = assert_raises(Errors::InvalidArgument) { hub.create_blob_topic(project, 'blobs', 0, 7) }
    assert_equal 0, error.attempts
    refute_predicate error, :sent?
    assert_equal 'shard_count', error.context.fetch('argument')
    assert_raises(ArgumentError) { hub.get_cursor(project, 'blobs', '0', :newest) }
    assert_raises(TypeError) { hub.create_project(7) }
    assert_raises(TypeError) { hub.put_records(project, 'blobs', []) }
  end

  def test_settings_are_checked
    error = assert_raises(Errors::InvalidArgument) { Hubstream::DataHub.new(endpiont: 'http://x') }
    assert_includes error.message, 'did you mean `endpoint`'
    assert_raises(Errors::InvalidArgument) { Hubstream::DataHub.new }
    assert_raises(Errors::InvalidArgument) { Hubstream::DataHub.from_url('datahub+ftp://a:b@c') }
  end

  def test_a_refused_connection_is_tried_again_and_then_exhausted
    closed = TCPServer.new('127.0.0.1', 0)
    port = closed.addr[1]
    closed.close
    client = Hubstream::DataHub.new(
      endpoint: "http://127.0.0.1:#{port}", access_id: 'a', access_key: 'b', max_attempts: 1
    )
    error = assert_raises(Errors::Connection) { client.list_project }
    assert_equal 'exhausted', error.status
    assert_equal 1, error.attempts
    refute_predicate error, :sent?
  end

  # The server is Ruby, so the call can only end when the waiting thread lets Ruby run.
  def test_other_threads_run_while_a_call_waits
    server = TCPServer.new('127.0.0.1', 0)
    answering = Thread.new do
      connection = server.accept
      nil until connection.gets == "\r\n"
      connection.write("HTTP/1.1 200 OK\r\ncontent-length: 8\r\nx-datahub-request-id: r1\r\n\r\nno JSON!")
      connection.close
    end
    error = assert_raises(Errors::Malformed) { slow_client(server).list_project }
    answering.join
    assert_equal 'r1', error.request_id
  ensure
    server&.close
  end

  def test_an_interrupted_call_is_cancelled
    server = TCPServer.new('127.0.0.1', 0)
    client = slow_client(server)
    calling = Thread.new do
      Thread.current.report_on_exception = false
      client.list_project
    end
    connection = server.accept
    nil until connection.gets == "\r\n"
    calling.raise(Timeout::Error, 'enough')
    assert_raises(Timeout::Error) { calling.value }
    assert_nil connection.read(1), 'the connection ends with the call'
  ensure
    server&.close
  end

  def test_a_time_limit_is_an_error_of_its_own
    server = TCPServer.new('127.0.0.1', 0)
    client = slow_client(server, attempt_timeout: 0.05)
    error = assert_raises(Errors::Timeout) { client.list_project }
    assert_equal 'timeout', error.kind
  ensure
    server&.close
  end

  def slow_client(server, **settings)
    Hubstream::DataHub.new(
      endpoint: "http://127.0.0.1:#{server.addr[1]}", access_id: 'a', access_key: 'b', max_attempts: 1, **settings
    )
  end
end
