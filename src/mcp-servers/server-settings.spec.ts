import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { ServerCredentialsDto } from './server-credentials.dto.js';
import { changedSettings, DEFAULT_SETTINGS, newSettings, type ServerSettings } from './server-settings.js';

const stored: ServerSettings = {
  ...DEFAULT_SETTINGS,
  server_name: 'a',
  alias: 'a',
  url: 'https://one.example.com/mcp?x=1',
  auth_type: 'bearer_token',
  credentials: { auth_value: 'secret' },
  static_headers: { 'x-a': '1' },
  allowed_tools: ['echo'],
};

describe('newSettings', () => {
  it('makes an alias of the name', () => {
    expect(newSettings({ server_name: 'My Server' }).alias).toBe('My_Server');
    expect(newSettings({ server_name: 'My Server', alias: 'mine' }).alias).toBe('mine');
    expect(newSettings({}).alias).toBeNull();
  });

  it('puts defaults where nothing or null is sent', () => {
    expect(newSettings({ transport: null, args: null, timeout: null })).toEqual(DEFAULT_SETTINGS);
  });
});

describe('changedSettings', () => {
  it('keeps what is not sent and clears what is null', () => {
    const changed = changedSettings(stored, { description: 'x', allowed_tools: null });
    expect(changed).toEqual({ ...stored, description: 'x', allowed_tools: [] });
  });

  it('does not derive the alias again', () => {
    expect(changedSettings({ ...stored, alias: null }, { server_name: 'b' }).alias).toBeNull();
  });

  it('merges credentials member by member: one that a body leaves out stays, though its class declares it', () => {
    const sent = plainToInstance(ServerCredentialsDto, { client_secret: 'new' });
    const present = { ...stored, credentials: { client_id: 'gateway', client_secret: 'old' } };
    expect(changedSettings(present, { credentials: sent }).credentials).toStrictEqual({
      client_id: 'gateway',
      client_secret: 'new',
    });
    expect(newSettings({ credentials: sent }).credentials).toStrictEqual({ client_secret: 'new' });
  });

  it('keeps credentials on another path of the same origin', () => {
    const changed = changedSettings(stored, { url: 'https://one.example.com/other' });
    expect(changed.credentials).toEqual({ auth_value: 'secret' });
  });

  it.each([
    { url: 'https://two.example.com/mcp' },
    { url: 'http://one.example.com/mcp' },
    { url: 'https://one.example.com:8443/mcp' },
    { auth_type: 'api_key' as const },
    { auth_type: null },
    { credentials: null },
  ])('drops stored credentials on %j', (sent) => {
    expect(changedSettings(stored, sent).credentials).toBeNull();
  });

  const variables: ServerSettings['env_vars'] = [
    { name: 'REGION', value: 'eu-secret', scope: 'global', description: null },
    { name: 'OWN', value: '', scope: 'user', description: null },
  ];

  it.each([
    { url: 'https://two.example.com/mcp' },
    { url: 'https://one.example.com:8443/mcp' },
    { token_url: 'https://two.example.com/token' },
  ])('drops static headers and the values of the admin on %j', (sent) => {
    const changed = changedSettings({ ...stored, env_vars: variables }, sent);
    expect(changed.static_headers).toEqual({});
    expect(changed.env_vars).toEqual([variables[1]]);
  });

  it('keeps static headers and variables on the same origin, and takes those that come with another one', () => {
    const present = { ...stored, env_vars: variables };
    for (const sent of [{ url: 'https://one.example.com/other' }, { auth_type: 'api_key' as const }]) {
      expect(changedSettings(present, sent)).toMatchObject({ static_headers: { 'x-a': '1' }, env_vars: variables });
    }
    const sent = { url: 'https://two.example.com/mcp', static_headers: { 'x-b': '2' }, env_vars: variables };
    expect(changedSettings(present, sent)).toMatchObject(sent);
  });

  it('takes credentials that come with another origin', () => {
    const sent = { url: 'https://two.example.com/mcp', credentials: { auth_value: 'new' } };
    expect(changedSettings(stored, sent).credentials).toEqual({ auth_value: 'new' });
  });

  it('drops what only the former transport used', () => {
    const changed = changedSettings(stored, { transport: 'stdio', command: 'npx' });
    expect(changed).toMatchObject({
      url: null,
      auth_type: null,
      credentials: null,
      static_headers: {},
      command: 'npx',
    });
    expect(changed.allowed_tools).toEqual(['echo']);
    expect(changedSettings(changed, { transport: null, url: stored.url })).toMatchObject({
      command: null,
      url: stored.url,
    });
  });
});
