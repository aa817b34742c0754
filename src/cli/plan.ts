import type { JsonObject, JsonValue } from '../common/json.js';
import { diffOf } from './entry-diff.js';
import type { GatewayState } from './gateway-state.js';
import { entryFault, type Entry, type ImportFile } from './import-file.js';
import { nameOf, type Kind } from './kinds.js';
import { comparable, portable } from './portable.js';
import { droppedSecrets, keptFields, writtenCredentials } from './server-credentials.js';
import { withServerIds } from './server-ids.js';
import { isDeepStrictEqual } from 'node:util';

/** One request that an import makes. */
export type Step =
  | { readonly does: 'create'; readonly entry: Entry; readonly fields: JsonObject }
  | { readonly does: 'update'; readonly entry: Entry; readonly view: JsonObject; readonly fields: JsonObject }
  | { readonly does: 'delete'; readonly kind: Kind; readonly view: JsonObject };

/** What an import would do. */
export interface Plan {
  /** In the order in which they can be made. */
  readonly steps: readonly Step[];
  /** What is left alone, and why. */
  readonly notes: readonly string[];
  /** Changed both in the file and on the gateway since the export. */
  readonly conflicts: readonly string[];
  /** Of the file, by line and field. */
  readonly faults: readonly string[];
}

/** What an import is asked to do. */
export interface PlanOptions {
  /** The file as it was exported or last imported; null: none is known. */
  readonly base: ImportFile | null;
  readonly prune: boolean;
  /** The file wins where both changed. */
  readonly force: boolean;
  /** Keys that are not there are made. */
  readonly makesKeys: boolean;
  /** Token of the key that the command works with. */
  readonly ownToken: string;
}

interface Planning {
  readonly steps: Step[];
  readonly notes: string[];
  readonly conflicts: string[];
  readonly faults: string[];
}

/** Compares a file with a gateway and with what the file was before. Nothing is deleted unless that is asked for. */
export function planImport(file: ImportFile, state: GatewayState, options: PlanOptions): Plan {
  const plan: Planning = { steps: [], notes: [], conflicts: [], faults: [] };
  const ids = serverIds(file, state);
  const matched = new Set<JsonObject>();
  for (const written of file.entries) {
    const entry = { ...written, fields: withServerIds(written.fields, ids) };
    const view = find(entry.kind, entry.fields, state.objects.get(entry.kind) ?? []);
    if (view !== undefined) matched.add(view);
    planEntry(plan, entry, view, state, options);
  }
  if (options.prune) planDeletions(plan, file, matched, state, options);
  checkGroups(plan, file, state);
  return plan;
}

function planEntry(
  plan: Planning,
  entry: Entry,
  view: JsonObject | undefined,
  state: GatewayState,
  options: PlanOptions,
): void {
  const { kind, fields } = entry;
  const writable = state.writable.get(kind);
  if (writable === undefined) return;
  const unknown = Object.keys(fields).filter((field) => !writable.known.has(field));
  plan.faults.push(...unknown.map((field) => entryFault(entry, field, `is no field of a ${kind.label}`)));
  const base = baseOf(kind, fields, options.base);
  if (view === undefined && base !== undefined && isDeepStrictEqual(base, fields) && !options.force) {
    plan.notes.push(`${nameOf(kind, fields)} is left alone: it was deleted on the gateway since the export`);
    return;
  }
  const present = view === undefined ? null : comparable(kind, view, writable, state.groups);
  const diff = diffOf(said(kind, fields), present, base === undefined ? undefined : said(kind, base), options.force);
  plan.faults.push(
    ...diff.missing.map((path) =>
      entryFault(entry, path, 'is ***, and the gateway has nothing there: write the value'),
    ),
  );
  plan.conflicts.push(...diff.conflicts.map((field) => entryFault(entry, field, 'was changed on the gateway too')));
  plan.notes.push(
    ...diff.kept.map((field) => `${nameOf(kind, fields)}: ${field} is left as it was changed on the gateway`),
  );
  const { changed } = diff;
  if (view === undefined) planCreation(plan, entry, changed, options);
  else if (Object.keys(changed).length > 0) planChange(plan, entry, view, changed);
}

function planChange(plan: Planning, entry: Entry, view: JsonObject, changed: JsonObject): void {
  const { credentials } = entry.fields;
  const dropped = droppedSecrets(entry.fields, changed, view);
  const told = 'is ***, and the gateway drops what it has when the origin or auth_type changes: write the value';
  plan.faults.push(...dropped.map((path) => entryFault(entry, path, told)));
  // Stored ones cannot be compared, so they come along whenever something else is written.
  const written = writtenCredentials(credentials);
  const fields = {
    ...changed,
    ...keptFields(entry.fields, changed, view),
    ...(written !== null && { credentials: written }),
  };
  plan.steps.push({ does: 'update', entry, view, fields });
}

/** The fields that can be written: an id names the object, and whether it is closed follows from its grants. */
function said(kind: Kind, { permission_closed: _closed, ...fields }: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== kind.idField));
}

function planCreation(plan: Planning, entry: Entry, fields: JsonObject, { makesKeys }: PlanOptions): void {
  const { kind } = entry;
  const name = nameOf(kind, entry.fields);
  const expires = entry.fields['expires'];
  if (kind.section === 'keys' && typeof expires === 'string' && Date.parse(expires) <= Date.now()) {
    plan.notes.push(`${name} is left out: it has expired`);
  } else if (kind.section === 'keys' && typeof entry.fields['key_alias'] !== 'string') {
    plan.notes.push(`${name} is left out: without a key_alias the next import could not find it again`);
  } else if (kind.section === 'keys' && !makesKeys) {
    plan.notes.push(`${name} is left out: its secret is not in the file; --new-keys FILE makes a new one`);
  } else {
    plan.steps.push({ does: 'create', entry, fields });
  }
}

function planDeletions(
  plan: Planning,
  file: ImportFile,
  matched: ReadonlySet<JsonObject>,
  state: GatewayState,
  { base, force, ownToken }: PlanOptions,
): void {
  for (const [kind, views] of [...state.objects].toReversed()) {
    const writable = state.writable.get(kind);
    if (writable === undefined || !file.sections.has(kind.section)) continue;
    for (const view of views.filter((candidate) => !matched.has(candidate) && candidate['token'] !== ownToken)) {
      const now = portable(kind, view, writable, state.groups);
      const before = baseOf(kind, now, base);
      if (base !== null && before === undefined) {
        plan.notes.push(`${nameOf(kind, view)} is left alone: it was made since the export`);
      } else if (before !== undefined && !force && !isDeepStrictEqual(before, now)) {
        plan.conflicts.push(`${nameOf(kind, view)} is not in the file any more, and was changed on the gateway`);
      } else {
        plan.steps.push({ does: 'delete', kind, view });
      }
    }
  }
}

/** Files name access groups; each must be there, or be made by the file. */
function checkGroups(plan: Planning, file: ImportFile, state: GatewayState): void {
  const made = file.entries.flatMap(({ fields }) => fields['access_group_name'] ?? []);
  const known = new Set<JsonValue>([...state.groups.keys(), ...state.groups.values(), ...made]);
  for (const entry of file.entries) {
    const groups = entry.fields['access_group_ids'];
    if (!Array.isArray(groups)) continue;
    groups.forEach((group, index) => {
      if (!known.has(group)) plan.faults.push(entryFault(entry, `access_group_ids.${index}`, 'names no access group'));
    });
  }
}

function serverIds(file: ImportFile, state: GatewayState): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { kind, fields } of file.entries) {
    if (kind.section !== 'servers' || typeof fields['server_id'] !== 'string') continue;
    const found = find(kind, fields, state.objects.get(kind) ?? [])?.['server_id'];
    if (typeof found === 'string' && found !== fields['server_id']) ids.set(fields['server_id'], found);
  }
  return ids;
}

function baseOf(kind: Kind, fields: JsonObject, base: ImportFile | null): JsonObject | undefined {
  const entries = (base?.entries ?? []).filter((entry) => entry.kind === kind);
  return find(
    kind,
    fields,
    entries.map((entry) => entry.fields),
  );
}

/** The object that is meant: by id, else by a name. */
function find(kind: Kind, fields: JsonObject, among: readonly JsonObject[]): JsonObject | undefined {
  const by = (field: string): JsonObject | undefined => {
    const wanted = fields[field];
    return typeof wanted === 'string' ? among.find((other) => other[field] === wanted) : undefined;
  };
  return [kind.idField, ...kind.names].map(by).find((found) => found !== undefined);
}
