// The built gateway, and the management requests that a run needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, startUntil } from './programs.mjs';

const LOOPBACK = '127.0.0.0/8,::1/128';
/** The client metadata document that the suite's authorization servers know. */
const OAUTH_CLIENT_ID = 'https://conformance-test.local/client-metadata.json';

/** Starts the gateway on an empty data directory. */
export async function startGateway(dataDir) {
  const environment = {
    ...{ DATA_DIR: dataDir, PORT: '0', STDIO_COMMANDS: process.execPath, OUTBOUND_ALLOW: LOOPBACK },
    OAUTH_CLIENT_ID,
  };
  const url = await startUntil(/ready at (\S+)/, [join(HERE, '../../dist/src/main.js')], environment);
  return { url, masterKey: readFileSync(join(dataDir, 'master-key'), 'utf8').trim() };
}

/** @param settings of a server, as the management API takes them @returns its id */
export async function register(gateway, settings) {
  return (await manage(gateway, 'POST', '/v1/mcp/server', settings)).server_id;
}

export async function unregister(gateway, id) {
  await manage(gateway, 'DELETE', `/v1/mcp/server/${id}`);
}

/** Sends a management request. @returns its JSON; undefined when there is none */
export async function manage({ url, masterKey }, method, path, body) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} failed: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
