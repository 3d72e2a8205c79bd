// Leads whatever a program of node asks of tumblr.com to a sandbox: to its https port what is meant for 443.
'use strict';

const net = require('node:net');

const PORTS = { 443: Number(process.env.SANDBOX_TLS_PORT), 80: Number(process.env.SANDBOX_PORT) };
const connect = net.Socket.prototype.connect;

function place(options) {
  if (!/(^|\.)tumblr\.com$/.test(options?.host ?? '')) return options;
  return { ...options, host: '127.0.0.1', port: PORTS[options.port] ?? options.port };
}

net.Socket.prototype.connect = function (...given) {
  if (Array.isArray(given[0])) given[0][0] = place(given[0][0]);
  else given[0] = place(given[0]);
  return connect.apply(this, given);
};
