import type { JsonObject } from '../common/json.js';
import type { Secret } from '../common/secret.js';

/** One entry of `mcp_servers` in gateway.yaml, as it is written: its fields are checked by the room of the servers. */
export interface ConfiguredServer {
  /** Key of the entry; unique in the file. */
  readonly name: string;
  /** The first alias that `litellm_settings.mcp_aliases` gives it; null: none. */
  readonly alias: string | null;
  /** With what `os.environ/NAME` stands for. */
  readonly fields: Secret<JsonObject>;
  /** Lines of the fields by path (`env.TOKEN`); the empty path is the entry itself. */
  readonly lines: ReadonlyMap<string, number>;
}

/** A fault or a warning of a field, with its place: `line 7: mcp_servers.docs.url must be …`. */
export function tellAt({ name, lines }: ConfiguredServer, path: string, message: string): string {
  return `line ${lineOf(lines, path)}: mcp_servers.${name}${path === '' ? '' : `.${path}`} ${message}`;
}

/** The line of the field, or of the closest one around it that is written. */
function lineOf(lines: ReadonlyMap<string, number>, path: string): number {
  const parts = path.split('.');
  while (parts.length > 0) {
    const line = lines.get(parts.join('.'));
    if (line !== undefined) return line;
    parts.pop();
  }
  return lines.get('') ?? 1;
}
