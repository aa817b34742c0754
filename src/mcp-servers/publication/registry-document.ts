import type { McpServer } from '../mcp-server.js';
import type { RegistryDto, RegistryServerDto } from './publication.dto.js';

const VERSION = '1.0.0';

/** The registry in the shape of the official one: the gateway itself, then single servers by name. */
export function registryDocument(base: string, servers: readonly McpServer[]): RegistryDto {
  const names = servers.map(({ prefix }) => prefix).toSorted();
  const entries = [
    entry('gatehouse', 'Every server of the caller behind one address', `${base}/mcp`),
    ...names.map((name) => entry(name, name, `${base}/${encodeURIComponent(name)}/mcp`)),
  ];
  return { servers: entries.map((server) => ({ server })) };
}

function entry(name: string, description: string, url: string): RegistryServerDto {
  return { name, title: name, description, version: VERSION, remotes: [{ type: 'streamable-http', url }] };
}
