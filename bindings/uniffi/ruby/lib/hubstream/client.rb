# frozen_string_literal: true

module Hubstream
  # Making clients with named settings.
  module Connecting
    # Makes a client. Nothing is sent. Settings are those of the reference: `endpoint`, `access_id`,
    # `access_key`, `compress_format`, `total_timeout` …; nil leaves one out.
    #
    # `credential_provider` is an object whose method `credentials` returns `Credentials`, or a
    # Proc that does. It is called on a thread of its own.
    def new(credential_provider: nil, **settings)
      texts = settings.compact.to_h { |name, value| [name.to_s, Texts.utf8(value.to_s, name)] }
      super(texts, Connecting.provider(credential_provider))
    end

    # Makes a client from a URL such as `datahub+https://ID:KEY@host/?protocol=json`.
    def from_url(url, credential_provider: nil)
      super(url, Connecting.provider(credential_provider))
    end

    # Makes a client from environment variables such as `DATAHUB_ENDPOINT`.
    def from_env(credential_provider: nil)
      super(Connecting.provider(credential_provider))
    end

    # What gives credentials, from an object or a Proc.
    def self.provider(given)
      given.respond_to?(:call) ? Provider.new(given) : given
    end

    # A Proc that gives credentials.
    Provider = Struct.new(:block) do
      def credentials
        block.call
      end
    end
  end

  # A client lets go of its provider on another thread of the native library, which calls Ruby for
  # it. That may no longer happen when Ruby ends, so clients that are left then are not freed: they
  # end with the process.
  module UntilTheEnd
    @ending = false

    class << self
      attr_accessor :ending
    end

    def uniffi_define_finalizer_by_handle(handle, object_id)
      free = super
      proc { |id| free.call(id) unless UntilTheEnd.ending }
    end
  end

  at_exit { UntilTheEnd.ending = true }
  [DataHub, DisClient].each { |client| client.singleton_class.prepend(UntilTheEnd) }
end
