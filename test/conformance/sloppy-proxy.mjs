#!/usr/bin/env node
// Stands in front of an MCP server and breaks the protocol as some servers of 2026-07-28 in the field do: results carry
// no `resultType`, and what would be an event stream comes as one JSON message per line under `application/json`.
// Requests of the revisions with sessions pass unchanged.
//
//   node sloppy-proxy.mjs <url of the endpoint>      prints  READY url=http://127.0.0.1:<port>/mcp
import http from 'node:http';
import { createParser } from 'eventsource-parser';

const target = new URL(process.argv[2]);
const STATELESS = '2026-07-28';

/** The message without `resultType`, which a reader has to take as `complete`. */
function sloppy(message) {
  if (message.result?.resultType !== 'complete') return message;
  const { resultType: _forgotten, ...result } = message.result;
  return { ...message, result };
}

const lineOf = (message) => `${JSON.stringify(sloppy(message))}\n`;

function relayEvents(answer, res) {
  res.writeHead(answer.statusCode, { 'content-type': 'application/json' });
  res.flushHeaders();
  const parser = createParser({ onEvent: ({ data }) => data !== '' && res.write(lineOf(JSON.parse(data))) });
  answer.setEncoding('utf8').on('data', (chunk) => parser.feed(chunk));
  answer.once('end', () => res.end());
}

function relayJson(answer, res) {
  let body = '';
  answer.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  answer.once('end', () => {
    const { 'content-length': _old, ...headers } = answer.headers;
    res.writeHead(answer.statusCode, headers).end(lineOf(JSON.parse(body)));
  });
}

function relay(req, answer, res) {
  const type = answer.headers['content-type'] ?? '';
  answer.once('error', () => res.destroy());
  if (req.headers['mcp-protocol-version'] === STATELESS && type.startsWith('text/event-stream')) {
    return relayEvents(answer, res);
  }
  if (req.headers['mcp-protocol-version'] === STATELESS && type.startsWith('application/json')) {
    return relayJson(answer, res);
  }
  res.writeHead(answer.statusCode, answer.headers);
  res.flushHeaders();
  answer.pipe(res);
}

const server = http.createServer((req, res) => {
  const { method, headers } = req;
  const onward = http.request(target, { method, headers: { ...headers, host: target.host } }, (answer) =>
    relay(req, answer, res),
  );
  onward.once('error', () => res.destroy());
  res.once('close', () => onward.destroy());
  req.pipe(onward);
});
server.listen(0, '127.0.0.1', () => console.log(`READY url=http://127.0.0.1:${server.address().port}/mcp`));
process.once('SIGTERM', () => process.exit(0));
