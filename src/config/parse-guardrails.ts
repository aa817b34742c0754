import { dirname, resolve } from 'node:path';
import { InvalidValue } from './configuration-error.js';
import type { GuardrailEntry, GuardrailPhase } from './guardrail-entry.js';
import type { YamlSetting } from './yaml-setting.js';

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const PARAMS = ['guardrail', 'mode', 'default_on'] as const;

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
 * Reads `guardrails`: entries with `guardrail_name` and `litellm_params` (`guardrail`, `mode`, `default_on`). Faults are
 * noted with their place; an entry at fault is left out, and the start is refused.
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
  // A setting that has no effect would make a guardrail weaker than its operator thinks.
  for (const [key, param] of litellm_params.entries()) {
    if (!PARAMS.some((known) => known === key)) param.fault('is not a setting of guardrails in this version');
  }
  const { guardrail, mode, default_on } = litellm_params.members(PARAMS);
  const specifier = guardrail.requiredText();
  const phases = parseModes(mode);
  if (name === null || specifier === null || phases === null) return null;
  const module = specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier;
  return { name, module, phases, defaultOn: default_on.flag() ?? false };
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
