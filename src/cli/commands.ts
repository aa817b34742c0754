import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { Secret } from '../common/secret.js';
import { PlanWriter } from './apply-plan.js';
import { CliError } from './cli-error.js';
import { GatewayApi } from './gateway-api.js';
import { exportedText } from './gateway-export.js';
import { readGateway } from './gateway-state.js';
import { FileFaults, readImportFile, textOf, type ImportFile } from './import-file.js';
import { planImport } from './plan.js';
import { reportOf } from './report.js';

/** Which gateway, and with which key. */
export interface Connection {
  readonly url: string;
  readonly keyFile?: string;
  /** The key itself, from the environment. */
  readonly key?: string;
}

export interface ImportOptions extends Connection {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly force?: boolean;
  readonly base?: string;
  readonly newKeys?: string;
  readonly fromLitellm?: boolean;
}

/** Writes lines for the person who runs the command. */
export type Say = (line: string) => void;

/** `gatehouse export`. @param output null: standard output, and no base is kept */
export async function exportGateway(connection: Connection, output: string | null, say: Say): Promise<void> {
  const { api } = connect(connection);
  const text = exportedText(await readGateway(api));
  if (output === null) return say(text.trimEnd());
  replace(output, text);
  replace(baseFileOf(output), text);
  say(`Exported to ${output}. ${baseFileOf(output)} keeps what it was, for the next import.`);
}

/** `gatehouse import`. @throws CliError when the file is at fault, in conflict, or refused */
export async function importFile(
  path: string,
  options: ImportOptions,
  env: NodeJS.ProcessEnv,
  say: Say,
): Promise<void> {
  const { api, token } = connect(options);
  const text = textOf(path);
  const file = await readFile(path, text, options, env, say);
  const base = options.fromLitellm === true ? null : baseOf(path, options, env);
  const state = await readGateway(api);
  const { prune = false, force = false, newKeys, dryRun = false } = options;
  const plan = planImport(file, state, { base, prune, force, makesKeys: newKeys !== undefined, ownToken: token });
  if (plan.faults.length > 0) throw new FileFaults(path, plan.faults);
  reportOf(plan).forEach(say);
  if (dryRun) return say('Nothing was written: this was a dry run.');
  if (plan.conflicts.length > 0) {
    throw new CliError('Nothing was written. Export again and merge, or let the file win with --force.');
  }
  const keys = newKeys === undefined || !plan.steps.some(isNewKey) ? null : new NewKeyFile(newKeys);
  try {
    await new PlanWriter(api, state, path, (alias, key) => keys?.add(alias, key)).write(plan);
  } finally {
    keys?.close();
  }
  if (options.fromLitellm !== true) replace(baseFileOf(path), text);
  if (plan.steps.length > 0) say('Done.');
}

function isNewKey(step: ReturnType<typeof planImport>['steps'][number]): boolean {
  return step.does === 'create' && step.entry.kind.section === 'keys';
}

async function readFile(
  path: string,
  text: string,
  { fromLitellm, prune }: ImportOptions,
  env: NodeJS.ProcessEnv,
  say: Say,
): Promise<ImportFile> {
  if (fromLitellm !== true) return readImportFile(path, text, env);
  if (prune === true) throw new CliError('--prune cannot be used with --from-litellm: that file is not all there is');
  // With the rules of the API it loads much that the other commands do without.
  const { readLitellmFile } = await import('./from-litellm.js');
  const file = await readLitellmFile(path, text, env);
  for (const warning of file.warnings) say(`? ${warning}`);
  return file;
}

/** What the file was when it was exported or last imported. */
function baseOf(path: string, { base }: ImportOptions, env: NodeJS.ProcessEnv): ImportFile | null {
  const kept = base ?? baseFileOf(path);
  if (base === undefined && !existsSync(kept)) return null;
  return readImportFile(kept, textOf(kept), env);
}

function baseFileOf(path: string): string {
  return `${path}.base`;
}

function connect({ url, keyFile, key }: Connection): { readonly api: GatewayApi; readonly token: string } {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliError('--url must be the address of a gateway, such as http://127.0.0.1:4000');
  }
  const text = keyFile === undefined ? key?.trim() : textOf(keyFile).trim();
  if (text === undefined || text === '') throw new CliError('no key: use --key-file FILE, or set GATEHOUSE_KEY');
  const token = createHash('sha256').update(text, 'utf8').digest('hex');
  return { api: new GatewayApi(url, new Secret(text)), token };
}

/** Written beside its place and moved there, so that nobody finds half a file. Only the owner may read it. */
function replace(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  try {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new CliError(`${path} cannot be written (${systemCodeOf(error) ?? 'unknown error'})`);
  }
}

/** Opened before any key is made, so that no key is made that nobody ever sees. */
class NewKeyFile {
  private readonly file: number;

  constructor(path: string) {
    try {
      this.file = openSync(path, 'wx', 0o600);
    } catch (error) {
      const reason =
        systemCodeOf(error) === 'EEXIST' ? 'it is there already' : (systemCodeOf(error) ?? 'unknown error');
      throw new CliError(`${path} cannot be made for the new keys (${reason}). Nothing was written.`);
    }
  }

  add(alias: string, key: string): void {
    writeSync(this.file, `${JSON.stringify(alias)}: ${key}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}
