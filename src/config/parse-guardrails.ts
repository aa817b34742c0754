import { dirname, resolve } from 'node:path';
import type { JsonObject } from '../common/json.js';
import { InvalidValue } from './configuration-error.js';
import {
  BUILT_IN_NAMES,
  type GuardrailEntry,
  type GuardrailPhase,
  type GuardrailSource,
  type WrittenSettings,
} from './guardrail-entry.js';
import type { YamlSetting } from './yaml-setting.js';

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
/** What every entry may say; anything else is a setting of a built-in guardrail. */
const PARAMS = ['guardrail', 'mode', 'default_on', 'order', 'timeout_ms', 'fail_open'] as const;
const MAX_TIMEOUT_MS = 60_000;
const MAX_ORDER = 1_000_000;

/** Short names and those of LiteLLM. Its other modes are about calls of models, which this gateway does not make. */
const PHASES: ReadonlyMap<string, GuardrailPhase> = new Map([
  ['pre', 'pre'],
  ['during', 'during'],
  ['post', 'post'],
  ['list', 'list'],
  ['pre_mcp_call', 'pre'],
  ['during_mcp_call', 'during'],
  ['post_mcp_call', 'post'],
]);

/**
 * Reads `guardrails`: entries with `guardrail_name` and `litellm_params`. Faults are noted with their place; an entry at
 * fault is left out, and the start is refused. The settings of a built-in guardrail are read here and checked by it.
 * @param file where it is written: relative paths start at its directory
 */
export function parseGuardrails(setting: YamlSetting, file: string): GuardrailEntry[] {
  const names = new Set<string>();
  return setting.items().flatMap((item) => {
    const entry = parseEntry(item, file);
    if (entry === null) return [];
    if (names.has(entry.name)) item.fault(`has the guardrail_name of another entry: ${entry.name}`);
    names.add(entry.name);
    return [entry];
  });
}

function parseEntry(item: YamlSetting, file: string): GuardrailEntry | null {
  const { guardrail_name, litellm_params } = item.members(['guardrail_name', 'litellm_params']);
  const name = guardrail_name.requiredText() === null ? null : guardrail_name.parsed(parseName);
  if (litellm_params.isMissing) return litellm_params.fault('is missing');
  const params = new Map(litellm_params.entries());
  const { guardrail, mode, default_on, order, timeout_ms, fail_open } = litellm_params.membersAmong(params, PARAMS);
  const source = parseSource(guardrail, litellm_params, params, file);
  const phases = parseModes(mode);
  const options = {
    defaultOn: default_on.flag() ?? false,
    order: order.number(-MAX_ORDER, MAX_ORDER),
    timeoutMs: timeout_ms.wholeNumber(1, MAX_TIMEOUT_MS),
    failOpen: fail_open.flag(),
  };
  if (name === null || source === null || phases === null) return null;
  return { name, source, phases, ...options };
}

function parseSource(
  guardrail: YamlSetting,
  whole: YamlSetting,
  params: ReadonlyMap<string, YamlSetting>,
  file: string,
): GuardrailSource | null {
  const further = [...params].filter(([key]) => !PARAMS.some((known) => known === key));
  const specifier = guardrail.requiredText();
  const builtIn = BUILT_IN_NAMES.find((known) => known === specifier);
  if (builtIn !== undefined) return { kind: 'built_in', builtIn, settings: readSettings(whole, further) };
  // A setting that has no effect would make a guardrail weaker than its operator thinks.
  for (const [, param] of further) param.fault('is not a setting of guardrails that are modules');
  if (specifier === null) return null;
  return { kind: 'module', module: specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier };
}

function readSettings(whole: YamlSetting, written: readonly [string, YamlSetting][]): WrittenSettings {
  const places: Record<string, string> = { '': whole.place };
  const values: JsonObject = {};
  for (const [key, setting] of written) {
    const note = (path: string, { place }: YamlSetting): void => void (places[path] = place);
    // What is at fault there was noted, and the start is refused.
    values[key] = setting.json(note, key) ?? null;
  }
  return { values, places };
}

function parseModes(mode: YamlSetting): GuardrailPhase[] | null {
  if (mode.isMissing) return mode.fault('is missing');
  const texts = mode.texts();
  if (texts === null) return null;
  if (texts.length === 0) return mode.fault('must name at least one mode');
  const phases = texts.map((text) => PHASES.get(text));
  const known = phases.filter((phase) => phase !== undefined);
  if (known.length === phases.length) return [...new Set(known)];
  return mode.fault(`must be one or a list of: ${[...PHASES.keys()].join(', ')}`);
}

function parseName(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidValue('must be 1 to 64 letters, digits and _ . : -');
}
