// The programs that a run starts, and the official suite.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const HERE = fileURLToPath(new URL('.', import.meta.url));
const SUITE = join(HERE, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');
const SUMMARY = '=== SUMMARY ===';
const children = [];

/** Starts a program and resolves with what `pattern` finds in its output. */
export function startUntil(pattern, args, environment = {}) {
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

export async function stopAll() {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'exit') : null)));
}

/** Runs the suite. It exits with 0 only when every scenario passes that a whole run requires. */
export async function runSuite(args, environment = {}) {
  const shim = Number(process.versions.node.split('.')[0]) < 22 ? ['--import', join(HERE, 'node20-shim.mjs')] : [];
  const suite = spawn(process.execPath, [...shim, SUITE, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let report = '';
  suite.stdout.on('data', (chunk) => (report += chunk));
  suite.stderr.on('data', (chunk) => (report += chunk));
  const [code] = await once(suite, 'close');
  return { report, passed: code === 0 };
}

/** Results of the scenarios by name in the report of a whole run, and which of them count for the suite itself. */
export function resultsIn(report) {
  const [lines, uncounted = ''] = (report.split(SUMMARY).pop() ?? '').split(/^Not scored/m);
  const results = new Map([...lines.matchAll(/^([✓✗]) (\S+): /gm)].map(([, mark, name]) => [name, mark === '✓']));
  const extras = new Set([...uncounted.matchAll(/^ +[✓✗] (\S+)/gm)].map(([, name]) => name));
  return { results, counted: [...results.keys()].filter((name) => !extras.has(name)) };
}

/**
 * Prints which of the required scenarios pass.
 * @returns whether all of them do
 */
export function judge(title, results, required) {
  const broken = required.filter((name) => results.get(name) !== true);
  console.log(`${title}: ${required.length - broken.length} of ${required.length} scenarios that must pass do`);
  for (const name of broken) console.log(`  FAILED ${name}`);
  return broken.length === 0;
}
