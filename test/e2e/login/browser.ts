import { request } from 'undici';

const MAX_HOPS = 20;

interface Cookie {
  readonly value: string;
  readonly host: string;
  readonly path: string;
}

/** A page that a browser shows, or the place outside of the test that it was sent to. */
export interface Shown {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** As much of a browser as a login needs: cookies, redirects, forms. It runs no scripts. */
export class Browser {
  readonly #cookies = new Map<string, Cookie>();

  /** @param stopAt URLs that nobody serves, where clients wait for their users */
  constructor(private readonly stopAt: (url: URL) => boolean) {}

  /** Goes to a page, and on to wherever it is redirected. */
  open(url: string): Promise<Shown> {
    return this.#follow(url, 'GET', null);
  }

  /** Sends the form of a page with these fields besides the hidden ones. */
  submit(page: Shown, fields: Record<string, string>): Promise<Shown> {
    return this.#follow(page.url, 'POST', { ...hiddenFields(page.text), ...fields });
  }

  /** Sends exactly these fields. */
  post(url: string, fields: Record<string, string>): Promise<Shown> {
    return this.#follow(url, 'POST', fields);
  }

  async #follow(start: string, method: 'GET' | 'POST', form: Record<string, string> | null): Promise<Shown> {
    let [url, verb, body] = [start, method, form];
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const shown = await this.#fetch(url, verb, body);
      const { location } = shown.headers;
      if (typeof location !== 'string' || shown.status < 300 || shown.status > 399) return shown;
      const next = new URL(location, url);
      if (this.stopAt(next)) return { ...shown, url: next.href };
      [url, verb, body] = [next.href, 'GET', null];
    }
    throw new Error(`too many redirects from ${start}`);
  }

  async #fetch(url: string, method: 'GET' | 'POST', form: Record<string, string> | null): Promise<Shown> {
    const cookie = this.#cookiesFor(new URL(url));
    const answer = await request(url, {
      method,
      headers: {
        accept: 'text/html',
        ...(cookie !== '' && { cookie }),
        ...(form !== null && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form === null ? null : new URLSearchParams(form).toString(),
    });
    for (const set of [answer.headers['set-cookie'] ?? []].flat()) this.#keep(set, new URL(url));
    return { url, status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  #keep(set: string, { hostname }: URL): void {
    const [pair = '', ...attributes] = set.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    const path = attributes.find((one) => /^path=/i.test(one))?.slice('path='.length) ?? '/';
    const expires = attributes.find((one) => /^expires=/i.test(one))?.slice('expires='.length);
    const key = `${hostname} ${path} ${name}`;
    if (expires !== undefined && new Date(expires).getTime() < Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, { value: pair, host: hostname, path });
  }

  #cookiesFor({ hostname, pathname }: URL): string {
    const sent = [...this.#cookies.values()].filter(({ host, path }) => {
      return host === hostname && (path === '/' || pathname === path || pathname.startsWith(`${path}/`));
    });
    return sent.map(({ value }) => value).join('; ');
  }
}

function hiddenFields(html: string): Record<string, string> {
  const found = html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}
