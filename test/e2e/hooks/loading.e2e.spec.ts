import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { GatewayProcess } from '../support/gateway-process.js';

const FIXTURES = resolve('test/fixtures/guardrails');
const READS_TYPESCRIPT = 'typescript' in process.features && Boolean(process.features.typescript);

/** Only a Node that cannot load it refuses it. */
const TYPESCRIPT: [string, Record<string, string>, string][] = READS_TYPESCRIPT
  ? []
  : [['TypeScript on this Node', { modules: 'typed-hook.mts' }, 'is TypeScript, which Node v']];

let directory: string;
let upstream: RecordingHttpUpstream;
const running: GatewayProcess[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-loading-'));
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
});
afterEach(() => Promise.all(running.splice(0).map((gateway) => gateway.stop())));
afterAll(async () => {
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

function configFile(text: string): string {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  return path;
}

const inFile = (mode: string): string => `guardrails:
  - guardrail_name: from-the-file
    litellm_params: { guardrail: ${join(FIXTURES, 'argument-hook.mjs')}, mode: ${mode}, default_on: true }
`;

describe('guardrails of the configuration', () => {
  it('are loaded from paths: single providers, Nest modules, and classes that gateway.yaml names', async () => {
    const gateway = await GatewayProcess.start(directory, {
      GUARDRAIL_MODULES: './test/fixtures/guardrails/guard-provider.mjs,./test/fixtures/guardrails/guard-module.mjs',
      CONFIG_FILE: configFile(inFile('[pre_mcp_call, during]')),
    });
    running.push(gateway);
    await gateway.admin('POST', '/v1/mcp/server', { alias: 'up', url: upstream.url });
    const codeOf = async (args: Record<string, unknown>): Promise<unknown> => {
      const body = { server_id: 'up', name: 'echo', arguments: args };
      const answer = await gateway.admin('POST', '/mcp-rest/tools/call', body);
      return (answer.json as { detail?: string; content?: unknown }).detail ?? answer.status;
    };
    expect(await codeOf({ day: 'sunday' })).toBe('The call is not allowed');
    expect(await codeOf({ hour: 'night' })).toBe('The call is not allowed');
    expect(await codeOf({ block: 'pre' })).toBe('blocked in pre');
    expect(upstream.callCount).toBe(0);
    expect(await codeOf({ block: 'during' })).toBe('blocked in during');
    expect(await codeOf({ block: 'post' })).toBe(200);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a phase that its class does not have',
      { yaml: inFile('list') },
      '@McpHook "from-the-file": ArgumentHook has no onMcpList',
    ],
    [
      'a module that is not there',
      { yaml: inFile('pre').replace('argument-hook', 'nowhere') },
      'the guardrail "from-the-file" cannot be loaded',
    ],
    ['a mode that does not exist', { yaml: inFile('pre_call') }, 'guardrails[0].litellm_params.mode must be'],
    ['a provider that would never run', { modules: 'useless-provider.mjs' }, 'must have one of these as its default'],
    ...TYPESCRIPT,
  ])('refuse the start with %s', async (_, { yaml, modules }, message) => {
    const gateway = GatewayProcess.launch(directory, {
      ...(yaml !== undefined && { CONFIG_FILE: configFile(yaml) }),
      ...(modules !== undefined && { GUARDRAIL_MODULES: join(FIXTURES, modules) }),
    });
    expect(await gateway.exit()).not.toBe(0);
    expect(gateway.output).toContain(message);
  });

  it('have the faults of built-in guardrails listed with all others, before anything is opened', async () => {
    const yaml = `guardrails:
  - { guardrail_name: rules, litellm_params: { guardrail: cel, mode: pre, rules: [{ when: "args." }] } }
`;
    const gateway = GatewayProcess.launch(directory, { PORT: 'x', CONFIG_FILE: configFile(yaml) });
    expect(await gateway.exit()).toBe(78);
    expect(gateway.output).toContain('PORT must be');
    expect(gateway.output).toContain('CONFIG_FILE line 2: guardrails[0].litellm_params.rules[0].when is not a valid');
  });
});
