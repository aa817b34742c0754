// Boots the built server on the embedded default in a temporary directory, registers a real MCP server from npm, calls
// one of its tools through /mcp, and stops it again. Exits 0 only when every step worked.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const EVERYTHING = resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const READY = /Gatehouse is ready at (\S+)/;
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-smoke-'));

/** Starts the server and resolves with its URL once it says that it is ready. */
function start() {
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = new Promise((ready, failed) => {
    child.once('exit', (code) => failed(new Error(`the server exited with code ${code}`)));
    child.stdout.on('data', (chunk) => {
      const found = READY.exec(String(chunk));
      if (found !== null) ready(found[1]);
    });
  });
  return { child, url };
}

async function post(url, key, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function callThrough(url) {
  const master = readFileSync(join(dataDir, 'master-key'), 'utf8').trim();
  const args = [EVERYTHING, 'stdio'];
  await post(`${url}/v1/mcp/server`, master, { alias: 'everything', transport: 'stdio', command: 'node', args });
  const grants = { mcp_tool_permissions: { everything: ['echo'] } };
  const { key } = await post(`${url}/key/generate`, master, { object_permission: grants });
  const client = new Client({ name: 'smoke', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  const result = await client.callTool({ name: 'everything-echo', arguments: { message: 'smoke' } });
  await client.close();
  const text = result.content[0]?.text;
  if (!String(text).includes('smoke')) throw new Error(`the tool answered ${JSON.stringify(result)}`);
  console.log(`everything-echo answered: ${text}`);
}

const { child, url } = start();
try {
  await callThrough(await url);
  const stopped = new Promise((resolveExit) => child.once('exit', resolveExit));
  child.kill('SIGTERM');
  const code = await stopped;
  if (code !== 0) throw new Error(`after SIGTERM the server exited with code ${code}`);
  console.log('stopped cleanly');
} finally {
  child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}
