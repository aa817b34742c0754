import { request } from 'undici';

/** What a browser shows at the end of its redirects. */
export interface Shown {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const MAX_REDIRECTS = 12;

/** Follows redirects and keeps cookies, by host and port. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Takes the cookies of an answer that a script of a page got. */
  keep(url: string, setCookie: string | string[] | undefined): void {
    const jar = this.#jarOf(url);
    for (const cookie of [setCookie ?? []].flat()) {
      const [pair = ''] = cookie.split(';', 1);
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
    }
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }

  /** Opens an address. @param until an address that is not opened; the redirect to it is the end */
  async open(url: string, until?: (url: string) => boolean): Promise<Shown> {
    let current = url;
    for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
      const shown = await this.#send(current, 'GET');
      const { location } = shown.headers;
      if (shown.status < 300 || shown.status >= 400 || typeof location !== 'string') return shown;
      current = new URL(location, current).href;
      if (until?.(current) === true) return { ...shown, url: current };
    }
    throw new Error(`too many redirects, the last one to ${current}`);
  }

  /** Sends a form. */
  submit(url: string, fields: Readonly<Record<string, string>>): Promise<Shown> {
    return this.#send(url, 'POST', new URLSearchParams(fields).toString());
  }

  async #send(url: string, method: 'GET' | 'POST', form: string | null = null): Promise<Shown> {
    const cookie = [...this.#jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await request(url, {
      method,
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(form !== null && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form,
    });
    this.keep(url, answer.headers['set-cookie']);
    return { url, status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  #jarOf(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    return jar;
  }
}
