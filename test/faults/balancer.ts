import { setTimeout as pause } from 'node:timers/promises';
import { http } from '../e2e/support/http.js';
import { TcpProxy } from '../fixtures/tcp-proxy.js';

const PROBE_EVERY_MS = 100;
const PROBE_LIMIT_MS = 1_000;

/** What stands before replicas everywhere: takes connections for those that say that they are ready. */
export class Balancer {
  #closed = false;
  readonly #probing: Promise<void>;

  private constructor(
    private readonly proxy: TcpProxy,
    private readonly urls: () => readonly string[],
  ) {
    this.#probing = this.#probe();
  }

  /** @param urls of the replicas as they are at the moment */
  static async before(urls: () => readonly string[]): Promise<Balancer> {
    return new Balancer(await TcpProxy.before(...urls()), urls);
  }

  get url(): string {
    return this.proxy.url.replace(/\/$/, '');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#probing;
    await this.proxy.close();
  }

  async #probe(): Promise<void> {
    while (!this.#closed) {
      const urls = this.urls();
      const ready = await Promise.all(urls.map(isReady));
      const targets = urls.filter((_, index) => ready[index]);
      // Like most of its kind: with nobody ready it tries whoever is there.
      this.proxy.retarget(...(targets.length > 0 ? targets : urls));
      await pause(PROBE_EVERY_MS);
    }
  }
}

async function isReady(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
  return http(`${url}/health/ready`, { signal }).then(
    ({ status }) => status === 200,
    () => false,
  );
}
