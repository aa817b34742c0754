import { isJsonObject } from '../common/json.js';
import { Secret } from '../common/secret.js';
import type { ConfiguredServer } from './configured-server.js';
import type { YamlSetting } from './yaml-setting.js';

/**
 * Reads `mcp_servers` and `litellm_settings.mcp_aliases`. The first alias of a server counts, unless the server names one
 * itself; one that counts for no server is noted as ignored.
 */
export function parseMcpServers(servers: YamlSetting, aliases: YamlSetting): ConfiguredServer[] {
  const entries = servers.entries();
  const aliasOf = parseAliases(aliases, new Set(entries.map(([name]) => name)));
  return entries.flatMap(([name, setting]) => {
    const lines = new Map<string, number>();
    const fields = setting.json((path, { line }) => lines.set(path, line));
    if (fields === undefined) return [];
    if (!isJsonObject(fields)) {
      setting.fault('must be a map');
      return [];
    }
    return [{ name, alias: aliasOf.get(name) ?? null, fields: new Secret(fields), lines }];
  });
}

function parseAliases(aliases: YamlSetting, names: ReadonlySet<string>): ReadonlyMap<string, string> {
  const aliasOf = new Map<string, string>();
  for (const [alias, setting] of aliases.entries()) {
    const server = setting.requiredText();
    if (server === null) continue;
    if (names.has(server) && !aliasOf.has(server)) aliasOf.set(server, alias);
    else setting.ignore();
  }
  return aliasOf;
}
