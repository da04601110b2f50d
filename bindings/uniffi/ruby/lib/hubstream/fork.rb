# frozen_string_literal: true

module Hubstream
  # The thread that brings wake-ups from the native library does not live on in a forked process;
  # the library `ffi` starts it again when a function is made.
  module AfterFork
    def _fork
      child = super
      FFI::Function.new(:void, []) {} if child.zero?
      child
    end
  end

  Process.singleton_class.prepend(AfterFork)
end
