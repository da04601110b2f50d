# frozen_string_literal: true

require 'bigdecimal'
require 'hubstream'
require 'json'
require 'open3'

# The format of the scenarios in tests/scenarios: values and expectations.
class Scenario
  ROOT = File.expand_path('../../../../tests/scenarios', __dir__)
  VARIABLE = /\$\{(\w+)([+-]\d+)?\}/
  # Ruby has no reader of TOML among its own libraries; Python has.
  READER = 'import json, sys, tomllib; json.dump([tomllib.load(open(f, "rb")) for f in sys.argv[1:]], sys.stdout)'
  KEYS = %w[shard_id hash_key partition_key attributes].freeze

  # A difference between what was expected and what was found.
  class Difference < StandardError; end

  # Every scenario with every combination of its matrix.
  def self.all
    files = Dir["#{ROOT}/**/*.toml"].sort
    raise "no scenarios in #{ROOT}" if files.empty?

    json, status = Open3.capture2('python3', '-c', READER, *files)
    raise 'the scenarios cannot be read' unless status.success?

    files.zip(JSON.parse(json, allow_nan: true)).flat_map do |file, text|
      text['step'] = text['step'].flat_map { |step| repeated(step) }
      matrix = text.fetch('matrix', {})
      choices = matrix.empty? ? [[]] : matrix.values.first.product(*matrix.values.drop(1))
      choices.map do |choice|
        name = [file.delete_prefix("#{ROOT}/").delete_suffix('.toml'), *choice].join(' ')
        new(name, text, matrix.keys.zip(choice).to_h)
      end
    end
  end

  # A step as often as it is repeated.
  def self.repeated(step)
    first, last = step.delete('repeat')
    first ? (first..last).map { |number| numbered(step, number.to_s) } : [step]
  end

  # A value with a number for every `#` in its texts and names.
  def self.numbered(value, number)
    case value
    when String then value.gsub('#', number)
    when Array then value.map { |item| numbered(item, number) }
    when Hash then value.to_h { |name, item| [name.gsub('#', number), numbered(item, number)] }
    else value
    end
  end

  attr_reader :name, :text, :settings, :variables

  def initialize(name, text, settings)
    @name = name
    @text = text
    @settings = settings
    @variables = { 'run' => 'r0' }
    text.fetch('vars', {}).each { |variable, value| @variables[variable] = string(value) }
  end

  # A text with its variables; one that is nothing but a variable becomes its value.
  def string(text)
    match = VARIABLE.match(text)
    return variable(match) if match && match[0] == text

    text.gsub(VARIABLE) { variable(Regexp.last_match).to_s }
  end

  # An argument, or a member of one.
  def value(value)
    case value
    when '$null' then nil
    when String then string(value)
    when Array then value.map { |item| value(item) }
    when Hash then special(value) || table(value)
    else value
    end
  end

  # All arguments of a call by their names.
  def value_of_members(members)
    members.to_h { |name, item| [name.to_sym, value(item)] }
  end

  # Compares a value with an expectation.
  def check(expected, found, path = '')
    case expected
    when String then differs(path, expected, found) unless text_matches?(expected, found)
    when Array then check_list(expected, found, path)
    when Hash then check_table(expected, found, path)
    else differs(path, expected, found) unless same?(expected, found)
    end
  end

  # A result as this file sees it.
  def self.plain(value)
    case value
    when nil, true, false, String, Numeric, Hubstream::RecordSchema then value
    when Array then value.map { |item| plain(item) }
    when Hash then value.transform_values { |item| plain(item) }
    when Hubstream::RecordBatch then records(value)
    when Hubstream::OpenNames::Value then value.name
    else model(value)
    end
  end

  # The members of a model; one of several models is wrapped as a variant of the choice.
  def self.model(value)
    return plain(value.value) unless value.class.superclass == Object

    value.instance_variables.to_h { |name| [name[1..], plain(value.instance_variable_get(name))] }
  end

  # The records of a result.
  def self.records(batch)
    content = batch.schema ? 'values' : 'data'
    batch.to_a.zip(batch.metadata).map { |item, facts| plain(facts).merge(content => item) }
  end

  private

  def variable(match)
    value = variables.fetch(match[1])
    match[2] ? value + Integer(match[2]) : value
  end

  def special(table)
    if table.key?('$hex') then [table['$hex']].pack('H*')
    elsif table.key?('$utf8') then table['$utf8'].b
    elsif table.key?('$repeat') then table['$repeat'] * table['times']
    elsif table.key?('$enum') then table['$enum'].split('.').last
    elsif table.key?('$schema') then schema(table['$schema'])
    elsif table.key?('$records') then records(table['$records'], table['schema'])
    end
  end

  # A map of an argument: a model where one has just these members, else a plain map.
  def table(members)
    values = members.transform_values { |item| value(item) }
    return one_of(values.delete('$model'), values) if values.key?('$model')

    model = Hubstream.constants.map { |name| Hubstream.const_get(name) }.find do |type|
      type.is_a?(Class) && made_of?(type, values.keys.map(&:to_sym))
    end
    model ? model.new(**values.transform_keys(&:to_sym)) : values
  end

  # A model as the variant of the choice that its name ends with: `ConnectorConfig::ODPS`.
  def one_of(name, values)
    choice = Hubstream.constants.map(&:to_s).select { |type| type != name && name.end_with?(type) }.max_by(&:size)
    variants = Hubstream.const_get(choice)
    variant = variants.constants.find { |type| name.delete_suffix(choice).casecmp?(type.to_s.delete('_')) }
    variants.const_get(variant).new(value: Hubstream.const_get(name).new(**values.transform_keys(&:to_sym)))
  end

  def made_of?(type, names)
    parameters = type.instance_method(:initialize).parameters
    required = parameters.filter_map { |kind, name| name if kind == :keyreq }
    known = parameters.filter_map { |kind, name| name if %i[keyreq key].include?(kind) }
    !known.empty? && (required - names).empty? && (names - known).empty? && !names.empty?
  end

  def schema(name)
    columns = text['schemas'].fetch(name).to_h do |column, type, notnull|
      [column.to_sym, { type: type, allow_null: notnull.nil? }]
    end
    Hubstream::RecordSchema.of(**columns)
  end

  def records(records, name)
    if name
      made = records.map { |item| routed(Hubstream::TupleRecord, { values: value(item['values']) }, item) }
      return Hubstream::RecordBatch.of(schema(name), made)
    end
    made = records.map { |item| routed(Hubstream::BlobRecord, { data: value(item['data']).b }, item) }
    Hubstream::RecordBatch.of_blobs(made)
  end

  def routed(type, content, item)
    keys = item.slice(*KEYS).to_h { |name, key| [name.to_sym, plain_attributes(key)] }
    type.new(**content, **keys)
  end

  def plain_attributes(key)
    key.is_a?(Hash) ? key.transform_values { |item| value(item) } : key
  end

  def text_matches?(expected, found)
    case expected
    when '$null' then found.nil?
    when '$any' then !found.nil?
    when '$text' then found.is_a?(String) && !found.empty?
    when '$integer' then found.is_a?(Integer)
    when '$positive' then found.is_a?(Integer) && found.positive?
    else same?(string(expected), found)
    end
  end

  def check_list(expected, found, path)
    differs(path, expected, found) unless found.is_a?(Array) && found.size == expected.size
    expected.each_with_index { |item, index| check(item, found[index], "#{path}[#{index}]") }
  end

  def check_table(expected, found, path)
    unless (special = special(expected)).nil?
      return same?(special, found) || differs(path, special, found)
    end

    expected.each do |name, item|
      if name.start_with?('$')
        differs(path, { name => item }, found) unless condition?(name, item, found)
      else
        differs(path, expected, found) unless found.is_a?(Hash)
        check(item, found[name], "#{path}.#{name}")
      end
    end
  end

  def condition?(name, expected, found)
    case name
    when '$not' then !matches?(expected, found)
    when '$contains' then contains?(expected, found)
    when '$unordered'
      expected.size == found.size && contains?(expected, found) &&
        found.all? { |value| expected.any? { |item| matches?(item, value) } }
    when '$length' then found.size == expected
    when '$keys' then found.keys.sort == expected.sort
    when '$at_least' then found.is_a?(Integer) && found >= expected
    else raise ArgumentError, "there is no condition #{name}"
    end
  end

  def contains?(expected, found)
    return found.include?(string(expected)) if expected.is_a?(String)

    expected.all? { |item| found.any? { |value| matches?(item, value) } }
  end

  def matches?(expected, found)
    check(expected, found)
    true
  rescue Difference
    false
  end

  def same?(expected, found)
    case found
    when BigDecimal then expected.is_a?(String) && BigDecimal(expected) == found
    when Float then expected.is_a?(Float) && [expected].pack('G') == [found].pack('G')
    when String then expected.is_a?(String) && expected.b == found.b
    else expected.instance_of?(found.class) && expected == found
    end
  end

  def differs(path, expected, found)
    raise Difference, "#{path}: expected #{expected.inspect[0, 400]}, found #{found.inspect[0, 400]}"
  end
end
