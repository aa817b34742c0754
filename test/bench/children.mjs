import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START_LIMIT_MS = 20_000;

const children = new Set();
const directories = new Set();
const lastDeeds = new Set();

// Covers every end but SIGKILL; the forked processes notice that one themselves.
process.on('exit', () => {
  for (const deed of lastDeeds) deed();
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(status));
}

/** A directory that is gone when the benchmark ends. */
export function temporaryDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  directories.add(directory);
  return directory;
}

/** Has a child ended with the benchmark, however that ends. */
export function track(child) {
  children.add(child);
  child.on('exit', () => children.delete(child));
}

/** Adds something synchronous to do at the end. */
export function atExit(deed) {
  lastDeeds.add(deed);
}

/**
 * Starts a script of this folder and gives what it tells first.
 * @param {string} script file name
 * @param {readonly string[]} args
 * @param {readonly string[]} nodeOptions
 */
export async function startScript(script, args = [], nodeOptions = []) {
  const child = startQuietScript(script, args, nodeOptions);
  const told = await nextMessage(child, script, START_LIMIT_MS);
  return { pid: child.pid, port: told.port };
}

/** Starts a script of this folder that speaks only when spoken to. */
export function startQuietScript(script, args = [], nodeOptions = []) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, args, { serialization: 'advanced', execArgv: [...nodeOptions] });
  track(child);
  return child;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} name for the error
 * @param {number} limitMs
 * @throws Error when the child ends or says nothing in time
 */
export async function nextMessage(child, name, limitMs) {
  const ended = new AbortController();
  const onExit = () => ended.abort(new Error(`${name} ended`));
  child.once('exit', onExit);
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(limitMs)]);
    const [message] = await once(child, 'message', { signal });
    return message;
  } catch (error) {
    throw new Error(`${name} did not answer: ${error.cause?.message ?? error.message}`, { cause: error });
  } finally {
    child.off('exit', onExit);
  }
}
