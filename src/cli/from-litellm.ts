import { InvalidValue } from '../config/configuration-error.js';
import type { ConfiguredServer } from '../config/configured-server.js';
import { parseMcpServers } from '../config/parse-mcp-servers.js';
import { YamlSetting } from '../config/yaml-setting.js';
import { configuredFields } from '../mcp-servers/configured/configured-fields.js';
import { readConfiguredServers } from '../mcp-servers/configured/read-configured-servers.js';
import { CliError } from './cli-error.js';
import { FileFaults, type Entry, type ImportFile } from './import-file.js';
import { KINDS } from './kinds.js';

/** What a config.yaml of LiteLLM comes to. */
export interface LitellmFile extends ImportFile {
  /** What of it is not imported, by name. */
  readonly warnings: readonly string[];
}

/**
 * Reads the MCP servers of a config.yaml of LiteLLM, with the ids that they have there.
 * @throws FileFaults with every fault, each with its line and field
 */
export async function readLitellmFile(path: string, text: string, env: NodeJS.ProcessEnv): Promise<LitellmFile> {
  const faults: string[] = [];
  const ignoredKeys: string[] = [];
  const entries = serversIn(path, text, env, { faults, ignoredKeys });
  // Which commands may run and how tools are called is for the gateway to say; it is asked when a server is written.
  const commands = entries.map((entry) => String(entry.fields.reveal()['command']));
  const read = await readConfiguredServers(entries, {
    toolPrefixSeparator: '-',
    stdioCommands: commands,
    areStored: true,
  });
  faults.push(...read.faults);
  if (faults.length > 0) throw new FileFaults(path, faults);
  const warnings = [...ignoredKeys.map((key) => `${key} is not imported`), ...read.warnings];
  const ids = read.servers.map((server) => server.server_id);
  return {
    entries: entries.map((entry, index) => entryOf(entry, ids[index] ?? '')),
    sections: new Set(['servers']),
    warnings,
  };
}

function serversIn(
  path: string,
  text: string,
  env: NodeJS.ProcessEnv,
  findings: { faults: string[]; ignoredKeys: string[] },
): ConfiguredServer[] {
  try {
    const top = YamlSetting.parse(text, env, findings).members(['mcp_servers', 'litellm_settings']);
    return parseMcpServers(top.mcp_servers, top.litellm_settings.members(['mcp_aliases']).mcp_aliases);
  } catch (error) {
    if (error instanceof InvalidValue) throw new FileFaults(path, [error.message]);
    throw error;
  }
}

function entryOf(server: ConfiguredServer, id: string): Entry {
  const kind = KINDS.find(({ section }) => section === 'servers');
  if (kind === undefined) throw new CliError('servers cannot be imported');
  const { fields } = configuredFields(server, true);
  return { kind, fields: { ...fields, server_id: id }, path: `mcp_servers.${server.name}`, lines: server.lines };
}
