import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync, type FSWatcher } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import {
  aCall,
  aClient,
  aPrincipal,
  aServer,
  configWith,
  ownRequest,
  invokeOptions,
  limits,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import { systemCodeOf } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import { Secret } from '../../common/secret.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ListChanges } from '../list-changes.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { StdioBackend } from './stdio-backend.js';

const UPSTREAM = resolve('test/fixtures/upstreams/stdio-upstream.mjs');
const STATELESS_UPSTREAM = resolve('test/fixtures/upstreams/stateless-stdio-upstream.mjs');

/** What the program has written to its record file, and a way to wait for more. */
class RecordFile {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gatehouse-stdio-'));
  readonly path = join(this.#directory, 'record.jsonl');
  readonly #changes = new EventEmitter();
  readonly #watcher: FSWatcher;

  constructor() {
    writeFileSync(this.path, '');
    this.#watcher = watch(this.path, () => this.#changes.emit('change'));
  }

  get entries(): JsonObject[] {
    const lines = readFileSync(this.path, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  with(member: string): JsonObject[] {
    return this.entries.filter((entry) => member in entry);
  }

  async waitFor(member: string): Promise<void> {
    while (this.with(member).length === 0) await once(this.#changes, 'change');
  }

  remove(): void {
    this.#watcher.close();
    rmSync(this.#directory, { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) !== 'ESRCH';
  }
}

describe('upstreams that are programs', () => {
  let record: RecordFile;
  let backend: StdioBackend;
  let server: McpServer;
  beforeEach(() => {
    record = new RecordFile();
    open();
  });
  afterEach(async () => {
    await backend.close();
    record.remove();
  });

  function open(overrides: Partial<McpServer> = {}, limited: Partial<UpstreamLimits> = {}): void {
    const config = configWith({ stdioCommands: [process.execPath] });
    backend = new StdioBackend(config, new ListChanges(), limits({ goodbyeMs: 300, ...limited }));
    server = aServer({
      transport: 'stdio',
      command: process.execPath,
      args: new Secret([UPSTREAM]),
      env: new Secret({ RECORD_FILE: record.path, DECLARED: 'yes' }),
      timeoutMs: 10_000,
      ...overrides,
    });
  }

  function call(
    tool: string,
    args: JsonObject = {},
    options: Partial<InvokeOptions> = {},
    who = 'anybody',
  ): Promise<UpstreamReply> {
    return backend.invoke(aCall(server, tool, args, { principal: aPrincipal(who) }), invokeOptions(options));
  }

  it('list and call tools over one process per principal', async () => {
    expect(textOf(await call('echo', { text: 'a' }))).toBe('a');
    const pids = await Promise.all(['a', 'a', 'b'].map(async (who) => textOf(await call('pid', {}, {}, who))));
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).not.toBe(pids[0]);
    const tools = await backend.listTools(ownRequest(server));
    expect(tools.map((tool) => tool.name)).toContain('echo');
  });

  it('share one process when the server says so', async () => {
    open({ sessionMode: 'shared' });
    const pids = await Promise.all(['a', 'b', 'c'].map(async (who) => textOf(await call('pid', {}, {}, who))));
    expect(new Set(pids).size).toBe(1);
    expect(record.with('started')).toHaveLength(1);
  });

  it('see the declared variables and nothing of the gateway', async () => {
    process.env['CANARY'] = 'master-key';
    const env = JSON.parse(textOf(await call('env')));
    delete process.env['CANARY'];
    expect(Object.keys(env).sort()).toEqual(['DECLARED', 'HOME', 'LANG', 'PATH', 'RECORD_FILE', 'TMPDIR']);
    expect(JSON.stringify(env)).not.toContain('master-key');
  });

  it('get their arguments as they are, without a shell', async () => {
    const args = ['; echo x', '$(id)', '`id`', '*', '--eval', 'a\nb', ''];
    open({ args: new Secret([UPSTREAM, ...args]) });
    expect(JSON.parse(textOf(await call('args')))).toEqual(args);
  });

  it.each(['/bin/sh', 'node', null])('are not started when the operator does not allow %j', async (command) => {
    open({ command });
    await expect(call('echo')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
    expect(record.entries).toEqual([]);
  });

  it('cannot carry headers of hooks, so such a call is refused before anything starts', async () => {
    const refused = call('echo', {}, { hookHeaders: { 'x-a': '1' } });
    await expect(refused).rejects.toMatchObject({ code: 'hook_headers_unsupported', sent: 'no' });
    expect(record.entries).toEqual([]);
  });

  it('learn of a cancellation', async () => {
    const controller = new AbortController();
    const slow = call('slow', {}, { signal: controller.signal });
    await record.waitFor('tool');
    controller.abort();
    await expect(slow).rejects.toMatchObject({ code: 'call_cancelled', sent: 'yes' });
    await record.waitFor('cancelled');
    expect(textOf(await call('echo', { text: 'same process' }))).toBe('same process');
    expect(record.with('started')).toHaveLength(1);
  });

  it('learn that the time of a call is up', async () => {
    await call('echo');
    const { timeoutMs: _, ...rest } = server;
    // The start of the process has to fit in as well.
    server = { ...rest, timeoutMs: 3_000 };
    await expect(call('slow')).rejects.toMatchObject({ code: 'upstream_timeout', sent: 'yes' });
    await record.waitFor('cancelled');
  });

  it('bring progress to the call that it belongs to', async () => {
    const seen: string[] = [];
    const clientOf = (name: string) =>
      aClient({ wantsProgress: true, notify: (_method, params) => void seen.push(`${name} ${params['progress']}`) });
    await Promise.all([
      call('progress', {}, { client: clientOf('a') }),
      call('progress', {}, { client: clientOf('b') }),
    ]);
    expect([...seen].sort()).toEqual(['a 1', 'a 2', 'a 3', 'b 1', 'b 2', 'b 3']);
  });

  it('bring log lines and questions to the one call that runs', async () => {
    const lines: JsonObject[] = [];
    const client = aClient({
      logLevel: 'info',
      capabilities: { elicitation: {} },
      notify: (_method, params) => void lines.push(params),
      request: async () => ({ action: 'accept', content: { name: 'Ada' } }),
    });
    await call('log', {}, { client });
    expect(lines).toEqual([{ level: 'error', data: 'a line' }]);
    const answer = JSON.parse(textOf(await call('ask', {}, { client })));
    expect(answer).toEqual({ action: 'accept', content: { name: 'Ada' } });
  });

  it('get no answer from a client when two calls run, since it could be the wrong one', async () => {
    const asked: string[] = [];
    const client = aClient({
      capabilities: { elicitation: {} },
      request: async (method) => {
        asked.push(method);
        return { action: 'accept' };
      },
    });
    const controller = new AbortController();
    const other = call('slow', {}, { client, signal: controller.signal });
    await record.waitFor('tool');
    expect(JSON.parse(textOf(await call('ask', {}, { client })))).toEqual({ action: 'cancel' });
    expect(asked).toEqual([]);
    controller.abort();
    await expect(other).rejects.toMatchObject({ code: 'call_cancelled' });
  });

  it('that crash fail what runs, wait before they are restarted, and wait longer each time', async () => {
    open({}, { restartPausesMs: [200, 60_000] });
    await call('echo');
    const running = call('slow');
    await expect(call('crash')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'yes' });
    await expect(running).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'yes' });
    await expect(call('echo')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no', retryAfter: 1 });
    await restarted(() => call('echo', { text: 'back' }));
    await expect(call('crash')).rejects.toMatchObject({ sent: 'yes' });
    await expect(call('echo')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no', retryAfter: 60 });
    expect(record.with('started')).toHaveLength(2);
  });

  it('that crash for one principal run on for another', async () => {
    expect(textOf(await call('echo', { text: 'b' }, {}, 'b'))).toBe('b');
    await expect(call('crash', {}, {}, 'a')).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(textOf(await call('echo', { text: 'b' }, {}, 'b'))).toBe('b');
  });

  it('that cannot be started are unavailable, with nothing sent', async () => {
    open({ args: new Secret(['/no/such/program.mjs']) });
    await expect(call('echo')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
  });

  it.each([
    ['a reply to nobody', '{"jsonrpc":"2.0","id":"other","result":{}}'],
    ['truncated JSON', '{"jsonrpc":"2.0",'],
    ['another version', '{"jsonrpc":"1.0","id":1,"result":{}}'],
  ])('that write %s break the protocol and are killed', async (_what, line) => {
    const pid = Number(textOf(await call('pid')));
    await expect(call('write', { line })).rejects.toMatchObject({ code: 'upstream_protocol_error' });
    await gone(pid);
  });

  it('may greet on their output', async () => {
    expect(textOf(await call('write', { line: 'Server is ready' }))).toBe('written');
  });

  it('that write without an end are killed, and hold no more memory than a line may', async () => {
    open({}, { answerBytes: 4 * 1024 * 1024 });
    const pid = Number(textOf(await call('pid')));
    await expect(call('flood')).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    await gone(pid);
  });

  it('that crash take with them what they started', async () => {
    const grandchild = Number(textOf(await call('grandchild')));
    await expect(call('crash')).rejects.toMatchObject({ code: 'upstream_unavailable' });
    await gone(grandchild);
  });

  it('end with everything that they started, even what ignores SIGTERM', async () => {
    const grandchild = Number(textOf(await call('grandchild')));
    const stubborn = Number(textOf(await call('stubborn')));
    expect([isAlive(grandchild), isAlive(stubborn)]).toEqual([true, true]);
    await backend.close();
    expect(record.with('ignored')).toHaveLength(1);
    await Promise.all([gone(grandchild), gone(stubborn)]);
  });

  it('are stopped when the server is released, after the calls that run', async () => {
    const idle = Number(textOf(await call('pid', {}, {}, 'idle')));
    const controller = new AbortController();
    const running = call('slow', {}, { signal: controller.signal });
    await record.waitFor('tool');
    await backend.release(server.id);
    await gone(idle);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'call_cancelled' });
  });

  it('are stopped when nobody uses them any more', async () => {
    open({}, { processIdleMs: 50, sweepMs: 10 });
    await gone(Number(textOf(await call('pid'))));
    expect(textOf(await call('echo', { text: 'again' }))).toBe('again');
    expect(record.with('started')).toHaveLength(2);
  });

  it('make room for another caller when there are too many', async () => {
    open({}, { processesPerServer: 1 });
    const first = Number(textOf(await call('pid', {}, {}, 'a')));
    const second = Number(textOf(await call('pid', {}, {}, 'b')));
    await gone(first);
    expect(isAlive(second)).toBe(true);
  });

  it('refuse calls over the limit of the server', async () => {
    open({ maxConcurrentRequests: 1 });
    const controller = new AbortController();
    const running = call('slow', {}, { signal: controller.signal });
    await expect(call('echo')).rejects.toMatchObject({ code: 'rate_limited', sent: 'no', retryAfter: 1 });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'call_cancelled' });
  });

  it('speak 2026-07-28 when pinned to it', async () => {
    open({ args: new Secret([STATELESS_UPSTREAM]), protocolEra: '2026' });
    expect(textOf(await call('echo', { text: 'a' }))).toBe('a');
    const tools = await backend.listTools(ownRequest(server));
    expect(tools.map((tool) => tool.name)).toEqual(['echo', 'ask']);
    expect(
      await call(
        'ask',
        {},
        { client: aClient({ repeatsRequests: true, capabilities: { elicitation: { form: {} } } }) },
      ),
    ).toMatchObject({
      result: { resultType: 'input_required' },
    });
  });

  /** Calls until the pause before the restart is over. */
  async function restarted(attempt: () => Promise<UpstreamReply>): Promise<void> {
    for (;;) {
      const outcome = await attempt().catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return;
      await new Promise((next) => setTimeout(next, 20));
    }
  }

  async function gone(pid: number): Promise<void> {
    while (isAlive(pid)) await new Promise((next) => setTimeout(next, 10));
  }
});
