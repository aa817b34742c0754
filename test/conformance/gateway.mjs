// The built gateway, and the management requests that a run needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, startUntil } from './programs.mjs';

const LOOPBACK = '127.0.0.0/8,::1/128';

/** Starts the gateway on an empty data directory. */
export async function startGateway(dataDir) {
  const environment = { DATA_DIR: dataDir, PORT: '0', STDIO_COMMANDS: process.execPath, OUTBOUND_ALLOW: LOOPBACK };
  const url = await startUntil(/ready at (\S+)/, [join(HERE, '../../dist/src/main.js')], environment);
  return { url, masterKey: readFileSync(join(dataDir, 'master-key'), 'utf8').trim() };
}

/** @param settings of a server, as the management API takes them @returns its id */
export async function register({ url, masterKey }, settings) {
  const answer = await fetch(`${url}/v1/mcp/server`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  if (answer.status !== 201) throw new Error(`registering failed: ${await answer.text()}`);
  return (await answer.json()).server_id;
}

export async function unregister({ url, masterKey }, id) {
  const headers = { authorization: `Bearer ${masterKey}` };
  await fetch(`${url}/v1/mcp/server/${id}`, { method: 'DELETE', headers });
}
