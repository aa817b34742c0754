import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from './support/backends.js';
import { parseCurl } from './support/curl-command.js';
import { http, type HttpCall } from './support/http.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const [backend] = availableBackends();
const PAGE = readFileSync('docs/from-litellm.md', 'utf8');
const COMMANDS = [...PAGE.matchAll(/```bash\n# (\d{3})\n([\s\S]*?)```/g)].map(([, status, command]) => {
  return { status: Number(status), command: (command ?? '').trim() };
});

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let variables: Record<string, string>;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  gateway = await startTestGateway(backend);
  variables = { GATEHOUSE: gateway.url, MASTER_KEY: gateway.masterKey, MCP_URL: upstream.url };
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

function filled(command: string): string {
  return command.replaceAll(/\$([A-Z_]+)/g, (_all, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`no answer gave $${name} yet`);
    return value;
  });
}

/** What the page says of its variables. */
function remember(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return;
  for (const name of ['server_id', 'team_id', 'toolset_id', 'key']) {
    const value: unknown = Reflect.get(answer, name);
    // Where a key is read, `key` is its token.
    const isKept = name !== 'key' || String(value).startsWith('sk-');
    if (typeof value === 'string' && isKept) variables[name.toUpperCase()] = value;
  }
}

function nameOf(command: string): string {
  const { method, url } = parseCurl(command);
  return `${method} ${url.replace('$GATEHOUSE', '')}`;
}

describe('the requests of docs/from-litellm.md', () => {
  it('are all there is on the page', () => {
    expect(COMMANDS.length).toBe([...PAGE.matchAll(/```bash/g)].length);
    expect(COMMANDS.length).toBeGreaterThan(20);
  });

  it.each(COMMANDS.map(({ status, command }) => [nameOf(command), status, command] as const))(
    '%s answers %i',
    async (_name, status, command) => {
      const { method, url, headers, body } = parseCurl(filled(command));
      const call = { method, headers, ...(body !== null && { body }) } as HttpCall;
      const answer = await http(url, call);
      expect({ status: answer.status, text: status < 400 && answer.status >= 400 ? answer.text : '' }).toEqual({
        status,
        text: '',
      });
      remember(answer.json);
    },
  );

  it('reached the server with both forms of the name', () => {
    const calls = upstream.requests.of('tools/call').map(({ rpc }) => rpc?.['params']);
    expect(calls).toMatchObject([{ name: 'echo' }, { name: 'echo' }]);
  });
});
