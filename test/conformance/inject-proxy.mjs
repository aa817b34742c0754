#!/usr/bin/env node
// Loopback reverse proxy that adds request headers. The conformance suite has no option to send an Authorization
// header, so run.sh puts this in front of an endpoint that wants one. Node built-ins only.
//
//   node inject-proxy.mjs <port|0> <target-base-url> 'Name: value' ['Name: value' ...]
//   node inject-proxy.mjs 0 http://127.0.0.1:3000 'Authorization: Bearer abc'
//
// Prints one line when ready:  LISTENING http://127.0.0.1:<port>
//
// What it keeps intact, because scenarios depend on it:
//   - bodies stream both ways and are never buffered or timed out (SSE);
//   - the client hanging up ends the upstream request (in MCP 2026-07-28 that is a cancellation);
//   - the upstream breaking off breaks the client's connection too, never a made-up clean end;
//   - a Host or Origin that names this proxy becomes the target's; any other one is passed on as it came,
//     so the dns-rebinding scenario still tests the target;
//   - a header the caller sent itself is never replaced.
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';

const [portArgument, targetArgument, ...headerArguments] = process.argv.slice(2);
if (!targetArgument) {
  console.error("usage: inject-proxy.mjs <port|0> <target-base-url> 'Name: value' ...");
  process.exit(2);
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const target = new URL(targetArgument);
const client = target.protocol === 'https:' ? https : http;
const agent = new client.Agent({ keepAlive: true, maxSockets: 256 });
const injected = headerArguments.map(splitHeader);
let ownHosts = new Set(); // filled once the port is known

function splitHeader(line) {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}

function withoutHopByHop(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function namesThisProxy(origin) {
  return URL.canParse(origin) && ownHosts.has(new URL(origin).host);
}

function upstreamHeaders(incoming) {
  const headers = withoutHopByHop(incoming);
  for (const [name, value] of injected) headers[name] ??= value;
  if (ownHosts.has(headers.host)) headers.host = target.host;
  if (headers.origin && namesThisProxy(headers.origin)) headers.origin = target.origin;
  if (incoming['transfer-encoding'] && !incoming['content-length']) headers['transfer-encoding'] = 'chunked';
  return headers;
}

function forward(req, res) {
  const { protocol, hostname, port } = target;
  const options = {
    protocol,
    hostname,
    port,
    agent,
    method: req.method,
    path: req.url,
    headers: upstreamHeaders(req.headers),
  };
  const upstream = client.request(options, (answer) => {
    res.writeHead(answer.statusCode, answer.statusMessage, withoutHopByHop(answer.headers));
    res.flushHeaders();
    pipeline(answer, res, () => {}); // destroys the other side when one of them breaks
  });
  upstream.on('error', (error) => refuse(res, error));
  res.on('close', () => {
    if (!res.writableFinished) upstream.destroy();
  });
  req.pipe(upstream);
}

function refuse(res, error) {
  if (res.headersSent) return res.destroy();
  res.writeHead(502, { 'content-type': 'text/plain' });
  res.end(`proxy: ${error.message}`);
}

const server = http.createServer(forward);
server.requestTimeout = 0;
server.headersTimeout = 0;
server.keepAliveTimeout = 60_000;
server.listen(Number(portArgument), '127.0.0.1', () => {
  const { port } = server.address();
  ownHosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
  console.log(`LISTENING http://127.0.0.1:${port}`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
