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
import { LoginUser } from './login-user.mjs';

const { GATEWAY, MASTER_KEY, MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION: REVISION } = process.env;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const { toolCalls } = context;
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

async function connect(alias, key) {
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
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${GATEWAY}/${alias}/mcp`), { requestInit }));
  return client;
}

/** @param logIn called when the gateway says that its user has to log in; null: nobody logs in here */
async function useEverything(client, logIn) {
  const { tools } = await listTools(client, logIn);
  for (const call of callsOf(tools)) await callTool(client, call, logIn);
  const { prompts, resources } = client.getServerCapabilities();
  if (prompts !== undefined) {
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  }
  if (resources !== undefined) {
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  }
}

async function listTools(client, logIn) {
  for (;;) {
    const list = await client.listTools();
    const waits = Object.values(list._meta?.['gatehouse/servers'] ?? {}).includes('needs_auth');
    if (logIn === null || (!waits && list.tools.length > 0)) return list;
    await logIn();
  }
}

async function callTool(client, call, logIn) {
  for (;;) {
    const result = await client.callTool(call);
    const { code } = result._meta?.['gatehouse/error'] ?? {};
    if (logIn === null || (code !== 'user_credential_missing' && code !== 'upstream_auth_required')) return result;
    if (code === 'user_credential_missing') await logIn();
  }
}

/** Settings of the mock server as an admin would make them. */
function settings(alias) {
  const era = MUTE.has(MCP_CONFORMANCE_SCENARIO) ? '2026' : 'auto';
  const server = { alias, transport: 'http', url: process.argv[2], protocol_era: era };
  if (!isLogin) return server;
  const { client_id, client_secret } = context;
  const credentials = client_id === undefined ? {} : { credentials: { client_id, client_secret } };
  return { ...server, auth_type: 'oauth2', oauth2_flow: 'authorization_code', ...credentials };
}

const isLogin = MCP_CONFORMANCE_SCENARIO.startsWith('auth/');
const alias = `mock_${randomUUID().slice(0, 8)}`;
const id = await register(gateway, settings(alias));
try {
  const user = isLogin ? await LoginUser.make(gateway, id) : null;
  await user?.logIn();
  const client = await connect(alias, user?.key ?? MASTER_KEY);
  await useEverything(client, user === null ? null : () => user.logIn());
  await client.close();
} finally {
  await unregister(gateway, id);
}
