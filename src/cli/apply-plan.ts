import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { NO_MCP_SERVERS } from '../auth/object-permission.js';
import { CliError } from './cli-error.js';
import { Refusal, type GatewayApi } from './gateway-api.js';
import type { GatewayState } from './gateway-state.js';
import { entryFault, type Entry } from './import-file.js';
import { nameOf } from './kinds.js';
import type { Plan, Step } from './plan.js';
import { MASK } from './portable.js';

const MS_PER_SECOND = 1000;

/** Makes the requests of a plan, one after the other. A refusal ends it; the same import can then be run again. */
export class PlanWriter {
  private readonly groupIds: Map<JsonValue, string>;

  constructor(
    private readonly api: GatewayApi,
    state: GatewayState,
    /** Name of the file, for messages. */
    private readonly file: string,
    /** Told of every new key: its alias and the key. */
    private readonly onNewKey: (alias: string, key: string) => void,
  ) {
    this.groupIds = new Map([...state.groups].map(([id, name]) => [name, id]));
  }

  /** @throws CliError that names line and field of what the gateway refused */
  async write({ steps }: Plan): Promise<void> {
    for (const [index, step] of steps.entries()) {
      try {
        await this.make(step);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const done = index === 0 ? 'Nothing was changed.' : `${index} of ${steps.length} changes were made before it.`;
        throw new CliError(`${this.told(step, error)}\n${done}`);
      }
    }
  }

  private async make(step: Step): Promise<void> {
    if (step.does === 'delete') {
      const [method, path, body] = step.kind.remove(String(step.view[step.kind.idField]));
      await this.api.write(method, path, body);
      return;
    }
    if (step.does === 'create') await this.create(step.entry, step.fields);
    else await this.update(step.entry, step.view, step.fields);
  }

  private async create(entry: Entry, fields: JsonObject): Promise<void> {
    const { kind } = entry;
    const body = this.bodyOf(fields, null);
    if (kind.section !== 'keys' && entry.fields[kind.idField] !== undefined) {
      body[kind.idField] = entry.fields[kind.idField] ?? null;
    }
    if (entry.fields['permission_closed'] === true && (body['object_permission'] ?? null) === null) {
      // It was emptied: without anything it would say nothing, which is more.
      body['object_permission'] = { mcp_servers: [NO_MCP_SERVERS] };
    }
    const made = await this.api.write('POST', kind.createPath, body);
    if (!isJsonObject(made)) return;
    if (kind.section === 'access_groups') {
      this.groupIds.set(made['access_group_name'] ?? '', String(made['access_group_id']));
    }
    if (kind.section === 'keys') this.onNewKey(String(made['key_alias'] ?? made['token']), String(made['key']));
  }

  private async update(entry: Entry, view: JsonObject, fields: JsonObject): Promise<void> {
    const { kind } = entry;
    const { members_with_roles: members, ...others } = this.bodyOf(fields, view);
    const id = view[kind.idField] ?? null;
    if (Object.keys(others).length > 0) {
      const [method, path] = kind.update;
      await this.api.write(method, path, { ...others, [kind.section === 'keys' ? 'key' : kind.idField]: id });
    }
    if (members !== undefined) await this.changeMembers(id, view['members_with_roles'], members);
  }

  /** Members of a team have routes of their own. */
  private async changeMembers(teamId: JsonValue, before: JsonValue | undefined, after: JsonValue): Promise<void> {
    const present = rolesOf(before);
    const wanted = rolesOf(after);
    for (const [userId, role] of present) {
      if (wanted.get(userId) === role) continue;
      await this.api.write('POST', '/team/member_delete', { team_id: teamId, user_id: userId });
    }
    for (const [userId, role] of wanted) {
      if (present.get(userId) === role) continue;
      await this.api.write('POST', '/team/member_add', { team_id: teamId, member: { user_id: userId, role } });
    }
  }

  /** Fields of a file as fields of a request. @param view the object that is changed; null: it is new */
  private bodyOf(fields: JsonObject, view: JsonObject | null): JsonObject {
    const body: JsonObject = {};
    for (const [field, value] of Object.entries(fields)) {
      if (field === 'expires') body['duration'] = durationUntil(value);
      else if (field === 'credentials') body[field] = written(value);
      else if (field === 'access_group_ids' && Array.isArray(value))
        body[field] = value.map((name) => this.groupId(name));
      else if (field === 'object_permission') body[field] = grantsOf(value, view?.[field]);
      else if (value !== null || view !== null) body[field] = value;
    }
    return body;
  }

  private groupId(name: JsonValue): JsonValue {
    return this.groupIds.get(name) ?? name;
  }

  private told(step: Step, refusal: Refusal): string {
    if (step.does === 'delete') return `${nameOf(step.kind, step.view)}: ${refusal.message}`;
    const { entry } = step;
    if (refusal.faults.length === 0) return `${this.file} ${entryFault(entry, '', `was refused: ${refusal.message}`)}`;
    return refusal.faults
      .map(({ path, message }) => `${this.file} ${entryFault(entry, path.replace(/^duration/, 'expires'), message)}`)
      .join('\n');
  }
}

/** Lists that the file does not name any more say nothing again. */
function grantsOf(wanted: JsonValue, present: JsonValue | undefined): JsonValue {
  if (!isJsonObject(wanted) || !isJsonObject(present)) return wanted;
  return { ...Object.fromEntries(Object.keys(present).map((list) => [list, null])), ...wanted };
}

/** Credentials are merged by the gateway: what is masked is not sent. */
function written(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== MASK));
}

function durationUntil(expires: JsonValue): JsonValue {
  if (typeof expires !== 'string') return null;
  return `${Math.max(1, Math.ceil((Date.parse(expires) - Date.now()) / MS_PER_SECOND))}s`;
}

function rolesOf(members: JsonValue | undefined): ReadonlyMap<string, JsonValue> {
  const list = Array.isArray(members) ? members.filter(isJsonObject) : [];
  return new Map(list.map((member) => [String(member['user_id']), member['role'] ?? 'user']));
}
