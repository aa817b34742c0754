import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { InvalidValue } from '../config/configuration-error.js';
import { YamlSetting } from '../config/yaml-setting.js';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { CliError } from './cli-error.js';
import { FILE_VERSION } from './gateway-export.js';
import { KINDS, type Kind } from './kinds.js';

/** One object of a file. */
export interface Entry {
  readonly kind: Kind;
  readonly fields: JsonObject;
  /** Where it is written: `teams[2]`. */
  readonly path: string;
  /** Lines of its fields by path. */
  readonly lines: ReadonlyMap<string, number>;
}

/** A file that was read. */
export interface ImportFile {
  readonly entries: readonly Entry[];
  /** Sections that are written, be they empty. */
  readonly sections: ReadonlySet<string>;
}

/** Several faults of a file, one line each. */
export class FileFaults extends CliError {
  constructor(path: string, faults: readonly string[]) {
    super(faults.map((fault) => `${path} ${fault}`).join('\n'));
  }
}

/** The text of a file. @throws CliError that says why it cannot be read */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`${path} cannot be read (${systemCodeOf(error) ?? 'unknown error'})`);
  }
}

/**
 * Reads an exported file.
 * @throws FileFaults with every fault, each with its line and field
 */
export function readImportFile(path: string, text: string, env: NodeJS.ProcessEnv): ImportFile {
  const faults: string[] = [];
  const ignoredKeys: string[] = [];
  const file = parsed(path, text, env, { faults, ignoredKeys });
  const sections = KINDS.map((kind) => kind.section);
  const top = file.members(['gatehouse', ...sections]);
  const version = top['gatehouse']?.json(() => undefined);
  if (version !== FILE_VERSION) top['gatehouse']?.fault(`must be ${FILE_VERSION}: is this a file of gatehouse export?`);
  const entries = KINDS.flatMap((kind) => entriesOf(kind, top[kind.section]));
  faults.push(...ignoredKeys.map((key) => `${key} is no section of such a file`), ...duplicates(entries));
  if (faults.length > 0) throw new FileFaults(path, faults);
  return { entries, sections: new Set(sections.filter((section) => top[section]?.isWritten === true)) };
}

/** A fault of an entry by line and field. */
export function entryFault({ path, lines }: Entry, field: string, message: string): string {
  const parts = field.split('.');
  let line = lines.get(parts.join('.'));
  while (line === undefined && parts.length > 0) {
    parts.pop();
    line = lines.get(parts.join('.'));
  }
  return `line ${line ?? 1}: ${path}${field === '' ? '' : `.${field}`} ${message}`;
}

function parsed(
  path: string,
  text: string,
  env: NodeJS.ProcessEnv,
  findings: { faults: string[]; ignoredKeys: string[] },
): YamlSetting {
  try {
    return YamlSetting.parse(text, env, findings);
  } catch (error) {
    if (error instanceof InvalidValue) throw new FileFaults(path, [error.message]);
    throw error;
  }
}

function entriesOf(kind: Kind, section: YamlSetting | undefined): Entry[] {
  return (section?.items() ?? []).flatMap((item) => {
    const lines = new Map<string, number>();
    const fields = item.json((path, { line }) => lines.set(path, line));
    if (fields === undefined) return [];
    if (isJsonObject(fields)) return [{ kind, fields, path: item.path, lines }];
    item.fault('must be a map');
    return [];
  });
}

/** Two entries of one id or name would be written over each other. */
function duplicates(entries: readonly Entry[]): string[] {
  const seen = new Map<string, string>();
  return entries.flatMap((entry) => {
    const fields = [entry.kind.idField, ...entry.kind.names].filter((field) => typeof entry.fields[field] === 'string');
    return fields.flatMap((field) => {
      const key = `${entry.kind.section} ${field} ${String(entry.fields[field]).toLowerCase()}`;
      const first = seen.get(key);
      seen.set(key, first ?? entry.path);
      return first === undefined ? [] : [entryFault(entry, field, `is that of ${first} too`)];
    });
  });
}
