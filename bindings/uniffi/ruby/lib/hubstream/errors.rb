# frozen_string_literal: true

module Hubstream
  class ErrorDetails
    # What is told of an argument that is refused here, before anything is sent.
    def self.of_argument(argument, text)
      new(
        kind: 'invalid_argument', status: 'permanent', is_temporary: false, code: '', reason: text,
        summary: text, detail: '', service: '', operation: '', http_status: nil, request_id: '',
        attempts: 0, retry_after: nil, was_sent: false, context: { 'argument' => argument }
      )
    end
  end

  # What goes wrong: one class per kind, all of which `rescue Hubstream::HubstreamError` catches.
  module HubstreamError
    # What every error tells.
    module Attributes
      # One line: what went wrong, the service's code, the operation, the request id, the attempts.
      def to_s
        details.summary
      end

      alias message to_s
    end

    constants.each do |name|
      kind = const_get(name)
      next unless kind.is_a?(Class)

      kind.include(HubstreamError)
      kind.prepend(Attributes)
    end

    # @!method kind
    #   The kind in snake case, the same in every language.
    # @!method code
    #   The service's own error code; empty when the failure is local.
    # @!method detail
    #   Further text that the service sent beside its message.
    # @!method request_id
    #   The id that the service gave to the request.
    # @!method attempts
    #   How many attempts were made; 0 when nothing was sent.
    # @!method retry_after
    #   Seconds that the service asked to wait before another try, or nil.
    # @!method http_status
    #   The status of the HTTP reply, or nil.
    %i[kind status code reason detail service operation http_status request_id attempts retry_after
       context].each do |name|
      define_method(name) { details.public_send(name) }
    end

    # Whether the same call may succeed later; false once the retries of the client are used up.
    def temporary?
      details.is_temporary
    end

    # Whether the request may have reached the service.
    def sent?
      details.was_sent
    end
  end
end
