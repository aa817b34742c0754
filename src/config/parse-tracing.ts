import { Secret } from '../common/secret.js';
import { InvalidValue } from './configuration-error.js';

const HEADER = /^([A-Za-z0-9_-]+)=(.*)$/s;

/** OTEL_EXPORTER_OTLP_HEADERS: `name=value` pairs with commas between them, values percent-encoded. */
export function parseHeaderPairs(text: string): Secret<Readonly<Record<string, string>>> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = HEADER.exec(pair.trim()) ?? [];
    if (name === undefined || value === undefined)
      throw new InvalidValue('must be name=value pairs with commas between them');
    headers[name.toLowerCase()] = decoded(value.trim());
  }
  return new Secret(headers);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new InvalidValue('holds a value that is not percent-encoded as it should be');
  }
}
