# frozen_string_literal: true

# Builds a gem for this platform: copy the native library to lib/hubstream/ first, see ../README.md.
Gem::Specification.new do |gem|
  gem.name = 'hubstream'
  gem.version = '0.1.0'
  gem.platform = Gem::Platform::CURRENT
  gem.summary = 'Client SDK for shard-based cloud streams: Alibaba Cloud DataHub and Huawei Cloud DIS'
  gem.authors = ['The hubstream developers']
  gem.license = 'Apache-2.0'
  gem.homepage = 'https://github.com/hubstream/hubstream'
  gem.metadata = {
    'changelog_uri' => 'https://github.com/hubstream/hubstream/blob/main/CHANGELOG.md',
    'rubygems_mfa_required' => 'true'
  }
  gem.files = Dir['lib/**/*.{rb,so,dylib,dll}', base: __dir__]
  gem.required_ruby_version = '>= 3.1'
  gem.add_dependency 'bigdecimal', '>= 3.1'
  gem.add_dependency 'ffi', '~> 1.15'
end
