import { randomUUID } from 'node:crypto';
import { FailureLimiter } from '../../../src/auth/failure-limiter.js';
import type { Config } from '../../../src/config/config.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Door, DoorAnswer, DoorCall } from '../doors/door.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer, type HttpCall } from '../support/http.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/test-gateway.js';

/** Every way to call a tool. */
export const DOORS: readonly Door[] = [...MCP_DOORS, REST_DOOR];
/** For what is the same behind all of them. */
export const ANY_DOOR = REST_DOOR;

export interface AuditRow {
  readonly outcome: string;
  readonly code: string | null;
  readonly sent: string;
}

/**
 * One gateway in front of one recording upstream. The gateway takes the loopback for a trusted proxy: each attempt can
 * come from an address of its own, so the limiter of failing attempts stays out of the way of what is tested.
 */
export class ThreatWorld {
  private lastSource = 0;

  private constructor(
    readonly gateway: TestGateway,
    readonly upstream: RecordingHttpUpstream,
  ) {}

  static async start(config: Partial<Config> = {}, more: StartOptions = {}): Promise<ThreatWorld> {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('there is no database');
    const { hooks = [], echoes = [], era = '2026' } = more;
    const upstream = await RecordingHttpUpstream.start({ era, echoes });
    const gateway = await startTestGateway(backend, { hooks, config: { trustedProxies: ['127.0.0.1/32'], ...config } });
    return new ThreatWorld(gateway, upstream);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /**
   * Counts no failing attempts from now on. All credentials that hold nothing usable are counted together, and there
   * are more of them than the limiter lets pass.
   */
  withoutFailureLimit(): void {
    this.gateway.app.get(FailureLimiter, { strict: false }).recordFailure = () => undefined;
  }

  /** Headers of a request from an internal address that no request came from before. */
  fromElsewhere(): Record<string, string> {
    this.lastSource += 1;
    return { 'x-forwarded-for': `10.0.${this.lastSource >> 8}.${this.lastSource & 255}` };
  }

  /** Calls `echo` of the server `up`, from a fresh address, unless the attempt says otherwise. */
  attempt(door: Door, attempt: Partial<DoorCall>): Promise<DoorAnswer> {
    return door.call(this.gateway.url, {
      ...{ key: null, server: 'up', tool: 'echo', arguments: { text: 'x' }, requestId: randomUUID() },
      ...attempt,
      headers: { ...this.fromElsewhere(), ...attempt.headers },
    });
  }

  /** Any request, as the owner of a key. */
  as(key: string, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${key}`, ...call.headers };
    return http(`${this.gateway.url}${path}`, { ...call, headers });
  }

  /** The audit records of a request. */
  auditOf(requestId: string): Promise<AuditRow[]> {
    return this.gateway.sql<AuditRow>('SELECT outcome, code, sent FROM audit_records WHERE request_id = $1', [
      requestId,
    ]);
  }
}

interface StartOptions extends Pick<TestGatewayOptions, 'hooks'> {
  /** Further tools of the upstream. */
  readonly echoes?: readonly string[];
  readonly era?: '2025' | '2026';
}

/** What differs in every answer: the time, the id of the request, and the hash of a body that holds the id. */
const OWN_OF_EACH = ['date', 'x-request-id', 'etag'];

/** Everything of an answer that its caller can tell it by, but for what differs in every answer. */
export function appearance({ status, headers, text }: HttpAnswer, requestId?: string): unknown {
  const kept = Object.entries(headers).filter(([name]) => !OWN_OF_EACH.includes(name));
  const own = requestId ?? String(headers['x-request-id']);
  return { status, headers: Object.fromEntries(kept), body: text.replaceAll(own, 'REQUEST') };
}
