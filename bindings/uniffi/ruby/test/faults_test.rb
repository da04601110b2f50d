# frozen_string_literal: true

require_relative 'helper'

# What an emulator does wrong on request.
class FaultsTest < Minitest::Test
  def setup
    @emulator = Hubstream::Emulator.start(dis: nil)
  end

  def teardown
    @emulator.stop
  end

  def test_a_fault_happens_until_it_is_removed
    hub = @emulator.datahub(max_attempts: 2)
    @emulator.set_faults([{ operation: 'ListProject', effect: { throttle: true }, retry_after_seconds: 0 }], seed: 3)
    error = assert_raises(Hubstream::HubstreamError::RateLimited) { hub.list_project }
    assert_equal [2, 0.0], [error.attempts, error.retry_after]
    assert_equal [2], @emulator.faults.map(&:struck)
    @emulator.clear_faults
    assert_empty hub.list_project.project_names
    assert_empty @emulator.faults
  end

  def test_all_effects_are_taken_as_maps_and_as_objects
    effects = [:drop, 'half', :corrupt_crc, { latency_ms: 5 }, { 'error' => { 'status' => 503, 'code' => 'Busy' } },
               { throttle: true }, { clock_skew_seconds: -5 }]
    @emulator.set_faults(effects.map { |effect| { operation: '*', effect: effect } })
    taken = @emulator.faults.map(&:fault)
    assert_equal 503, taken[4].effect.status
    @emulator.set_faults(taken)
    assert_equal taken, @emulator.faults.map(&:fault)
    @emulator.reset
    assert_empty @emulator.faults
  end

  def test_a_moment
    @emulator.set_faults([{ operation: '*', effect: :drop, when: :before }, { operation: '*', effect: :half }])
    assert_equal [Hubstream::FaultMoment::BEFORE, nil], @emulator.faults.map { |fault| fault.fault.moment }
    assert_raises(ArgumentError) { @emulator.set_faults([{ operation: '*', effect: :drop, when: :never }]) }
    assert_raises(ArgumentError) { @emulator.set_faults([{ operation: '*', effect: :explode }]) }
  end

  def test_what_is_wrong_is_said_with_its_place
    error = assert_raises(Hubstream::HubstreamError::InvalidArgument) do
      @emulator.set_faults([{ operation: 'PutRecord', effect: :drop }])
    end
    assert_includes error.reason, 'faults[0].operation'
  end
end
