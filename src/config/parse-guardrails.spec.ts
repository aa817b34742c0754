import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayFile, type GatewayFile } from './gateway-file.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-file-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(text: string): GatewayFile {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  return readGatewayFile(path, { env: {}, outboundAllow: [] });
}

const entry = (name: string, params: string): string =>
  `guardrails:\n  - guardrail_name: ${name}\n    litellm_params: ${params}\n`;

describe('guardrails', () => {
  it('are read with paths from the directory of the file', () => {
    const { guardrails, faults, ignoredKeys } = read(`
guardrails:
  - guardrail_name: no-deletes
    litellm_params: { guardrail: ./no-deletes.mjs, mode: pre_mcp_call, default_on: true }
  - guardrail_name: acme:dlp
    litellm_params: { guardrail: "@acme/dlp", mode: [during, post_mcp_call, post, list] }
`);
    expect({ faults, ignoredKeys }).toEqual({ faults: [], ignoredKeys: [] });
    const unsaid = { order: null, timeoutMs: null, failOpen: null };
    expect(guardrails).toEqual([
      {
        name: 'no-deletes',
        source: { kind: 'module', module: join(directory, 'no-deletes.mjs') },
        phases: ['pre'],
        defaultOn: true,
        ...unsaid,
      },
      {
        name: 'acme:dlp',
        source: { kind: 'module', module: '@acme/dlp' },
        phases: ['during', 'post', 'list'],
        defaultOn: false,
        ...unsaid,
      },
    ]);
  });

  it('of built-in names keep their settings, with the place of each', () => {
    const text = `
guardrails:
  - guardrail_name: rules
    litellm_params:
      guardrail: cel
      mode: pre
      order: 7
      timeout_ms: 50
      fail_open: true
      rules:
        - { when: os.environ/WHEN, empty: "", deep: [1, true, null] }
`;
    const path = join(directory, 'gateway.yaml');
    writeFileSync(path, text);
    const { guardrails, faults } = readGatewayFile(path, { env: { WHEN: 'true' }, outboundAllow: [] });
    expect(faults).toEqual([]);
    const [entry] = guardrails;
    expect(entry).toMatchObject({ order: 7, timeoutMs: 50, failOpen: true });
    const below = (line: number, rest: string): string => `line ${line}: guardrails[0].litellm_params${rest}`;
    expect(entry?.source).toEqual({
      kind: 'built_in',
      builtIn: 'cel',
      settings: {
        values: { rules: [{ when: 'true', empty: '', deep: [1, true, null] }] },
        places: {
          '': below(4, ''),
          rules: below(10, '.rules'),
          'rules.0': below(11, '.rules[0]'),
          'rules.0.when': below(11, '.rules[0].when'),
          'rules.0.empty': below(11, '.rules[0].empty'),
          'rules.0.deep': below(11, '.rules[0].deep'),
          'rules.0.deep.0': below(11, '.rules[0].deep[0]'),
          'rules.0.deep.1': below(11, '.rules[0].deep[1]'),
          'rules.0.deep.2': below(11, '.rules[0].deep[2]'),
        },
      },
    });
  });

  it('are none when the file says nothing of them', () => {
    expect(read('general_settings: {}\n').guardrails).toEqual([]);
  });

  it.each([
    [
      'no name',
      'guardrails: [{ litellm_params: { guardrail: x, mode: pre } }]',
      'guardrails[0].guardrail_name is missing',
    ],
    ['a name that is none', entry('a b', '{ guardrail: x, mode: pre }'), 'guardrails[0].guardrail_name must be'],
    ['no params', 'guardrails: [{ guardrail_name: a }]', 'guardrails[0].litellm_params is missing'],
    ['no module', entry('a', '{ mode: pre }'), 'guardrails[0].litellm_params.guardrail is missing'],
    ['no mode', entry('a', '{ guardrail: x }'), 'guardrails[0].litellm_params.mode is missing'],
    [
      'a mode of model calls',
      entry('a', '{ guardrail: x, mode: pre_call }'),
      'guardrails[0].litellm_params.mode must be',
    ],
    ['no mode in the list', entry('a', '{ guardrail: x, mode: [] }'), 'litellm_params.mode must name at least one'],
    ['a text for order', entry('a', '{ guardrail: x, mode: pre, order: first }'), 'order must be a number'],
    [
      'a time limit of nothing',
      entry('a', '{ guardrail: x, mode: pre, timeout_ms: 0 }'),
      'timeout_ms must be a number from 1 to',
    ],
    [
      'a variable that is not set',
      entry('a', '{ guardrail: cel, mode: pre, rules: [os.environ/NO] }'),
      'rules[0] refers',
    ],
    [
      'circles',
      'guardrails: [{ guardrail_name: a, litellm_params: { guardrail: cel, mode: pre, x: &x { y: *x } } }]',
      'deep',
    ],
    ['a text for default_on', entry('a', '{ guardrail: x, mode: pre, default_on: "no" }'), 'default_on must be true'],
    [
      'an unknown setting',
      entry('a', '{ guardrail: x, mode: pre, timout: 3 }'),
      'litellm_params.timout is not a setting',
    ],
    [
      'two of one name',
      `${entry('a', '{ guardrail: x, mode: pre }')}  - guardrail_name: a\n    litellm_params: { guardrail: y, mode: post }\n`,
      'guardrails[1] has the guardrail_name of another entry: a',
    ],
    ['a map', 'guardrails: { a: b }', 'guardrails must be a list'],
  ])('with %s are refused by line and field', (_, text, fault) => {
    expect(read(text).faults.join('\n')).toContain(fault);
    expect(read(text).faults[0]).toMatch(/^line \d+: /);
  });
});
