// Scores the door of one server with the official conformance suite, at both protocol revisions, behind authentication:
// starts a reference upstream and the built gateway, registers the one with the other, and runs the suite's required
// server scenarios. Fails when a scenario fails that must pass (must-pass.json); the rest is printed as not passed yet.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SUITE = join(HERE, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');
const MUST_PASS = JSON.parse(readFileSync(join(HERE, 'must-pass.json'), 'utf8'));
const children = [];
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));

/** Starts a program and resolves with what `pattern` finds in its output. */
function startUntil(pattern, args, environment = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  return new Promise((found, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        const match = pattern.exec(output);
        if (match !== null) found(match[1]);
      });
    }
    child.once('exit', (code) => failed(new Error(`${args[0]} ended with code ${code}:\n${output}`)));
  });
}

async function register(gateway, masterKey, url) {
  const answer = await fetch(`${gateway}/v1/mcp/server`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ alias: 'reference', transport: 'http', url }),
  });
  if (answer.status !== 201) throw new Error(`registering failed: ${await answer.text()}`);
}

/** Runs the suite and returns its report. It exits non-zero when anything fails, which is judged here instead. */
async function score(url, revision) {
  const shim = Number(process.versions.node.split('.')[0]) < 22 ? ['--import', join(HERE, 'node20-shim.mjs')] : [];
  const args = [...shim, SUITE, 'server', '--url', url, '--requirements', revision, '-o', join(dataDir, revision)];
  const suite = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let report = '';
  suite.stdout.on('data', (chunk) => (report += chunk));
  suite.stderr.on('data', (chunk) => (report += chunk));
  await once(suite, 'close');
  return report;
}

function judge(report, revision) {
  const [scored] = (report.split('=== SUMMARY ===').pop() ?? '').split(/^Not scored/m);
  const results = new Map([...scored.matchAll(/^([✓✗]) (\S+): /gm)].map(([, mark, name]) => [name, mark === '✓']));
  const required = MUST_PASS[revision];
  const broken = required.filter((name) => results.get(name) !== true);
  const missing = [...results].filter(([name, passed]) => !passed && !required.includes(name)).map(([name]) => name);
  console.log(`${revision}: ${required.length - broken.length} of ${required.length} scenarios that must pass do`);
  for (const name of broken) console.log(`  FAILED ${name}`);
  if (missing.length > 0) console.log(`  not passed yet: ${missing.join(', ')}`);
  if (broken.length > 0) console.log(report);
  return broken.length === 0 && results.size > 0;
}

try {
  const upstream = await startUntil(/url=(\S+)/, [join(HERE, 'reference-upstream.mjs'), '0']);
  const environment = { DATA_DIR: dataDir, PORT: '0' };
  const gateway = await startUntil(/ready at (\S+)/, [join(HERE, '../../dist/src/main.js')], environment);
  const masterKey = readFileSync(join(dataDir, 'master-key'), 'utf8').trim();
  await register(gateway, masterKey, upstream);
  const header = `Authorization: Bearer ${masterKey}`;
  const proxy = await startUntil(/LISTENING (\S+)/, [join(HERE, 'inject-proxy.mjs'), '0', gateway, header]);
  const passed = [];
  for (const revision of Object.keys(MUST_PASS)) {
    passed.push(judge(await score(`${proxy}/reference/mcp`, revision), revision));
  }
  process.exitCode = passed.every(Boolean) ? 0 : 1;
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'exit') : null)));
  rmSync(dataDir, { recursive: true, force: true });
}
