import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayFile } from '../../config/gateway-file.js';
import { readConfiguredServers, type ReadServers } from './read-configured-servers.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-servers-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Both readers, as a start runs them. */
async function read(text: string, env: NodeJS.ProcessEnv = {}): Promise<ReadServers> {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  const file = readGatewayFile(path, { env, outboundAllow: [] });
  const servers = await readConfiguredServers(file.mcpServers, { toolPrefixSeparator: '-', stdioCommands: ['node'] });
  const warnings = [...file.ignoredKeys, ...servers.warnings];
  return { ...servers, faults: [...file.faults, ...servers.faults], warnings };
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

describe('servers of gateway.yaml', () => {
  it('take the fields of LiteLLM and its names', async () => {
    const { servers, faults, warnings } = await read(
      `mcp_servers:
  wiki:
    url: os.environ/DOCS_URL
    auth_type: bearer_token
    auth_value: os.environ/DOCS_TOKEN
    access_groups: [readers]
    disallowed_tools: [purge]
    allowed_params: { search: [q] }
    static_headers:
      x-tenant: acme
    allow_all_keys: true
    timeout: 20
  files:
    transport: stdio
    command: node
    args: [server.mjs, "--port", "8080"]
    env: { TOKEN: os.environ/DOCS_TOKEN }
    alias: fs
litellm_settings:
  mcp_aliases:
    handbook: wiki
`,
      { DOCS_URL: 'https://docs.example.com/mcp', DOCS_TOKEN: 'secret' },
    );
    expect({ faults, warnings }).toEqual({ faults: [], warnings: [] });
    expect(servers).toMatchObject([
      {
        server_id: sha('wiki|https://docs.example.com/mcp|http|bearer_token|handbook'),
        server_name: 'wiki',
        alias: 'handbook',
        transport: 'http',
        credentials: { auth_value: 'secret' },
        mcp_access_groups: ['readers'],
        disallowed_tools: ['purge'],
        allowed_params: { search: ['q'] },
        static_headers: { 'x-tenant': 'acme' },
        allow_all_keys: true,
        timeout: 20,
        approval_status: 'active',
        is_config: true,
      },
      {
        server_id: sha('files||stdio||fs'),
        alias: 'fs',
        transport: 'stdio',
        args: ['server.mjs', '--port', '8080'],
        env: { TOKEN: 'secret' },
      },
    ]);
  });

  it('take variables of the operator, and what becomes a stored server may ask users', async () => {
    const variables = 'env_vars: [{ name: TENANT, value: os.environ/TENANT, scope: global }]';
    const entry = `mcp_servers:\n  a:\n    url: https://a.example.com/mcp\n    ${variables}\n`;
    const { servers, faults } = await read(entry, { TENANT: 'acme' });
    expect(faults).toEqual([]);
    expect(servers[0]?.env_vars).toMatchObject([{ name: 'TENANT', value: 'acme', scope: 'global' }]);
    const path = join(directory, 'gateway.yaml');
    writeFileSync(path, 'mcp_servers:\n  a: { url: "https://a.example.com/mcp", is_byok: true }\n');
    const file = readGatewayFile(path, { env: {}, outboundAllow: [] });
    const limits = { toolPrefixSeparator: '-', stdioCommands: [], areStored: true };
    expect((await readConfiguredServers(file.mcpServers, limits)).servers[0]?.is_byok).toBe(true);
  });

  it('keep an id that is written', async () => {
    const { servers } = await read('mcp_servers:\n  a: { url: "https://a.example.com/mcp", server_id: my_id }\n');
    expect(servers[0]).toMatchObject({ server_id: 'my_id', alias: 'a' });
  });

  it.each<[string, string, string]>([
    ['a field at fault', 'a:\n    url: https://a.example.com\n    timeout: soon', 'line 4: mcp_servers.a.timeout must'],
    [
      'a fault inside',
      'a:\n    url: https://a.example.com\n    static_headers:\n      host: x',
      'line 5: mcp_servers.a.static_headers.host is set by the gateway',
    ],
    [
      'a wrong type of a list',
      'a:\n    url: https://a.example.com\n    allowed_tools: echo',
      'line 4: mcp_servers.a.allowed_tools must be a list',
    ],
    ['what is missing', 'a:\n    transport: http', 'line 2: mcp_servers.a.url is required'],
    ['no map', 'a: 7', 'line 2: mcp_servers.a must be a map'],
    ['a reserved name', 'docs:\n    url: https://a.example.com', 'line 2: mcp_servers.docs is reserved'],
    ['a name with the separator', 'a-b:\n    url: https://a.example.com', 'line 2: mcp_servers.a-b must not contain'],
    [
      'an alias with it',
      'a:\n    url: https://a.example.com\n    alias: x-y',
      'line 4: mcp_servers.a.alias must not contain',
    ],
    [
      'a token that is no text',
      'a:\n    url: https://a.example.com\n    auth_type: token\n    auth_value: [x]',
      'line 5: mcp_servers.a.auth_value',
    ],
    [
      'a command that is not allowed',
      'a:\n    transport: stdio\n    command: bash\n    args: []',
      'line 4: mcp_servers.a.command must be exactly',
    ],
    [
      'what is not supported',
      'a:\n    url: https://a.example.com\n    oauth_passthrough: true',
      'line 4: mcp_servers.a.oauth_passthrough is not supported',
    ],
    [
      'keys of users',
      'a:\n    url: https://a.example.com\n    is_byok: true',
      'line 4: mcp_servers.a.is_byok is not for servers of this file',
    ],
    [
      'variables of users',
      'a:\n    url: https://a.example.com\n    env_vars: [{ name: TENANT, scope: user }]',
      'line 4: mcp_servers.a.env_vars is not for servers of this file',
    ],
    [
      'an auth_type that is not supported',
      'a:\n    url: https://a.example.com\n    auth_type: oauth9',
      'line 4: mcp_servers.a.auth_type must be one of',
    ],
    [
      'a variable that is not set',
      'a:\n    url: os.environ/NOT_SET',
      'line 3: mcp_servers.a.url refers to os.environ/NOT_SET',
    ],
    [
      'names that differ in punctuation',
      'a_b:\n    url: https://a.example.com\n  A.B:\n    url: https://b.example.com',
      'line 4: mcp_servers.A.B has, but for case',
    ],
  ])('refuse %s by line and field', async (_what, entry, fault) => {
    const { servers, faults } = await read(`mcp_servers:\n  ${entry}\n`);
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(servers).toEqual([]);
  });

  it('refuse a name that is there twice, by its line', async () => {
    const twice = 'mcp_servers:\n  a: { url: "https://a.example.com" }\n  a: { url: "https://b.example.com" }\n';
    await expect(read(twice)).rejects.toThrow('see line 3 (DUPLICATE_KEY)');
  });

  it('warn of what has no effect', async () => {
    const { servers, warnings } = await read(
      `mcp_servers:
  a:
    url: https://a.example.com
    colour: red
litellm_settings:
  mcp_aliases: { first: a, second: a, lost: nobody }
  drop_params: true
`,
    );
    expect(servers[0]?.alias).toBe('first');
    expect(warnings).toEqual([
      'litellm_settings.drop_params',
      'litellm_settings.mcp_aliases.second',
      'litellm_settings.mcp_aliases.lost',
      'line 4: mcp_servers.a.colour has no effect in this version',
    ]);
  });

  it('never tell a value', async () => {
    const secret = 'canary-71c2';
    const { faults } = await read(
      `mcp_servers:\n  a:\n    url: ftp://${secret}\n    auth_type: basic\n    auth_value: ${secret}\n    extra_headers: ["${secret} x"]\n    env: { ${'LD_PRELOAD'}: ${secret} }\n`,
    );
    expect(faults.length).toBeGreaterThan(2);
    expect(faults.join()).not.toContain(secret);
  });

  it('end where anchors lead in circles', async () => {
    const { faults } = await read('mcp_servers:\n  a: &a\n    url: https://a.example.com\n    env: *a\n');
    expect(faults[0]).toContain('is nested too deeply');
  });
});
