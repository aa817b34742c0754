// The gateway that one writes first: an SDK server per request, one shared SDK client. No keys, no permissions, no audit.
// Usage: naive-gateway.mjs <URL of the upstream>
import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { answerJson, readBody, serve } from './bench-server.mjs';

const client = new Client({ name: 'naive-gateway', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));

serve(
  createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405, { 'content-length': 0 }).end();
    readBody(request, (body) => void relay(request, body, response));
  }),
);

async function relay(request, body, response) {
  try {
    const server = new Server({ name: 'naive-gateway', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on('close', () => void Promise.allSettled([transport.close(), server.close()]));
    await server.connect(transport);
    await transport.handleRequest(request, response, JSON.parse(body.toString()));
  } catch (error) {
    answerJson(response, 500, JSON.stringify({ error: String(error) }));
  }
}
