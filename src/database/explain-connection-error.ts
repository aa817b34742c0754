import { messageOf, systemCodeOf } from '../common/gatehouse-error.js';
import type { Secret } from '../common/secret.js';
import { DatabaseUnavailableError } from './database-unavailable-error.js';

/** What to do about each error code of Node and PostgreSQL. `where` is host and port, never the user or password. */
const ADVICE: Readonly<Record<string, (where: string) => string>> = {
  ECONNREFUSED: (where) =>
    `PostgreSQL at ${where} refuses connections: start it, or correct host and port in DATABASE_URL.`,
  ENOTFOUND: (where) => `The host of DATABASE_URL (${where}) is not known: correct it.`,
  EAI_AGAIN: (where) =>
    `The host of DATABASE_URL (${where}) cannot be looked up at the moment: check the name service.`,
  ETIMEDOUT: (where) => `PostgreSQL at ${where} does not answer: check host, port and firewall.`,
  '28P01': (where) => `PostgreSQL at ${where} refuses the user name or password of DATABASE_URL: correct them.`,
  '28000': (where) =>
    `PostgreSQL at ${where} does not let this user in: check its pg_hba.conf and the user of DATABASE_URL.`,
  '3D000': (where) => `PostgreSQL at ${where} does not have the database that DATABASE_URL names: create it.`,
  '53300': (where) => `PostgreSQL at ${where} has no connection left: raise max_connections or stop other clients.`,
  '57P03': (where) => `PostgreSQL at ${where} is still starting or stopping: try again in a moment.`,
  '42501': (where) => `The user of DATABASE_URL may not create tables at ${where}: grant CREATE on the schema public.`,
  GATEHOUSE_OLD_SERVER: (where) => `PostgreSQL at ${where} is too old: version 14 or later is needed.`,
};

/** One line for the operator instead of a driver error. Errors that are explained already pass unchanged. */
export function explainConnectionError(error: unknown, databaseUrl: Secret): DatabaseUnavailableError {
  if (error instanceof DatabaseUnavailableError) return error;
  const where = hostOf(databaseUrl);
  const advice = ADVICE[codeOf(error)];
  const message =
    advice?.(where) ?? `The database at ${where} cannot be used: ${withoutSecrets(messageOf(error), databaseUrl)}`;
  return new DatabaseUnavailableError(message, { cause: error });
}

/** Node reports a refused connection to a name with several addresses as one error for all of them. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = systemCodeOf(error);
  if (code !== undefined) return code;
  return /timeout/i.test(messageOf(error)) ? 'ETIMEDOUT' : '';
}

function hostOf(databaseUrl: Secret): string {
  const url = new URL(databaseUrl.reveal());
  return `${url.hostname === '' ? 'localhost' : url.hostname}:${url.port === '' ? '5432' : url.port}`;
}

function withoutSecrets(text: string, databaseUrl: Secret): string {
  const { username, password } = new URL(databaseUrl.reveal());
  const secrets = [databaseUrl.reveal(), decodeURIComponent(password), password, username].filter(
    (part) => part !== '',
  );
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text.split('\n')[0] ?? '');
}
