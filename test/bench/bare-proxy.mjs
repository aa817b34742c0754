// What any gateway on node:http and undici costs before it does anything: a pass-through reverse proxy.
// Usage: bare-proxy.mjs <origin of the upstream>
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { answerJson, readBody, serve } from './bench-server.mjs';

/** What an MCP upstream needs of the client's headers. */
const FORWARDED = ['content-type', 'accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name'];
const pool = new Pool(process.argv[2], { connections: 64, pipelining: 1 });

serve(createServer((request, response) => readBody(request, (body) => relay(request, body, response))));

async function relay(request, body, response) {
  try {
    const { method, url: path } = request;
    const reply = await pool.request({ method, path, headers: forwardedHeaders(request.headers), body });
    answerJson(response, reply.statusCode, Buffer.from(await reply.body.arrayBuffer()));
  } catch (error) {
    answerJson(response, 502, JSON.stringify({ error: String(error) }));
  }
}

function forwardedHeaders(headers) {
  const forwarded = {};
  for (const name of FORWARDED) {
    if (headers[name] !== undefined) forwarded[name] = headers[name];
  }
  return forwarded;
}
