import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorized,
  type OAuthClientProvider as ModernProvider,
} from '@modelcontextprotocol/client';
import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { availableBackends } from '../support/backends.js';
import { REDIRECT_URI } from './oauth-client.js';
import { LoginWorld } from './login-world.js';

const CLIENT_INFO = { name: 'login', version: '1' };
const [BACKEND] = availableBackends();
let world: LoginWorld;

beforeAll(async () => {
  world = await LoginWorld.start(BACKEND);
  await world.addUser('alice');
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

/** What both SDKs want kept. */
class Memory {
  readonly redirectUrl = REDIRECT_URI;
  readonly clientMetadata = { client_name: 'SDK client', redirect_uris: [REDIRECT_URI] };
  readonly kept = new Map<string, unknown>();
  authorizationUrl: URL | null = null;

  state(): string {
    return 'sdk-state';
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.kept.set('verifier', verifier);
  }

  codeVerifier(): string {
    return String(this.kept.get('verifier'));
  }

  /** What a user does in the browser. Returns the parameters that the client gets. */
  async userAgrees(): Promise<URLSearchParams> {
    if (this.authorizationUrl === null) throw new Error('nobody was asked to log in');
    const browser = world.browser();
    const page = await browser.open(this.authorizationUrl.href);
    return new URL((await browser.submit(page, { decision: 'allow' })).url).searchParams;
  }

  protected read<T>(name: string): T | undefined {
    return this.kept.get(name) as T | undefined;
  }
}

type Kept<P, M extends keyof P> = P[M] extends (...args: never[]) => infer R ? Awaited<R> : never;

class LegacyMemory extends Memory implements OAuthClientProvider {
  clientInformation() {
    return this.read<NonNullable<Kept<OAuthClientProvider, 'clientInformation'>>>('client');
  }
  saveClientInformation(client: unknown): void {
    this.kept.set('client', client);
  }
  tokens() {
    return this.read<NonNullable<Kept<OAuthClientProvider, 'tokens'>>>('tokens');
  }
  saveTokens(tokens: unknown): void {
    this.kept.set('tokens', tokens);
  }
}

class ModernMemory extends Memory implements ModernProvider {
  clientInformation() {
    return this.read<NonNullable<Kept<ModernProvider, 'clientInformation'>>>('client');
  }
  saveClientInformation(client: unknown): void {
    this.kept.set('client', client);
  }
  tokens() {
    return this.read<NonNullable<Kept<ModernProvider, 'tokens'>>>('tokens');
  }
  saveTokens(tokens: unknown): void {
    this.kept.set('tokens', tokens);
  }
}

interface Connected {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

/** A client that knows nothing but the URL. */
interface UrlOnlyClient {
  readonly memory: Memory;
  /** Rejects as the SDK does when its user has to log in. */
  connect(): Promise<Connected>;
  finish(answer: URLSearchParams): Promise<void>;
}

function legacy(path: string): UrlOnlyClient {
  const memory = new LegacyMemory();
  const transport = () => new LegacyTransport(new URL(world.gateway.url + path), { authProvider: memory });
  return {
    memory,
    connect: async () => {
      const client = new LegacyClient(CLIENT_INFO);
      await client.connect(transport());
      return client;
    },
    finish: (answer) => transport().finishAuth(String(answer.get('code'))),
  };
}

const modern =
  (mode: 'auto' | { pin: string }) =>
  (path: string): UrlOnlyClient => {
    const memory = new ModernMemory();
    const transport = () => new ModernTransport(new URL(world.gateway.url + path), { authProvider: memory });
    return {
      memory,
      connect: async () => {
        const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode } });
        await client.connect(transport());
        return client;
      },
      finish: (answer) => transport().finishAuth(answer),
    };
  };

describe.each<[string, (path: string) => UrlOnlyClient]>([
  ['SDK v1', legacy],
  ['SDK v2 that picks the revision', modern('auto')],
  ['SDK v2 at 2026-07-28', modern({ pin: '2026-07-28' })],
])('%s', (_name, clientOf) => {
  it.each([
    ['/mcp', 'up-echo'],
    ['/up/mcp', 'echo'],
  ])('connects to %s by URL alone, and again with what it got', async (path, tool) => {
    const { memory, connect, finish } = clientOf(path);
    const refused = await connect().catch((error: unknown) => error);
    expect([UnauthorizedError, ModernUnauthorized].some((kind) => refused instanceof kind)).toBe(true);
    await finish(await memory.userAgrees());

    const client = await connect();
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([tool]);
    const result = await client.callTool({ name: tool, arguments: { text: 'by URL alone' } });
    expect(world.upstream.callCount).toBe(1);
    expect(result).toMatchObject({ content: [{ text: 'by URL alone' }] });
    expect(JSON.stringify(world.upstream.requests.all)).not.toContain(accessTokenOf(memory));
    await client.close();
  });

  it('gets a new access token by itself', async () => {
    const { memory, connect, finish } = clientOf('/mcp');
    await connect().catch(() => undefined);
    await finish(await memory.userAgrees());
    const tokens = memory.kept.get('tokens') as object;
    memory.kept.set('tokens', { ...tokens, access_token: `${accessTokenOf(memory)}x` });
    memory.authorizationUrl = null;
    const client = await connect();
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(memory.authorizationUrl).toBeNull();
    await client.close();
  });
});

function accessTokenOf({ kept }: Memory): string {
  return (kept.get('tokens') as { access_token: string }).access_token;
}
