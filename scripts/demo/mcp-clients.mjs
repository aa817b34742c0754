import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const CLIENT_INFO = { name: 'gatehouse-demo', version: '1.0.0' };
export const MODERN_REVISION = '2026-07-28';

/** The client of `@modelcontextprotocol/sdk`: opens a session with `initialize` (revision 2025-11-25). */
export async function connectLegacy(url, key) {
  const client = new LegacyClient(CLIENT_INFO);
  const transport = new LegacyTransport(new URL(url), withKey(key));
  await client.connect(transport);
  return { client, revision: transport.protocolVersion };
}

/** The client of `@modelcontextprotocol/client`, pinned to 2026-07-28: no session, every request stands alone. */
export async function connectModern(url, key) {
  const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode: { pin: MODERN_REVISION } } });
  await client.connect(new ModernTransport(new URL(url), withKey(key)));
  return { client, revision: client.getNegotiatedProtocolVersion() };
}

/** Connects, hands the client to `use`, and closes it whatever happens. Returns what `use` returned. */
export async function withClient(connect, { url, key }, use) {
  const { client, revision } = await connect(url, key);
  try {
    return await use(client, revision);
  } finally {
    await client.close();
  }
}

function withKey(key) {
  return { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
}
