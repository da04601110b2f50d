# frozen_string_literal: true

require_relative 'helper'
require_relative 'scenario'

# Runs every scenario of tests/scenarios.
class ScenariosTest < Minitest::Test
  START = 1_800_000_000
  FACTS = %w[kind status code service operation http_status request_id attempts
             retry_after].freeze

  Scenario.all.each do |scenario|
    define_method("test_#{scenario.name}") { run_scenario(scenario) }
  end

  private

  def run_scenario(scenario)
    limits = scenario.text.fetch('limits', 'standard')
    Hubstream::Emulator.start(start_time: START.to_f, limits: limits) do |emulator|
      clients = Hash.new { |known, name| known[name] = client(scenario, emulator, name) }
      scenario.text['step'].each.with_index(1) do |step, number|
        perform(scenario, emulator, clients, step)
      rescue Scenario::Difference, Hubstream::HubstreamError => e
        flunk "step #{number} (#{step.fetch('call', 'no call')}): #{e.message}"
      end
    end
  end

  def client(scenario, emulator, name)
    settings = { max_attempts: 1, **scenario.settings, **scenario.text.dig('clients', name).to_h }
    settings = { access_id: emulator.access_id, access_key: emulator.access_key, **settings.transform_keys(&:to_sym) }
    if scenario.text['service'] == 'datahub'
      Hubstream::DataHub.new(endpoint: emulator.datahub_url, **settings)
    else
      Hubstream::DisClient.new(endpoint: emulator.dis_url, project_id: 'project', **settings)
    end
  end

  def perform(scenario, emulator, clients, step)
    emulator.advance(step['advance'].to_f) if step.key?('advance')
    emulator.set_faults(step['faults'], seed: step.fetch('seed', 0)) if step.key?('faults')
    outcome(scenario, clients, step) if step.key?('call')
    assert_equal(step['struck'], emulator.faults.map(&:struck)) if step.key?('struck')
  end

  def outcome(scenario, clients, step)
    client = clients[step.fetch('client', 'main')]
    if step.key?('error')
      error = assert_raises(Hubstream::HubstreamError) { call(scenario, client, step) }
      return scenario.check(step['error'], facts(error))
    end
    result = call(scenario, client, step)
    scenario.check(step['expect'], result) if step.key?('expect')
    step.fetch('save', {}).each { |name, path| scenario.variables[name] = at(result, path) }
  end

  # Calls an operation; arguments that must be given go by place, the others by name.
  def call(scenario, client, step)
    given = scenario.value_of_members(step.fetch('with', {}))
    method = client.method(step['call'])
    places = method.parameters.filter_map { |kind, name| given.delete(name) if kind == :req }
    Scenario.plain(method.call(*places, **given))
  end

  def facts(error)
    argument = error.context.is_a?(Hash) ? error.context['argument'] : nil
    further = { 'message' => error.reason, 'was_sent' => error.sent?, 'argument' => argument }
    FACTS.to_h { |name| [name, error.public_send(name)] }.merge(further)
  end

  def at(value, path)
    path.scan(/[^.\[\]]+/).reduce(value) do |place, part|
      place.is_a?(Array) ? place.fetch(Integer(part)) : place.fetch(part)
    end
  end
end
