// An MCP upstream that costs as little as node:http allows. Every path is a server of its own with the same tools.
// Speaks 2026-07-28 (requests that carry their protocol version) and 2025-11-25 (without sessions).
// Usage: echo-upstream.mjs <number of tools>
import { createServer } from 'node:http';
import { answerJson, readBody, serve } from './bench-server.mjs';

const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const SERVER_INFO = { name: 'echo', version: '1.0.0' };
const CAPABILITIES = { tools: {} };
const tools = Array.from({ length: Number(process.argv[2] ?? 20) }, (_, index) => toolOf(index));

serve(
  createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405, { 'content-length': 0 }).end();
    readBody(request, (body) => answer(JSON.parse(body.toString()), response));
  }),
);

function answer(message, response) {
  if (message.id === undefined) return void response.writeHead(202, { 'content-length': 0 }).end();
  const stateless = message.params?.['_meta']?.[PROTOCOL_VERSION_KEY] !== undefined;
  const result = resultOf(message.method, message.params);
  if (result === undefined) {
    const error = { code: -32601, message: 'Method not found' };
    return answerJson(response, stateless ? 404 : 200, JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
  }
  if (stateless) result.resultType = 'complete';
  answerJson(response, 200, JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
}

function resultOf(method, params) {
  switch (method) {
    case 'tools/call':
      return { content: [{ type: 'text', text: params.arguments?.text ?? '' }] };
    case 'tools/list':
      return { tools, ttlMs: 300_000, cacheScope: 'public' };
    case 'server/discover':
      return { supportedVersions: ['2026-07-28'], capabilities: CAPABILITIES, ttlMs: 300_000, cacheScope: 'public' };
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo: SERVER_INFO };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

function toolOf(index) {
  return {
    name: `tool_${index}`,
    title: `Tool number ${index}`,
    description:
      'Gives back the text that it is called with. The other arguments are there to have a schema of usual size.',
    inputSchema: {
      type: 'object',
      properties: {
        text: { type: 'string', description: 'The text to give back', maxLength: 10_000 },
        limit: { type: 'integer', minimum: 1, maximum: 100 },
        format: { type: 'string', enum: ['plain', 'markdown'] },
      },
      required: ['text'],
    },
  };
}
