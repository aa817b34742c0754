import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atExit, track } from './children.mjs';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const HOOK = fileURLToPath(new URL('./no-op-hook.mjs', import.meta.url));
const READY = /Gatehouse is ready at (http:\/\/[^\s]+)/;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const KEPT_OUTPUT = 4_000;

/** The built gateway on its embedded default, in a directory of its own. */
export class Gatehouse {
  #child;
  #output = '';
  #nodeOptions;
  #settings;

  /**
   * @param {string} dataDirectory
   * @param {readonly string[]} nodeOptions for profiling
   * @param {Record<string, string>} settings variables; without them one hook that does nothing is loaded
   */
  constructor(dataDirectory, nodeOptions = [], settings = { GUARDRAIL_MODULES: HOOK }) {
    this.dataDirectory = dataDirectory;
    this.#nodeOptions = nodeOptions;
    this.#settings = settings;
    atExit(() => this.#killDatabase());
  }

  get pid() {
    return this.#child.pid;
  }

  get masterKey() {
    return readFileSync(join(this.dataDirectory, 'master-key'), 'utf8').trim();
  }

  /** Process id of the embedded PostgreSQL. @throws Error when it does not run */
  get databasePid() {
    return Number.parseInt(readFileSync(join(this.dataDirectory, 'pg', 'postmaster.pid'), 'utf8'), 10);
  }

  /** Starts the gateway and resolves with the milliseconds until it said that it is ready. */
  async start() {
    const startedAt = performance.now();
    this.#child = spawn(process.execPath, [...this.#nodeOptions, MAIN], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    track(this.#child);
    this.url = await this.#whenReady();
    this.port = Number(new URL(this.url).port);
    return performance.now() - startedAt;
  }

  /** Stops it as an operator would. Rejects when it does not end well: its figures would not be those of a sound run. */
  async stop() {
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    this.#child.kill('SIGTERM');
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`the gateway ended with ${code ?? signal}:\n${this.#output}`);
  }

  /** Only what a bare machine has: nothing of the caller's shell decides what is measured. */
  #environment() {
    const { PATH, HOME, TMPDIR } = process.env;
    const plain = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: this.dataDirectory };
    return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...plain, ...this.#settings };
  }

  #whenReady() {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`the gateway ${why}:\n${this.#output}`));
      const limit = setTimeout(() => fail('was not ready in time'), START_LIMIT_MS);
      this.#child.once('exit', (code) => fail(`ended with ${code}`));
      const listen = (chunk) => {
        this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT);
        const url = READY.exec(this.#output)?.[1];
        if (url === undefined) return;
        clearTimeout(limit);
        resolve(url);
      };
      this.#child.stdout.setEncoding('utf8').on('data', listen);
      this.#child.stderr.setEncoding('utf8').on('data', listen);
    });
  }

  /** PostgreSQL is a process group of its own and would outlive a killed gateway. */
  #killDatabase() {
    try {
      process.kill(this.databasePid, 'SIGQUIT');
    } catch {
      // Neither a file nor a process any more: stopped in the normal way.
    }
  }
}
