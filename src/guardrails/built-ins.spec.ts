import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayFile } from '../config/gateway-file.js';
import { BUILT_IN_NAMES } from '../config/guardrail-entry.js';
import { builtInFaults } from '../hooks/built-in-settings.js';
import { loadConfiguredGuardrails } from '../hooks/configured-guardrails.js';
import { BUILT_INS } from './built-ins.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-builtins-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function entriesOf(params: string) {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(
    path,
    `guardrails:\n  - guardrail_name: a\n    litellm_params:\n      ${params.replaceAll('\n', '\n      ')}\n`,
  );
  const { guardrails, faults } = readGatewayFile(path, { env: {}, outboundAllow: [] });
  expect(faults).toEqual([]);
  return guardrails;
}

function faultsOf(params: string): string {
  return entriesOf(params)
    .flatMap((entry) => builtInFaults(entry, BUILT_INS))
    .join('\n');
}

describe('settings of built-in guardrails', () => {
  it('that are right have no faults, and the guardrail is made', async () => {
    const params = 'guardrail: cel\nmode: pre\nrules:\n  - when: args.a == 1';
    expect(faultsOf(params)).toBe('');
    expect(await loadConfiguredGuardrails(entriesOf(params), BUILT_INS)).toHaveLength(1);
  });

  it.each([
    ['cel without rules', 'guardrail: cel\nmode: pre', 'line 3: guardrails[0].litellm_params.rules must be a list'],
    [
      'cel with no rule',
      'guardrail: cel\nmode: pre\nrules: []',
      'line 6: guardrails[0].litellm_params.rules must hold',
    ],
    [
      'a mode that it does not have',
      'guardrail: cel\nmode: post\nrules:\n  - when: "true"',
      'mode names post, which cel',
    ],
    [
      'an unknown setting',
      'guardrail: cel\nmode: pre\nrules:\n  - when: "true"\nrule: 5',
      'line 8: guardrails[0].litellm_params.rule is not a known setting; remove it',
    ],
    [
      'an unknown setting further down',
      'guardrail: cel\nmode: pre\nrules:\n  - when: "true"\n    mesage: x',
      'line 8: guardrails[0].litellm_params.rules[0].mesage is not a known setting',
    ],
    [
      'an action that does not exist',
      'guardrail: pii\nmode: pre\nentities:\n  email: hide',
      'entities must say mask or block',
    ],
    ['an entity that does not exist', 'guardrail: pii\nmode: pre\nentities:\n  mail: mask', 'one or several of: email'],
    [
      'a pattern that is none',
      'guardrail: pii\nmode: pre\npatterns:\n  - name: a\n    pattern: "(?=a)"',
      'line 8: guardrails[0].litellm_params.patterns[0].pattern is not a valid RE2 pattern',
    ],
    [
      'a pattern that is too large',
      'guardrail: pii\nmode: pre\npatterns:\n  - name: a\n    pattern: "a{300}"',
      'patterns[0].pattern is too large',
    ],
    ['a pattern for nothing', 'guardrail: pii\nmode: pre\npatterns:\n  - name: a\n    pattern: "a*"', 'the empty text'],
    ['a pattern without a name', 'guardrail: pii\nmode: pre\npatterns:\n  - pattern: "a"', 'patterns[0].name must be'],
    ['a rule that does not exist', 'guardrail: secrets\nmode: pre\nentropy: often', 'entropy must be one of'],
    [
      'a limit that is too small',
      'guardrail: result_limits\nmode: post\nmax_bytes: 5',
      'max_bytes must be at least 1024',
    ],
    [
      'a limit that is none',
      'guardrail: result_limits\nmode: post\nmax_items: many',
      'line 6: guardrails[0].litellm_params.max_items must be',
    ],
    ['a flag that is none', 'guardrail: prompt_injection\nmode: list\nstrict: 1', 'strict must be true or false'],
    [
      'a condition that does not compile',
      'guardrail: cel\nmode: pre\nrules:\n  - when: "true"\n  - message: m\n    when: "args."',
      'line 9: guardrails[0].litellm_params.rules[1].when is not a valid condition',
    ],
  ])('are refused by line and field: %s', async (_, params, fault) => {
    expect(faultsOf(params)).toContain(fault);
    await expect(loadConfiguredGuardrails(entriesOf(params), BUILT_INS)).rejects.toThrow(fault);
  });
});

describe('settings of guardrails that need more than one of them', () => {
  const SECRET = 'a-secret-of-at-least-thirty-two-characters';

  it.each<[string, string, string | null]>([
    ['an HTTP service', `url: https://a.example\nsecret: ${SECRET}`, null],
    ['a tool', 'server: judges\ntool: judge', null],
    ['nothing', '', 'litellm_params.url is missing: this guardrail needs url and secret, or server and tool'],
    ['no secret', 'url: https://a.example', 'litellm_params.secret is missing: it signs the questions'],
    ['a short secret', 'url: https://a.example\nsecret: short', 'secret must be at least 32 characters'],
    ['half a tool', 'server: judges', 'litellm_params.tool is missing: server and tool go together'],
    ['both', `server: a\ntool: b\nurl: https://a.example\nsecret: ${SECRET}`, 'server cannot stand beside url'],
  ])('webhook with %s', (_, settings, fault) => {
    const faults = faultsOf(`guardrail: webhook\nmode: pre\n${settings}`);
    if (fault === null) expect(faults).toBe('');
    else expect(faults).toContain(fault);
    expect(faults).not.toContain(SECRET);
  });

  it.each<[string, string]>([
    ['set_claims: { exp: 9999999999 }', 'set_claims must leave exp, iat, nbf alone'],
    ['remove_claims: [exp]', 'remove_claims must leave exp, iat, nbf alone'],
    ['ttl_seconds: 0', 'ttl_seconds must not be less than 1'],
    ['algorithm: HS256', 'algorithm must be one of'],
    ['end_user_claim_sources: [header:x]', 'end_user_claim_sources must be a list of token:<claim>'],
    ['allowed_scopes: ["a b"]', 'allowed_scopes must be a list of scopes'],
  ])('mcp_jwt_signer with %s', (setting, fault) => {
    expect(faultsOf(`guardrail: mcp_jwt_signer\nmode: pre_mcp_call\n${setting}`)).toContain(fault);
  });

  it('tool_pinning in one phase only, which would hide and not refuse', () => {
    expect(faultsOf('guardrail: tool_pinning\nmode: list')).toContain('must name pre, which tool_pinning needs');
    expect(faultsOf('guardrail: tool_pinning\nmode: [pre, list]')).toBe('');
  });
});

describe('docs/guardrails.md', () => {
  const [, sections = ''] = readFileSync('docs/guardrails.md', 'utf8').split('\n## Built-in guardrails\n');
  const examples = [...sections.matchAll(/\n### (\w+)\n[^]*?```yaml\n([^]*?)```/g)].map(
    ([, name = '', yaml = '']) => [name, yaml] as const,
  );

  it('has an example of every built-in guardrail', () => {
    expect(examples.map(([name]) => name)).toEqual([...BUILT_IN_NAMES]);
  });

  it.each(examples)('has an example of %s that is read without a fault', async (name, yaml) => {
    const path = join(directory, 'example.yaml');
    writeFileSync(path, yaml);
    const { guardrails, faults, ignoredKeys } = readGatewayFile(path, {
      env: { DLP_SECRET: 'x'.repeat(32) },
      outboundAllow: [],
    });
    expect([...faults, ...ignoredKeys, ...guardrails.flatMap((entry) => builtInFaults(entry, BUILT_INS))]).toEqual([]);
    expect(guardrails).toMatchObject([{ source: { kind: 'built_in', builtIn: name } }]);
    expect(await loadConfiguredGuardrails(guardrails, BUILT_INS)).toHaveLength(1);
  });
});
