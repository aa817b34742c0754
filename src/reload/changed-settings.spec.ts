import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayFile, type GatewayFile } from '../config/gateway-file.js';
import { restartNeeded } from './changed-settings.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-reload-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(text: string): GatewayFile {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  const file = readGatewayFile(path, { env: {}, outboundAllow: [] });
  if (file.faults.length > 0) throw new Error(file.faults.join());
  return file;
}

const FILE = `general_settings:
  unknown_customers: allow
  enable_mcp_registry: false
  authorization_server:
    login: identity_provider
    identity_provider: { issuer: https://idp.example.com, client_id: gatehouse, client_secret: idp-secret }
model_list:
  - model_name: embedder
    litellm_params: { model: openai/e, api_base: https://a.example.com/v1, api_key: first-key }
litellm_settings:
  mcp_semantic_tool_filter: { enabled: true, embedding_model: embedder, top_k: 5 }
guardrails:
  - guardrail_name: redact
    litellm_params: { guardrail: pii, mode: pre_mcp_call, default_on: false, entities: { email: mask } }
`;

describe('what needs a new start', () => {
  it.each<[string, (text: string) => string, string[]]>([
    ['nothing', (text) => text, []],
    ['lines that moved', (text) => `# a comment\n${text}`, []],
    ['default_on', (text) => text.replace('default_on: false', 'default_on: true'), []],
    [
      'a setting of a built-in guardrail',
      (text) => text.replace('email: mask', 'email: block'),
      ['guardrails (but for default_on)'],
    ],
    [
      'the secret of the identity provider',
      (text) => text.replace('idp-secret', 'other-secret'),
      ['general_settings.authorization_server'],
    ],
    ['unknown_customers', (text) => text.replace('allow', 'deny'), ['general_settings.unknown_customers']],
    [
      'a setting of the management API',
      (text) => text.replace('registry: false', 'registry: true'),
      ['general_settings.enable_mcp_registry'],
    ],
    [
      'the semantic filter',
      (text) => text.replace('top_k: 5', 'top_k: 6'),
      ['litellm_settings.mcp_semantic_tool_filter'],
    ],
    [
      'the secret of a model that the filter uses',
      (text) => text.replace('first-key', 'other-key'),
      ['model_list', 'litellm_settings.mcp_semantic_tool_filter'],
    ],
  ])('%s', (_what, change, expected) => {
    expect(restartNeeded(read(FILE), read(change(FILE)))).toEqual(expected);
  });
});
