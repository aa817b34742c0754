import { describe, expect, it } from '@jest/globals';
import { settingsFaults } from './server-rules.js';
import { DEFAULT_SETTINGS, type ServerSettings } from './server-settings.js';

const LIMITS = { stdioCommands: ['npx', '/opt/mcp/echo'] };
const http = (change: Partial<ServerSettings> = {}): ServerSettings => {
  return { ...DEFAULT_SETTINGS, url: 'https://mcp.example.com/mcp', ...change };
};
const stdio = (change: Partial<ServerSettings> = {}): ServerSettings => {
  return { ...DEFAULT_SETTINGS, transport: 'stdio', command: 'npx', ...change };
};
const pathsOf = (settings: ServerSettings, limits = LIMITS): string[] => {
  return settingsFaults(settings, limits).map(({ path }) => path);
};

describe('settingsFaults', () => {
  it('accepts a plain server of each transport', () => {
    expect(pathsOf(http({ auth_type: 'bearer_token', credentials: { auth_value: 'abc' } }))).toEqual([]);
    expect(pathsOf(stdio({ args: ['-y', 'x', ''], env: { LOG_LEVEL: 'info' } }))).toEqual([]);
  });

  it.each([null, '', 'mcp.example.com', 'ftp://example.com', 'file:///etc/passwd', 'https://a/#b', 'https://***@a/'])(
    'refuses the url %p',
    (url) => {
      expect(pathsOf(http({ url }))).toEqual(['url']);
    },
  );

  it.each(['', 'openapi.json', 'ftp://example.com', 'file:///etc/passwd', 'https://a/#b', 'https://a/?key=***'])(
    'refuses the spec_path %p',
    (spec_path) => {
      expect(pathsOf(http({ spec_path }))).toEqual(['spec_path']);
    },
  );

  it('wants no url and no revision of MCP with a spec_path', () => {
    const spec_path = 'https://api.example.com/openapi.json';
    expect(pathsOf(http({ spec_path, url: null }))).toEqual([]);
    expect(pathsOf(http({ spec_path, url: 'https://api.example.com/v1' }))).toEqual([]);
    expect(pathsOf(http({ spec_path, url: 'https://api.example.com/v1?key=1' }))).toEqual(['url']);
    expect(pathsOf(http({ spec_path, protocol_era: '2026' }))).toEqual(['protocol_era']);
    expect(pathsOf(stdio({ spec_path }))).toEqual(['spec_path']);
  });

  it.each(['/usr/bin/npx', 'npx;id', ' npx', 'NPX', '$(id)', 'npx\nid', './npx', '/opt/mcp/../mcp/echo', null])(
    'refuses the command %p',
    (command) => {
      expect(pathsOf(stdio({ command }))).toEqual(['command']);
    },
  );

  it('accepts a path that is allowed exactly', () => {
    expect(pathsOf(stdio({ command: '/opt/mcp/echo' }))).toEqual([]);
  });

  it('says that stdio is off when no command is allowed', () => {
    const [fault] = settingsFaults(stdio(), { stdioCommands: [] });
    expect(fault?.message).toContain('STDIO_COMMANDS');
  });

  it.each(['LD_PRELOAD', 'ld_library_path', 'NODE_OPTIONS', 'PATH', 'PYTHONPATH', 'BASH_ENV', 'DYLD_INSERT_LIBRARIES'])(
    'refuses the variable %s',
    (name) => {
      expect(pathsOf(stdio({ env: { [name]: 'x' } }))).toEqual([`env.${name}`]);
    },
  );

  it.each(['1A', 'A B', 'A=B', '', 'Ä'])('refuses %p as the name of a variable', (name) => {
    expect(pathsOf(stdio({ env: { [name]: 'x' } }))).toEqual([`env.${name}`]);
  });

  it('refuses what the transport does not use', () => {
    expect(pathsOf(http({ command: 'npx', args: ['x'], env: { A: 'b' } }))).toEqual(['command', 'args', 'env']);
    expect(pathsOf(stdio({ url: 'https://a/', static_headers: { a: 'b' }, auth_type: 'basic' }))).toEqual([
      'url',
      'auth_type',
      'static_headers',
    ]);
  });

  it.each([
    [null, 'abc', 'credentials'],
    ['none', 'abc', 'credentials'],
    ['basic', 'no-colon', 'credentials.auth_value'],
    ['bearer_token', 'a\nb', 'credentials.auth_value'],
    ['api_key', ' ', 'credentials.auth_value'],
  ] as const)('refuses credentials for %s that are %p', (auth_type, auth_value, path) => {
    expect(pathsOf(http({ auth_type, credentials: { auth_value } }))).toEqual([path]);
  });

  it('never repeats a secret', () => {
    const faults = settingsFaults(
      http({ auth_type: 'bearer_token', credentials: { auth_value: 's3cret\n' }, url: 'ftp://s3cret' }),
      LIMITS,
    );
    expect(faults).toHaveLength(2);
    expect(JSON.stringify(faults)).not.toContain('s3cret');
  });
});
