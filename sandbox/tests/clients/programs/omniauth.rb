# Somebody signs in to a Rack application by tumblr, with omniauth-tumblr, against a sandbox. Prints what was found.
# Environment: SANDBOX_PORT, SANDBOX_TLS_PORT, KEYS (JSON), SSL_CERT_FILE.
require 'json'
require 'net/http'
require 'rack'
require 'omniauth'
require 'omniauth-tumblr'

PORTS = { 443 => ENV['SANDBOX_TLS_PORT'].to_i, 80 => ENV['SANDBOX_PORT'].to_i }.freeze
TUMBLR = /(\A|\.)tumblr\.com\z/

# Leads what is asked of tumblr.com to the sandbox.
module Redirected
  def tcp(host, port, *rest, **options, &block)
    host, port = '127.0.0.1', PORTS.fetch(port, port) if TUMBLR.match?(host)
    super(host, port, *rest, **options, &block)
  end

  def open(host, port, *rest)
    host, port = '127.0.0.1', PORTS.fetch(port, port) if TUMBLR.match?(host)
    super(host, port, *rest)
  end
end
Socket.singleton_class.prepend(Redirected)
TCPSocket.singleton_class.prepend(Redirected)

OmniAuth.config.allowed_request_methods = %i[get post]
OmniAuth.config.silence_get_warning = true
OmniAuth.config.logger = Logger.new($stderr)
keys = JSON.parse(ENV.fetch('KEYS'))
application = Rack::Builder.new do
  use Rack::Session::Cookie, secret: 'a secret of this run, long enough to be one'
  use OmniAuth::Builder do
    provider :tumblr, keys['consumer_key'], keys['consumer_secret']
  end
  run ->(env) { [200, {}, [env.fetch('omniauth.auth').info.to_json]] }
end

browser = Rack::MockRequest.new(application)
sent = browser.get('http://app.example/auth/tumblr')
cookie = sent['Set-Cookie'].split(';').first
back = Net::HTTP.get_response(URI("#{sent['Location']}&user=frank"))['Location']
found = JSON.parse(browser.get(back, 'HTTP_COOKIE' => cookie).body)
puts JSON.generate([found['nickname'], found['blogs'].first['name'], found['avatar'].end_with?('.png')])
