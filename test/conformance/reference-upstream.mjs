#!/usr/bin/env node
// Reference MCP upstream: one small server that speaks BOTH protocol eras on one /mcp endpoint, so a gateway
// in front of it can be measured with the official conformance suite (67 of 67 required server scenarios pass
// when the suite talks to it directly).
//
//   2025-11-25  sessions (Mcp-Session-Id), resumable SSE, sampling / elicitation / roots as real server requests,
//               logging/setLevel, progress, resources/subscribe, list_changed and updated on the GET stream
//   2026-07-28  stateless requests, server/discover, input_required (MRTR) with signed requestState,
//               subscriptions/listen, caching hints, Mcp-Method / Mcp-Name / Mcp-Param-* header checks
//
// Start:  REF_NODE_MODULES=<dir>/node_modules node reference-upstream.mjs [port]
//   port              argument 1, else PORT, else 18110; 0 picks a free one. Always binds 127.0.0.1.
//   REF_NODE_MODULES  where @modelcontextprotocol/{server,node,core} and zod 4 are installed (up.sh does that)
//   REF_TOKEN         optional: every request must then carry "Authorization: Bearer <REF_TOKEN>"
// Prints one line when ready:  READY url=http://127.0.0.1:<port>/mcp pid=<pid>      SIGTERM / SIGINT: exit 0.
//
// Tool handlers are written once for both eras: a handler that needs the client returns inputRequired(...);
// the SDK sends that as an input_required result (2026) or as server requests inside the session (2025).
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const packages = process.env.REF_NODE_MODULES;
const load = createRequire(packages ? join(packages, 'entry.js') : import.meta.url);
const sdk = load('@modelcontextprotocol/server');
const { toNodeHandler, localhostHostValidation, localhostOriginValidation } = load('@modelcontextprotocol/node');
const { ElicitResultSchema, CreateMessageResultSchema, ListRootsResultSchema } = load('@modelcontextprotocol/core');
const { z } = load('zod');
const { McpServer, ResourceTemplate, inputRequired, completable } = sdk;

// ---------------------------------------------------------------------------------------------------------------
// Process-wide state
// ---------------------------------------------------------------------------------------------------------------
const PORT = Number(process.argv[2] ?? process.env.PORT ?? 18110);
const ENDPOINT = '/mcp';
const TOKEN = process.env.REF_TOKEN;
const SESSION_IDLE_MS = 60 * 60_000;
const MAX_STORED_EVENTS = 2_000; // per session
const WATCHED_URI = 'test://watched-resource';

const bus = new sdk.InMemoryServerEventBus(); // change events; feeds 2026 listen streams and 2025 sessions alike
const revision = { tools: 1, prompts: 1, watched: 1 }; // grow when a trigger tool is called; same for every client
const slowCalls = { completed: 0, cancelled: 0 };
const stateCodec = sdk.createRequestStateCodec({
  key: randomBytes(32),
  ttlSeconds: 600,
  bind: (ctx) => ctx.mcpReq.method,
});

const RED_PIXEL_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mO4oKAAAALUARHyogz6AAAAAElFTkSuQmCC';
const SILENT_WAV = 'UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA';

// ---------------------------------------------------------------------------------------------------------------
// Content blocks and results
// ---------------------------------------------------------------------------------------------------------------
const textBlock = (text) => ({ type: 'text', text });
const imageBlock = () => ({ type: 'image', data: RED_PIXEL_PNG, mimeType: 'image/png' });
const resourceBlock = (uri, mimeType, text) => ({ type: 'resource', resource: { uri, mimeType, text } });
const reply = (...content) => ({ content });
const say = (text) => reply(textBlock(text));
const userMessage = (content) => ({ role: 'user', content });

// ---------------------------------------------------------------------------------------------------------------
// Questions to the client. A question is { capability, request, read }: `read` turns the raw (untrusted) answer
// into a checked value, or undefined when it is missing or malformed, which makes the server ask again.
// ---------------------------------------------------------------------------------------------------------------
function formQuestion(message, requestedSchema) {
  const read = (raw) => {
    const { success, data } = ElicitResultSchema.safeParse(raw);
    if (!success) return undefined;
    if (data.action !== 'accept' || !(requestedSchema instanceof z.ZodType)) return data;
    const content = requestedSchema.safeParse(data.content);
    return content.success ? { action: 'accept', content: content.data } : undefined;
  };
  return { capability: 'elicitation', request: inputRequired.elicit({ message, requestedSchema }), read };
}

function samplingQuestion(prompt, maxTokens) {
  const messages = [userMessage(textBlock(prompt))];
  const read = (raw) => CreateMessageResultSchema.safeParse(raw).data;
  return { capability: 'sampling', request: inputRequired.createMessage({ messages, maxTokens }), read };
}

function rootsQuestion() {
  const read = (raw) => ListRootsResultSchema.safeParse(raw).data?.roots;
  return { capability: 'roots', request: inputRequired.listRoots(), read };
}

/** Returns every checked answer, or undefined as soon as one of them is missing. */
function readAnswers(ctx, questions) {
  const answers = {};
  for (const [key, question] of Object.entries(questions)) {
    answers[key] = question.read(ctx.mcpReq.inputResponses?.[key]);
    if (answers[key] === undefined) return undefined;
  }
  return answers;
}

/** Builds the input_required result for the questions; `state` travels as a signed, expiring requestState. */
async function ask(ctx, questions, state) {
  const inputRequests = Object.fromEntries(Object.entries(questions).map(([key, q]) => [key, q.request]));
  return inputRequired({ inputRequests, ...(state && { requestState: await stateCodec.mint(state, ctx) }) });
}

/** The usual shape of an interactive handler: ask until every answer is there, then finish. */
async function interview(ctx, questions, finish) {
  const answers = readAnswers(ctx, questions);
  return answers ? finish(answers) : ask(ctx, questions);
}

const samplingText = (result) =>
  [result.content]
    .flat()
    .map((block) => block.text ?? `[${block.type}]`)
    .join(' ');
const formText = ({ action, content }) => `action=${action}, content=${JSON.stringify(content ?? {})}`;
const nameForm = z.object({ name: z.string() });
const confirmForm = z.object({ ok: z.boolean() });

/** What this client can be asked: declared per request (2026) or once at initialize (2025). */
function clientCapabilities(mcp, ctx) {
  return ctx.mcpReq.envelope?.[sdk.CLIENT_CAPABILITIES_META_KEY] ?? mcp.server.getClientCapabilities() ?? {};
}

// ---------------------------------------------------------------------------------------------------------------
// Tools
// ---------------------------------------------------------------------------------------------------------------
function addTool(mcp, name, description, handler, inputSchema) {
  const callback = inputSchema ? handler : (ctx) => handler({}, ctx);
  return mcp.registerTool(name, { description, ...(inputSchema && { inputSchema }) }, callback);
}

function registerContentTools(mcp) {
  addTool(mcp, 'test_simple_text', 'Returns one text block', () => say('This is a simple text response for testing.'));
  addTool(mcp, 'test_image_content', 'Returns one PNG image block', () => reply(imageBlock()));
  addTool(mcp, 'test_audio_content', 'Returns one WAV audio block', () =>
    reply({ type: 'audio', data: SILENT_WAV, mimeType: 'audio/wav' }),
  );
  addTool(mcp, 'test_embedded_resource', 'Returns one embedded text resource', () =>
    reply(resourceBlock('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
  );
  addTool(mcp, 'test_multiple_content_types', 'Returns text, image and resource blocks', () =>
    reply(
      textBlock('Multiple content types test:'),
      imageBlock(),
      resourceBlock('test://mixed-content-resource', 'application/json', JSON.stringify({ test: 'data', value: 123 })),
    ),
  );
  addTool(mcp, 'test_error_handling', 'Always reports a tool error', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}

function registerStreamingTools(mcp) {
  addTool(mcp, 'test_tool_with_logging', 'Sends three info log messages while it runs', async (_args, ctx) => {
    await ctx.mcpReq.log('info', 'Tool execution started');
    await sleep(50);
    await ctx.mcpReq.log('info', 'Tool processing data');
    await sleep(50);
    await ctx.mcpReq.log('info', 'Tool execution completed');
    return say('Tool with logging executed');
  });
  addTool(mcp, 'test_logging_tool', 'Sends one info log message if the caller wants it', async (_args, ctx) => {
    await ctx.mcpReq.log('info', 'One log message');
    return say('Logging tool executed');
  });
  addTool(mcp, 'test_tool_with_progress', 'Reports progress 0, 50 and 100 of 100', async (_args, ctx) => {
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await sleep(50);
      await reportProgress(ctx, progress, 100);
    }
    return say('Tool with progress executed');
  });
  addTool(
    mcp,
    'test_reconnection',
    'Drops its SSE stream mid-call (2025: resume with Last-Event-ID)',
    async (_args, ctx) => {
      ctx.http?.closeSSE?.();
      await sleep(100);
      return say('Result delivered after the reconnection');
    },
  );
}

async function reportProgress(ctx, progress, total) {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total } });
}

function registerInteractiveTools(mcp) {
  addTool(
    mcp,
    'test_sampling',
    'Asks the client to sample its model with the given prompt',
    ({ prompt }, ctx) =>
      interview(ctx, { sample: samplingQuestion(prompt, 100) }, ({ sample }) =>
        say(`LLM response: ${samplingText(sample)}`),
      ),
    z.object({ prompt: z.string() }),
  );
  addTool(
    mcp,
    'test_elicitation',
    'Asks the user for a name and an e-mail address',
    ({ message }, ctx) => {
      const form = z.object({
        username: z.string().describe("User's response"),
        email: z.string().describe("User's email address"),
      });
      return interview(ctx, { user: formQuestion(message, form) }, ({ user }) =>
        say(`User response: ${formText(user)}`),
      );
    },
    z.object({ message: z.string() }),
  );
  addFormTool(mcp, 'test_elicitation_sep1034_defaults', 'Asks with a default for every field type', defaultsForm());
  addFormTool(mcp, 'test_elicitation_sep1330_enums', 'Asks with every kind of choice field', enumsForm());
  addTool(
    mcp,
    'test_missing_capability',
    'Needs the sampling capability; refused with -32021 without it',
    (_args, ctx) =>
      interview(ctx, { sample: samplingQuestion('Say hello.', 20) }, ({ sample }) => say(samplingText(sample))),
  );
  addTool(mcp, 'test_streaming_elicitation', 'Reports progress, then asks the user to confirm', async (_args, ctx) => {
    if (!ctx.mcpReq.inputResponses) await reportProgress(ctx, 1, 2); // once: a 2025 session re-enters this handler
    const questions = { confirm: formQuestion('Continue?', confirmForm) };
    return interview(ctx, questions, ({ confirm }) => say(formText(confirm)));
  });
}

function addFormTool(mcp, name, description, requestedSchema) {
  addTool(mcp, name, description, (_args, ctx) =>
    interview(ctx, { form: formQuestion('Please fill in the form', requestedSchema) }, ({ form }) =>
      say(`Elicitation completed: ${formText(form)}`),
    ),
  );
}

function defaultsForm() {
  const properties = {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  };
  return { type: 'object', properties };
}

function enumsForm() {
  const plain = ['option1', 'option2', 'option3'];
  const titled = (noun) =>
    ['First', 'Second', 'Third'].map((word, i) => ({ const: `value${i + 1}`, title: `${word} ${noun}` }));
  const properties = {
    untitledSingle: { type: 'string', enum: plain },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: plain } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
  };
  return { type: 'object', properties };
}

function registerInputRequiredTools(mcp) {
  const add = (suffix, description, handler) =>
    addTool(mcp, `test_input_required_result_${suffix}`, description, (_args, ctx) => handler(ctx));
  add('elicitation', 'Asks for a name, then greets', (ctx) =>
    interview(ctx, { user_name: formQuestion('What is your name?', nameForm) }, ({ user_name: answer }) =>
      say(answer.action === 'accept' ? `Hello, ${answer.content.name}!` : `No name given (${answer.action})`),
    ),
  );
  add('sampling', 'Asks the client model one question', (ctx) =>
    interview(ctx, { capital_question: samplingQuestion('What is the capital of France?', 100) }, (answers) =>
      say(samplingText(answers.capital_question)),
    ),
  );
  add('list_roots', 'Asks for the client roots', (ctx) =>
    interview(ctx, { client_roots: rootsQuestion() }, (answers) => say(rootsText(answers.client_roots))),
  );
  add('request_state', 'Asks once and checks that the state comes back', (ctx) =>
    confirmWithState(ctx, 'request_state'),
  );
  add('tampered_state', 'Same, for callers that alter the state', (ctx) => confirmWithState(ctx, 'tampered_state'));
  add('multiple_inputs', 'Asks three kinds of question at once', askThreeKinds);
  add('multi_round', 'Asks two questions in two rounds', askInTwoRounds);
  add('capabilities', 'Asks only what the client declared it can answer', (ctx) => askWhatIsDeclared(mcp, ctx));
}

const rootsText = (roots) => `Roots: ${roots.map((root) => root.uri).join(', ') || 'none'}`;

/** The signature is verified before the handler runs (a bad one ends as -32602); here only the content matters. */
const verifiedState = (ctx, tool) => {
  const state = ctx.mcpReq.requestState();
  return state?.tool === tool ? state : undefined;
};

async function confirmWithState(ctx, tool) {
  const questions = { confirm: formQuestion('Please confirm', confirmForm) };
  const answers = verifiedState(ctx, tool) && readAnswers(ctx, questions);
  return answers ? say(`state-ok, ${formText(answers.confirm)}`) : ask(ctx, questions, { tool, nonce: randomUUID() });
}

async function askThreeKinds(ctx) {
  const tool = 'multiple_inputs';
  const questions = {
    user_name: formQuestion('What is your name?', nameForm),
    greeting: samplingQuestion('Generate a greeting', 50),
    client_roots: rootsQuestion(),
  };
  const answers = verifiedState(ctx, tool) && readAnswers(ctx, questions);
  if (!answers) return ask(ctx, questions, { tool, nonce: randomUUID() });
  return say(`${samplingText(answers.greeting)} ${formText(answers.user_name)} ${rootsText(answers.client_roots)}`);
}

async function askInTwoRounds(ctx) {
  const tool = 'multi_round';
  const first = { step1: formQuestion('Step 1: What is your name?', nameForm) };
  const second = { step2: formQuestion('Step 2: What is your favorite color?', z.object({ color: z.string() })) };
  const state = verifiedState(ctx, tool);
  if (state?.round === 2) {
    const answers = readAnswers(ctx, second);
    return answers ? say(`${state.name} likes ${answers.step2.content?.color ?? 'no color'}`) : ask(ctx, second, state);
  }
  const answers = state && readAnswers(ctx, first);
  if (!answers) return ask(ctx, first, { tool, round: 1, nonce: randomUUID() });
  return ask(ctx, second, { tool, round: 2, name: answers.step1.content?.name ?? 'nobody' });
}

async function askWhatIsDeclared(mcp, ctx) {
  const declared = clientCapabilities(mcp, ctx);
  const all = {
    user_name: formQuestion('What is your name?', nameForm),
    greeting: samplingQuestion('Generate a greeting', 50),
    client_roots: rootsQuestion(),
  };
  const questions = Object.fromEntries(Object.entries(all).filter(([, question]) => declared[question.capability]));
  if (Object.keys(questions).length === 0) return say('The client declared nothing that can be asked');
  return interview(ctx, questions, (answers) => say(`Answered: ${Object.keys(answers).join(', ')}`));
}

function registerSchemaTools(mcp) {
  const echo = (args) => say(JSON.stringify(args));
  const mirrored = z.object({
    region: z.string().meta({ 'x-mcp-header': 'Region' }),
    limit: z.int().optional().meta({ 'x-mcp-header': 'Limit' }),
    dryRun: z.boolean().optional().meta({ 'x-mcp-header': 'Dry-Run' }),
  });
  addTool(
    mcp,
    'json_schema_2020_12_tool',
    'Tool with JSON Schema 2020-12 features',
    echo,
    sdk.fromJsonSchema(contactSchema()),
  );
  addTool(mcp, 'test_param_headers', 'Echoes arguments that must be repeated as Mcp-Param-* headers', echo, mirrored);
}

/** The composition, conditional, $anchor and $defs keywords the suite looks for must survive tools/list unchanged. */
function contactSchema() {
  const text = { type: 'string' };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: text, city: text } } },
    properties: {
      name: text,
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: text,
      email: text,
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  };
}

/** The trigger tools stand for an operator changing the server: process-wide, seen by every client. */
function registerTriggerTools(mcp) {
  addTool(mcp, 'test_trigger_prompt_change', 'Changes the prompt list and announces it', () => {
    revision.prompts += 1;
    bus.publish({ kind: 'prompts_list_changed' });
    return say(`Prompt list is at revision ${revision.prompts}`);
  });
  addTool(mcp, 'extra_trigger_resource_update', `Changes ${WATCHED_URI} and announces it`, () => {
    revision.watched += 1;
    bus.publish({ kind: 'resource_updated', uri: WATCHED_URI });
    return say(`${WATCHED_URI} is at revision ${revision.watched}`);
  });
  return addTool(mcp, 'test_trigger_tool_change', toolChangeDescription(), () => {
    revision.tools += 1;
    bus.publish({ kind: 'tools_list_changed' });
    return say(`Tool list is at revision ${revision.tools}`);
  });
}

const toolChangeDescription = () => `Changes the tool list and announces it (tool list revision ${revision.tools})`;

/** Not used by the suite: lets a test see whether a cancellation reached the upstream. */
function registerSlowTools(mcp) {
  addTool(
    mcp,
    'extra_slow_call',
    'Waits ms milliseconds with progress reports; can be cancelled',
    async ({ ms }, ctx) => {
      const steps = 10;
      try {
        for (let step = 1; step <= steps; step++) {
          await sleep(ms / steps, undefined, { signal: ctx.mcpReq.signal });
          await reportProgress(ctx, step, steps);
        }
      } catch (error) {
        slowCalls.cancelled += 1;
        throw error;
      }
      slowCalls.completed += 1;
      return say(`Waited ${ms} ms`);
    },
    z.object({ ms: z.int().min(0).max(60_000) }),
  );
  addTool(mcp, 'extra_slow_call_stats', 'Returns how many slow calls completed and were cancelled', () =>
    say(JSON.stringify(slowCalls)),
  );
}

// ---------------------------------------------------------------------------------------------------------------
// Resources and prompts
// ---------------------------------------------------------------------------------------------------------------
function registerResources(mcp) {
  const cacheHint = { ttlMs: 60_000, cacheScope: 'public' };
  const content = (uri, mimeType, body) => ({ contents: [{ uri: uri.href, mimeType, ...body }] });
  const addFixed = (name, description, mimeType, body) =>
    mcp.registerResource(name, `test://${name}`, { description, mimeType, cacheHint }, (uri) =>
      content(uri, mimeType, body),
    );
  addFixed('static-text', 'A fixed text', 'text/plain', { text: 'This is the content of the static text resource.' });
  addFixed('static-binary', 'A fixed PNG image', 'image/png', { blob: RED_PIXEL_PNG });

  const watched = { description: 'A text that can change', mimeType: 'text/plain' };
  mcp.registerResource('watched-resource', WATCHED_URI, watched, (uri) =>
    content(uri, 'text/plain', { text: `Watched resource, revision ${revision.watched}` }),
  );

  const complete = { id: (value) => ['123', '124', '200'].filter((id) => id.startsWith(value)) };
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined, complete });
  const byId = { description: 'Data for one id', mimeType: 'application/json' };
  mcp.registerResource('template-data', template, byId, (uri, { id }) =>
    content(uri, 'application/json', { text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }),
  );
}

function registerPrompts(mcp) {
  const messages = (...blocks) => ({ messages: blocks.map(userMessage) });
  const simple = mcp.registerPrompt('test_simple_prompt', { description: promptDescription() }, () =>
    messages(textBlock('This is a simple prompt for testing.')),
  );

  const word = (description, words) =>
    completable(z.string().describe(description), (value) => words.filter((w) => w.startsWith(value)));
  const twoArguments = z.object({
    arg1: word('First test argument', ['test', 'paris', 'park', 'party']),
    arg2: word('Second test argument', ['test', 'red', 'green']),
  });
  const withArguments = { description: 'Has two arguments', argsSchema: twoArguments };
  mcp.registerPrompt('test_prompt_with_arguments', withArguments, ({ arg1, arg2 }) =>
    messages(textBlock(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );

  const oneUri = z.object({ resourceUri: z.string().describe('URI of the resource to embed') });
  const withResource = { description: 'Embeds a resource', argsSchema: oneUri };
  mcp.registerPrompt('test_prompt_with_embedded_resource', withResource, ({ resourceUri }) =>
    messages(
      resourceBlock(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
      textBlock('Please process the embedded resource above.'),
    ),
  );
  mcp.registerPrompt('test_prompt_with_image', { description: 'Contains an image' }, () =>
    messages(imageBlock(), textBlock('Please analyze the image above.')),
  );

  const contextForm = z.object({ context: z.string() });
  mcp.registerPrompt('test_input_required_result_prompt', { description: 'Asks for its context first' }, (ctx) => {
    const questions = { user_context: formQuestion('What context should the prompt use?', contextForm) };
    return interview(ctx, questions, ({ user_context: answer }) =>
      messages(textBlock(`Use this context: ${answer.content?.context ?? 'none'}`)),
    );
  });
  return simple;
}

const promptDescription = () => `A prompt without arguments (prompt list revision ${revision.prompts})`;

// ---------------------------------------------------------------------------------------------------------------
// One MCP server instance: per request in the 2026 era, per session in the 2025 era
// ---------------------------------------------------------------------------------------------------------------
function buildServer() {
  const shared = { ttlMs: 5_000, cacheScope: 'public' };
  const mcp = new McpServer(
    { name: 'reference-upstream', version: '1.0.0' },
    {
      instructions: 'Conformance fixture. Tools named test_* are called by the official suite, extra_* by other tests.',
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
      cacheHints: {
        'server/discover': shared,
        'tools/list': shared,
        'prompts/list': shared,
        'resources/list': shared,
        'resources/templates/list': shared,
        'resources/read': { ttlMs: 0, cacheScope: 'private' },
      },
      requestState: { verify: stateCodec.verify },
    },
  );
  registerContentTools(mcp);
  registerStreamingTools(mcp);
  registerInteractiveTools(mcp);
  registerInputRequiredTools(mcp);
  registerSchemaTools(mcp);
  registerSlowTools(mcp);
  registerResources(mcp);
  const toolHandle = registerTriggerTools(mcp);
  const promptHandle = registerPrompts(mcp);
  return { mcp, toolHandle, promptHandle };
}

// ---------------------------------------------------------------------------------------------------------------
// 2025 sessions
// ---------------------------------------------------------------------------------------------------------------
const sessions = new Map(); // session id -> { transport, lastSeen, release }

/** Remembers the SSE events of one session, so that a client can resume with Last-Event-ID. */
class MemoryEventStore {
  #events = [];
  #last = 0;

  async storeEvent(streamId, message) {
    const id = `${streamId}/${++this.#last}`;
    this.#events.push({ id, streamId, message });
    if (this.#events.length > MAX_STORED_EVENTS) this.#events.shift();
    return id;
  }

  async getStreamIdForEventId(id) {
    return this.#events.find((event) => event.id === id)?.streamId;
  }

  async replayEventsAfter(lastId, { send }) {
    const from = this.#events.findIndex((event) => event.id === lastId);
    const { streamId } = this.#events[from];
    for (const event of this.#events.slice(from + 1)) {
      const isPriming = Object.keys(event.message).length === 0; // marks the start of a stream, carries nothing
      if (event.streamId === streamId && !isPriming) await send(event.id, event.message);
    }
    return streamId;
  }
}

/** Adds what only a session has: subscriptions by request, and change events sent on its own streams. */
function connectToBus({ mcp, toolHandle, promptHandle }) {
  const subscribed = new Set();
  mcp.server.setRequestHandler('resources/subscribe', ({ params }) => (subscribed.add(params.uri), {}));
  mcp.server.setRequestHandler('resources/unsubscribe', ({ params }) => (subscribed.delete(params.uri), {}));
  return bus.subscribe((event) => {
    // update() on a registered entry makes the SDK send list_changed itself
    if (event.kind === 'tools_list_changed') toolHandle.update({ description: toolChangeDescription() });
    if (event.kind === 'prompts_list_changed') promptHandle.update({ description: promptDescription() });
    if (event.kind === 'resource_updated' && subscribed.has(event.uri)) {
      mcp.server.sendResourceUpdated({ uri: event.uri }).catch(() => {});
    }
  });
}

/** Serves a request without session id. Only `initialize` makes a session; the transport refuses anything else. */
async function openSession(request) {
  const built = buildServer();
  const release = connectToBus(built);
  const transport = new sdk.WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: new MemoryEventStore(),
    retryInterval: 200,
    onsessioninitialized: (id) => void sessions.set(id, { transport, release, lastSeen: Date.now() }),
  });
  built.mcp.server.onclose = () => {
    release();
    sessions.delete(transport.sessionId);
  };
  await built.mcp.connect(transport);
  const response = await transport.handleRequest(request);
  if (!transport.sessionId) await built.mcp.close();
  return response;
}

async function serveSessionRequest(request) {
  const id = request.headers.get('mcp-session-id');
  if (id === null) return openSession(request);
  const session = sessions.get(id);
  if (!session) return rpcError(404, -32001, 'Session not found');
  session.lastSeen = Date.now();
  return session.transport.handleRequest(request);
}

function closeIdleSessions() {
  for (const { transport, lastSeen } of sessions.values()) {
    if (Date.now() - lastSeen > SESSION_IDLE_MS) transport.close();
  }
}

// ---------------------------------------------------------------------------------------------------------------
// HTTP
// ---------------------------------------------------------------------------------------------------------------
const modern = sdk.createMcpHandler(() => buildServer().mcp, { legacy: 'reject', bus });

function rpcError(status, code, message, headers) {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status, headers });
}

async function route(request) {
  if (new URL(request.url).pathname !== ENDPOINT) return new Response('Not found', { status: 404 });
  if (TOKEN && request.headers.get('authorization') !== `Bearer ${TOKEN}`) {
    return rpcError(401, -32000, 'Unauthorized', { 'www-authenticate': 'Bearer error="invalid_token"' });
  }
  return (await sdk.isLegacyRequest(request)) ? serveSessionRequest(request) : modern.fetch(request);
}

/** Sends the headers of an SSE response at once, before its first event exists. */
function flushEventStreams(res) {
  const writeHead = res.writeHead.bind(res);
  res.writeHead = (status, headers) => {
    writeHead(status, headers);
    if (headers?.['content-type']?.startsWith('text/event-stream')) res.flushHeaders();
    return res;
  };
}

const hostIsLocal = localhostHostValidation();
const originIsLocal = localhostOriginValidation();
const serve = toNodeHandler({ fetch: route }, { onerror: (error) => console.error(error) });
const http = createServer((req, res) => {
  if (!hostIsLocal(req, res) || !originIsLocal(req, res)) return; // both answer 403 themselves
  flushEventStreams(res);
  serve(req, res);
});

async function shutDown() {
  http.close();
  await modern.close();
  await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
  http.closeAllConnections();
  process.exit(0);
}

setInterval(closeIdleSessions, 60_000).unref();
process.once('SIGTERM', shutDown);
process.once('SIGINT', shutDown);
http.once('error', (error) => {
  console.error(`cannot listen on 127.0.0.1:${PORT}: ${error.message}`);
  process.exit(1);
});
http.listen(PORT, '127.0.0.1', () => {
  console.log(`READY url=http://127.0.0.1:${http.address().port}${ENDPOINT} pid=${process.pid}`);
});
