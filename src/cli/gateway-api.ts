import { request } from 'undici';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { Secret } from '../common/secret.js';
import { CliError } from './cli-error.js';

const TIMEOUT_MS = 60_000;

/** The gateway refused a request. */
export class Refusal extends CliError {
  constructor(
    readonly status: number,
    message: string,
    /** Faults of fields, by path. */
    readonly faults: readonly { readonly path: string; readonly message: string }[],
  ) {
    super(message);
  }
}

/** The management API of a running gateway: the only way on which commands read and write. */
export class GatewayApi {
  constructor(
    private readonly url: string,
    private readonly key: Secret,
  ) {}

  get(path: string): Promise<JsonValue> {
    return this.send('GET', path).then(({ json }) => json);
  }

  /** @throws Refusal when the gateway does not take it */
  async write(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: JsonObject): Promise<JsonValue> {
    return (await this.send(method, path, body)).json;
  }

  /** Every page of a list. @param member where the list is in the answer; null: it is the answer */
  async list(path: string, member: string | null): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    let next: string | null = path;
    while (next !== null) {
      const page: { readonly json: JsonValue; readonly next: string | null } = await this.send('GET', next);
      const rows = member === null ? page.json : isJsonObject(page.json) ? page.json[member] : null;
      if (!Array.isArray(rows)) throw new CliError(`${path} did not answer with a list: is this a Gatehouse gateway?`);
      found.push(...rows.filter(isJsonObject));
      next = page.next;
    }
    return found;
  }

  /** A gateway in another application begins at a path of its own, which links to further pages do not name. */
  private addressOf(path: string): string {
    if (!path.startsWith('/')) throw new CliError(`${this.url} names a page elsewhere: is this a Gatehouse gateway?`);
    const { origin, pathname } = new URL(this.url);
    return `${origin}${pathname.replace(/\/+$/, '')}${path}`;
  }

  private async send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: JsonObject) {
    const answer = await request(this.addressOf(path), {
      method,
      headers: {
        authorization: `Bearer ${this.key.reveal()}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    }).catch((error: unknown) => {
      throw new CliError(`${this.url} cannot be reached (${codeOf(error)}): check --url and that the gateway runs`);
    });
    const text = await answer.body.text();
    const json = parsed(text);
    if (answer.statusCode >= 400) throw refusalOf(answer.statusCode, json);
    return { json, next: nextOf(answer.headers['link']) };
  }
}

function refusalOf(status: number, json: JsonValue): Refusal {
  const problem = isJsonObject(json) ? json : {};
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : 'the gateway did not say why';
  const errors = Array.isArray(problem['errors']) ? problem['errors'].filter(isJsonObject) : [];
  const faults = errors.map(({ path, message }) => ({ path: String(path), message: String(message) }));
  if (status === 401) return new Refusal(status, 'the gateway does not know this key: check --key-file', faults);
  if (status === 403) return new Refusal(status, 'this key is not one of an admin', faults);
  return new Refusal(status, detail, faults);
}

function nextOf(link: string | string[] | undefined): string | null {
  return /^<([^>]+)>; rel="next"/.exec(String(link ?? ''))?.[1] ?? null;
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}
