import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { http, type HttpAnswer } from './http.js';

const MAIN = resolve('dist/src/main.js');
const READY = /Gatehouse is ready at (\S+)/;

/** The built server as a process of its own, as an operator starts it. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #output = '';

  private constructor(
    readonly dataDir: string,
    private readonly environment: Record<string, string>,
  ) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, [MAIN], {
      env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
    }
    this.#exited = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** Starts it and does not wait. */
  static launch(dataDir: string, environment: Record<string, string> = {}): GatewayProcess {
    return new GatewayProcess(dataDir, environment);
  }

  /** Starts it and waits until it says that it is ready. */
  static async start(dataDir: string, environment: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(dataDir, environment);
    await gateway.#ready();
    return gateway;
  }

  get url(): string {
    const found = READY.exec(this.#output)?.[1];
    if (found === undefined) throw new Error(`the gateway is not ready:\n${this.#output}`);
    return found;
  }

  /** Everything printed so far, on both streams. */
  get output(): string {
    return this.#output;
  }

  get masterKey(): string {
    return this.environment.MASTER_KEY ?? readFileSync(join(this.dataDir, 'master-key'), 'utf8').trim();
  }

  admin(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<HttpAnswer> {
    return http(`${this.url}${path}`, { method, headers: { authorization: `Bearer ${this.masterKey}` }, body });
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; resolves with the exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exited;
  }

  /** Waits for the end; resolves with the exit code. */
  exit(): Promise<number | null> {
    return this.#exited;
  }

  async #ready(): Promise<void> {
    const exited = this.#exited.then((code) => {
      throw new Error(`the gateway ended with code ${code}:\n${this.#output}`);
    });
    const announced = new Promise<void>((done) => {
      const look = (): void => {
        if (READY.test(this.#output)) done();
      };
      this.#child.stdout?.on('data', look);
    });
    await Promise.race([announced, exited]);
  }
}
