#!/usr/bin/env node
// An MCP server that knows only the revisions with sessions: the tools, prompts and resources that the official suite
// asks for at 2025-11-25, on version 1 of the SDK.
//
//   node session-upstream.mjs stdio        speaks on stdin and stdout
//   node session-upstream.mjs http [port]  binds 127.0.0.1 and prints  READY url=http://127.0.0.1:<port>/mcp
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const RED_PIXEL_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SILENT_WAV = 'UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA';

const text = (value) => ({ type: 'text', text: value });
const image = { type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' };
const audio = { type: 'audio', data: SILENT_WAV, mimeType: 'audio/wav' };
const embedded = (uri, mimeType, value) => ({ type: 'resource', resource: { uri, mimeType, text: value } });
const reply = (...content) => ({ content });
const messages = (...blocks) => ({ messages: blocks.map((content) => ({ role: 'user', content })) });

function addContentTools(mcp) {
  const add = (name, ...content) => mcp.registerTool(name, { description: `Returns ${name}` }, () => reply(...content));
  add('test_simple_text', text('This is a simple text response for testing.'));
  add('test_image_content', image);
  add('test_audio_content', audio);
  add('test_embedded_resource', embedded('test://embedded-resource', 'text/plain', 'An embedded resource.'));
  const mixed = embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}');
  add('test_multiple_content_types', text('Multiple content types test:'), image, mixed);
  mcp.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}

function addNotifyingTools(mcp) {
  mcp.registerTool('test_tool_with_logging', { description: 'Sends three log lines' }, async (extra) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      await sleep(50);
    }
    return reply(text('Tool with logging executed'));
  });
  mcp.registerTool('test_tool_with_progress', { description: 'Reports progress' }, async (extra) => {
    const progressToken = extra._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken === undefined) break;
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 100 },
      });
      await sleep(50);
    }
    return reply(text('Tool with progress executed'));
  });
}

function addAskingTools(mcp) {
  const prompt = { prompt: z.string() };
  mcp.registerTool('test_sampling', { description: 'Asks the model', inputSchema: prompt }, async (args, extra) => {
    const params = { messages: [{ role: 'user', content: text(args.prompt) }], maxTokens: 100 };
    const answer = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return reply(text(`LLM response: ${answer.content.text}`));
  });
  const elicit = async (extra, message, requestedSchema) => {
    const request = { method: 'elicitation/create', params: { message, requestedSchema } };
    const { action, content = {} } = await extra.sendRequest(request, ElicitResultSchema);
    return reply(text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`));
  };
  const message = { message: z.string() };
  mcp.registerTool('test_elicitation', { description: 'Asks the user', inputSchema: message }, (args, extra) =>
    elicit(extra, args.message, form({ username: { type: 'string' }, email: { type: 'string' } })),
  );
  const addForm = (name, schema) =>
    mcp.registerTool(name, { description: 'Asks the user' }, (extra) => elicit(extra, 'Please fill in', schema));
  addForm('test_elicitation_sep1034_defaults', defaultsForm());
  addForm('test_elicitation_sep1330_enums', enumsForm());
}

const form = (properties) => ({ type: 'object', properties });

function defaultsForm() {
  return form({
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  });
}

function enumsForm() {
  const plain = ['option1', 'option2', 'option3'];
  const titled = ['value1', 'value2', 'value3'].map((value, index) => ({ const: value, title: `Option ${index + 1}` }));
  return form({
    untitledSingle: { type: 'string', enum: plain },
    titledSingle: { type: 'string', oneOf: titled },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: plain } },
    titledMulti: { type: 'array', items: { anyOf: titled } },
  });
}

function addResources(mcp) {
  const addFixed = (name, mimeType, body) =>
    mcp.registerResource(name, `test://${name}`, { mimeType }, ({ href: uri }) => ({
      contents: [{ uri, mimeType, ...body }],
    }));
  addFixed('static-text', 'text/plain', { text: 'This is the content of the static text resource.' });
  addFixed('static-binary', 'image/png', { blob: RED_PIXEL_PNG });
  addFixed('watched-resource', 'text/plain', { text: 'Watched resource' });
  const complete = { id: (value) => ['123', '124', '200'].filter((id) => id.startsWith(value)) };
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined, complete });
  const mimeType = 'application/json';
  mcp.registerResource('template-data', template, { mimeType }, ({ href: uri }, { id }) => {
    const value = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { contents: [{ uri, mimeType, text: value }] };
  });
  mcp.server.registerCapabilities({ resources: { subscribe: true } });
  mcp.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  mcp.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}

function addPrompts(mcp) {
  mcp.registerPrompt('test_simple_prompt', { description: 'No arguments' }, () =>
    messages(text('This is a simple prompt for testing.')),
  );
  const word = (words) => completable(z.string(), (value) => words.filter((known) => known.startsWith(value)));
  const argsSchema = { arg1: word(['test', 'paris', 'park', 'party']), arg2: word(['test', 'red']) };
  mcp.registerPrompt('test_prompt_with_arguments', { description: 'Two arguments', argsSchema }, ({ arg1, arg2 }) =>
    messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  const uriOnly = { description: 'Embeds a resource', argsSchema: { resourceUri: z.string() } };
  mcp.registerPrompt('test_prompt_with_embedded_resource', uriOnly, ({ resourceUri }) =>
    messages(embedded(resourceUri, 'text/plain', 'Embedded resource content.'), text('Please process it.')),
  );
  mcp.registerPrompt('test_prompt_with_image', { description: 'Contains an image' }, () =>
    messages(image, text('Please analyze the image above.')),
  );
}

function buildServer() {
  const mcp = new McpServer({ name: 'session-upstream', version: '1.0.0' }, { capabilities: { logging: {} } });
  addContentTools(mcp);
  addNotifyingTools(mcp);
  addAskingTools(mcp);
  addResources(mcp);
  addPrompts(mcp);
  return mcp;
}

const sessions = new Map();

async function transportFor(id) {
  if (id !== undefined) return sessions.get(id);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (opened) => void sessions.set(opened, transport),
  });
  transport.onclose = () => sessions.delete(transport.sessionId);
  await buildServer().connect(transport);
  return transport;
}

async function serve(req, res) {
  const transport = await transportFor(req.headers['mcp-session-id']);
  if (transport === undefined) return res.writeHead(404).end();
  return transport.handleRequest(req, res);
}

if (process.argv[2] === 'stdio') {
  await buildServer().connect(new StdioServerTransport());
} else {
  const server = createServer((req, res) => void serve(req, res));
  server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
    console.log(`READY url=http://127.0.0.1:${server.address().port}/mcp`);
  });
  process.once('SIGTERM', () => process.exit(0));
}
