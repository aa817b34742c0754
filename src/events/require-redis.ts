import { Redis } from 'ioredis';
import { GatehouseError, messageOf, systemCodeOf } from '../common/gatehouse-error.js';
import type { Secret } from '../common/secret.js';

const TIMEOUT_MS = 5_000;
const OLDEST_SERVER: readonly [number, number] = [6, 2];

/** What to do about each error code of Node and reply of Redis. `where` is host and port, never user or password. */
const ADVICE: Readonly<Record<string, (where: string) => string>> = {
  ECONNREFUSED: (where) => `Redis at ${where} refuses connections: start it, or correct host and port in REDIS_URL.`,
  ENOTFOUND: (where) => `The host of REDIS_URL (${where}) is not known: correct it.`,
  EAI_AGAIN: (where) => `The host of REDIS_URL (${where}) cannot be looked up at the moment: check the name service.`,
  ETIMEDOUT: (where) => `Redis at ${where} does not answer: check host, port and firewall.`,
  NOAUTH: (where) => `Redis at ${where} asks for a password: put it into REDIS_URL.`,
  WRONGPASS: (where) => `Redis at ${where} refuses the user name or password of REDIS_URL: correct them.`,
};

/**
 * Proves before anything is built on it that Redis can be used. Later losses are bridged by reconnecting; at the start
 * that would only hide a wrong REDIS_URL.
 * @throws GatehouseError `dependency_unavailable` with one line for the operator
 */
export async function requireRedis(redisUrl: Secret): Promise<void> {
  const redis = new Redis(redisUrl.reveal(), {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    disconnectTimeout: 100,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
  });
  let reason: unknown;
  // ioredis rejects with "Connection is closed" and gives the reason only here.
  redis.on('error', (error) => (reason = error));
  try {
    await redis.connect();
    refuseOldServer(await redis.info('server'), whereOf(redisUrl));
  } catch (error) {
    throw explain(reason ?? error, redisUrl);
  } finally {
    redis.disconnect();
  }
}

function refuseOldServer(info: string, where: string): void {
  const [, major, minor] = /redis_version:(\d+)\.(\d+)/.exec(info) ?? [];
  const [oldestMajor, oldestMinor] = OLDEST_SERVER;
  const behind = Number(major) - oldestMajor || Number(minor) - oldestMinor;
  if (behind < 0)
    throw unusable(`Redis at ${where} is too old: version ${OLDEST_SERVER.join('.')} or later is needed.`);
}

function explain(error: unknown, redisUrl: Secret): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const advice = ADVICE[codeOf(error)];
  const where = whereOf(redisUrl);
  return unusable(advice?.(where) ?? `Redis at ${where} cannot be used: check REDIS_URL.`, error);
}

/** The code of Node, the first word of a refusal of Redis, or the time-out of a command. */
function codeOf(error: unknown): string {
  const message = messageOf(error);
  if (/timed out/i.test(message)) return 'ETIMEDOUT';
  return systemCodeOf(error) ?? /^[A-Z]+(?= )/.exec(message)?.[0] ?? '';
}

function unusable(message: string, cause?: unknown): GatehouseError {
  return new GatehouseError('dependency_unavailable', message, { cause, detail: messageOf(cause) });
}

function whereOf(redisUrl: Secret): string {
  const { hostname, port } = new URL(redisUrl.reveal());
  return `${hostname}:${port === '' ? '6379' : port}`;
}
