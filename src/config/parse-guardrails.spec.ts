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
    expect(guardrails).toEqual([
      { name: 'no-deletes', module: join(directory, 'no-deletes.mjs'), phases: ['pre'], defaultOn: true },
      { name: 'acme:dlp', module: '@acme/dlp', phases: ['during', 'post', 'list'], defaultOn: false },
    ]);
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
