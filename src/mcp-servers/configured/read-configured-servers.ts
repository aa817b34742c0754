import { createHash } from 'node:crypto';
import { GatehouseError, type FieldFault } from '../../common/gatehouse-error.js';
import { createValidationPipe } from '../../common/validation.js';
import type { Config } from '../../config/config.js';
import { tellAt, type ConfiguredServer } from '../../config/configured-server.js';
import { CreateMcpServerDto } from '../mcp-server.dto.js';
import type { ServerDetails } from '../server-details.js';
import { conflictingName, nameFaults } from '../server-names.js';
import { settingsFaults } from '../server-rules.js';
import { newSettings, type ServerSettings } from '../server-settings.js';
import { configuredFields } from './configured-fields.js';

const ID_LENGTH = 32;
const WRITER = 'gateway.yaml';
const CHECK_SHAPE = createValidationPipe();

/** What the entries come to. Servers only when there is no fault. */
export interface ReadServers {
  readonly servers: readonly ServerDetails[];
  /** Each names its line and field, and never a value. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

interface Limits extends Pick<Config, 'toolPrefixSeparator' | 'stdioCommands'> {
  /** They become stored servers. Missing: they stay in the file. */
  readonly areStored?: boolean;
}

/** Reads the servers of gateway.yaml by the rules of the API. */
export async function readConfiguredServers(
  entries: readonly ConfiguredServer[],
  limits: Limits,
): Promise<ReadServers> {
  const servers: ServerDetails[] = [];
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const entry of entries) {
    const read = configuredFields(entry, limits.areStored ?? false);
    faults.push(...read.faults);
    warnings.push(...read.warnings);
    const { details, found } = await readOne(read.fields, entry, limits);
    faults.push(...found.map(({ path, message }) => tellAt(entry, placeOf(path, read.writtenAs), message)));
    const taken = details === null ? null : conflictingName(details, servers);
    if (taken !== null) {
      const field = entry.lines.has(taken) ? taken : '';
      faults.push(tellAt(entry, field, `has, but for case and punctuation, a name (${taken}) of another entry`));
    }
    if (details !== null) servers.push(details);
  }
  return { servers: faults.length > 0 ? [] : servers, faults, warnings };
}

/**
 * The id of an entry without one, as LiteLLM makes it: it stays for as long as what it is made of does.
 */
export function stableId(
  name: string,
  settings: Pick<ServerSettings, 'url' | 'transport' | 'auth_type'>,
  alias: string,
) {
  const { url, transport, auth_type: authType } = settings;
  const text = [name, url ?? '', transport, authType ?? '', alias].join('|');
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, ID_LENGTH);
}

interface ReadOne {
  readonly details: ServerDetails | null;
  readonly found: readonly FieldFault[];
}

async function readOne(fields: object, entry: ConfiguredServer, limits: Limits): Promise<ReadOne> {
  try {
    const sent: CreateMcpServerDto = await CHECK_SHAPE.transform(fields, {
      type: 'body',
      metatype: CreateMcpServerDto,
    });
    const settings = newSettings(sent);
    const id = sent.server_id ?? stableId(entry.name, settings, sent.alias ?? '');
    const names = { server_id: id, server_name: settings.server_name, alias: settings.alias };
    const hasAlias = typeof sent.alias === 'string';
    const found = [
      ...nameFaults(names, limits.toolPrefixSeparator),
      ...settingsFaults(settings, { stdioCommands: limits.stdioCommands }),
    ];
    // A name that became the alias is at fault once.
    const told = found.filter(({ path }) => hasAlias || path !== 'alias');
    return { details: detailsOf(id, settings), found: told };
  } catch (error) {
    if (error instanceof GatehouseError) return { details: null, found: error.faults };
    throw error;
  }
}

function detailsOf(id: string, settings: ServerSettings): ServerDetails {
  const now = new Date();
  return {
    ...settings,
    server_id: id,
    is_public: false,
    approval_status: 'active',
    ...{ submitted_by: null, submitted_at: null, reviewed_at: null, review_notes: null },
    health_status: 'unknown',
    last_health_check: null,
    health_check_error: null,
    revision: 0,
    created_at: now,
    created_by: WRITER,
    updated_at: now,
    updated_by: WRITER,
    is_config: true,
  };
}

/** Where a fault of a field of the API is written in the file. */
function placeOf(path: string, writtenAs: ReadonlyMap<string, string>): string {
  for (const [known, written] of writtenAs) {
    if (path === known || path.startsWith(`${known}.`)) return written + path.slice(known.length);
  }
  // The name of the server is the key of its entry.
  return path === 'server_name' ? '' : path;
}
