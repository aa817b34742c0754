#!/usr/bin/env node
// What the official suite runs as "the client" in its client scenarios: registers the suite's mock server as an
// upstream of the gateway, uses everything that it offers through the gateway with an SDK client, and removes it.
//
//   GATEWAY=<url> MASTER_KEY=<key> node client-driver.mjs <url of the mock server>
//
// The suite says in MCP_CONFORMANCE_SCENARIO, _PROTOCOL_VERSION and _CONTEXT what is tested.
import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { register, unregister } from './gateway.mjs';

const { GATEWAY, MASTER_KEY, MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION: REVISION } = process.env;
const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const gateway = { url: GATEWAY, masterKey: MASTER_KEY };
/** Their mocks answer neither `server/discover` nor anything else that would tell what they speak. */
const MUTE = new Set(['http-standard-headers', 'http-custom-headers', 'http-invalid-tool-headers']);
/** Their mocks list tools and cannot be called. */
const LIST_ONLY = new Set(['json-schema-ref-no-deref']);

const SAMPLES = { string: 'sample', integer: 1, number: 1, boolean: true, object: {}, array: [] };

/** Arguments for a tool that the suite says nothing about: a value for each property. */
function sampleArguments({ properties = {} }) {
  return Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, SAMPLES[type]]));
}

/** The calls to make: those that the suite asks for, or one of each tool. */
function callsOf(tools) {
  if (LIST_ONLY.has(MCP_CONFORMANCE_SCENARIO)) return [];
  if (toolCalls !== undefined) return toolCalls;
  const rich = tools.find(({ name }) => name === 'json_schema_2020_12_tool');
  return tools.map(({ name, inputSchema }) => {
    if (name === 'json_schema_echo') return { name, arguments: { schema: rich.inputSchema } };
    return { name, arguments: sampleArguments(inputSchema) };
  });
}

async function connect(alias) {
  const mode = REVISION === '2026-07-28' ? { pin: REVISION } : 'legacy';
  const capabilities = { elicitation: { form: { applyDefaults: true } } };
  const client = new Client(
    { name: 'conformance-driver', version: '1' },
    { capabilities, versionNegotiation: { mode } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: 'confirmed' in params.requestedSchema.properties ? { confirmed: true } : {},
  }));
  const requestInit = { headers: { authorization: `Bearer ${MASTER_KEY}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${GATEWAY}/${alias}/mcp`), { requestInit }));
  return client;
}

async function useEverything(client) {
  const { tools } = await client.listTools();
  for (const call of callsOf(tools)) await client.callTool(call);
  const { prompts, resources } = client.getServerCapabilities();
  if (prompts !== undefined) {
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  }
  if (resources !== undefined) {
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  }
}

const era = MUTE.has(MCP_CONFORMANCE_SCENARIO) ? '2026' : 'auto';
const alias = `mock_${randomUUID().slice(0, 8)}`;
const id = await register(gateway, { alias, transport: 'http', url: process.argv[2], protocol_era: era });
try {
  const client = await connect(alias);
  await useEverything(client);
  await client.close();
} finally {
  await unregister(gateway, id);
}
