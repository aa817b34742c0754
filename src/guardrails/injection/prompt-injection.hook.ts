import { Inject, Injectable } from '@nestjs/common';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type {
  ListedToolView,
  OnMcpList,
  PostMcpCall,
  ToolCallResult,
  ToolCallView,
  ToolListChange,
  ToolListView,
  UpstreamMessage,
} from '../../hooks/hook.types.js';
import { masked } from '../text/finding.js';
import { overFor } from '../text/text-guard.js';
import { TextSearch, type FoundTexts } from '../text/text-search.js';
import { replaceTexts, TextSites } from '../text/text-sites.js';
import { instructionFinder } from './instructions.js';
import { findControls, findInvisible } from './invisible.js';
import type { PromptInjectionSettings } from './prompt-injection.settings.js';

const SIZES = { slice: 16 * 1024, overlap: 1024 };

/**
 * Looks in descriptions and results for text that speaks to the model, or that only a model can see. These are
 * heuristics: they make such attacks harder, and cannot end them.
 */
@Injectable()
export class PromptInjectionHook implements PostMcpCall, OnMcpList {
  readonly #settings: PromptInjectionSettings;
  readonly #inResults: TextSearch;
  readonly #inLists: TextSearch;

  constructor(@Inject(GUARDRAIL_SETTINGS) settings: PromptInjectionSettings) {
    this.#settings = settings;
    const finders = [instructionFinder(settings.strict)];
    this.#inResults = new TextSearch(finders, SIZES, [findInvisible]);
    // Programs colour what they print; a description has no use for control characters.
    this.#inLists = new TextSearch(finders, SIZES, [findInvisible, findControls]);
  }

  async postMcpCall(
    call: ToolCallView,
    result: Readonly<ToolCallResult>,
    messages: readonly UpstreamMessage[],
  ): Promise<ToolCallResult | void> {
    const sites = new TextSites().collect(result, 'result');
    for (const { params } of messages) sites.collect(params, 'plain');
    const found = await this.#inResults.search(sites, overFor(call));
    if (found === null) return;
    if (this.#settings.on_result === 'block') {
      const kinds = kindsOf(found);
      throw new GuardrailViolation(`The result looks like an attempt to instruct the model: ${kinds.join(', ')}`, {
        details: { kinds },
      });
    }
    return { ...(replaceTexts(result, replacementsOf(found), 'result') as ToolCallResult) };
  }

  async onMcpList({ tools }: ToolListView): Promise<ToolListChange | void> {
    const found = await this.#inLists.search(allTexts(tools));
    if (found === null) return;
    const replacements = replacementsOf(found);
    return { tools: tools.flatMap((tool) => this.shown(tool, replacements)) };
  }

  private shown(tool: ListedToolView, replacements: ReadonlyMap<string, string>): ListedToolView[] {
    const { title, description } = tool;
    const suspicious = allTexts([tool]).texts.filter((text) => replacements.has(text));
    if (suspicious.length === 0) return [tool];
    // A name and a schema cannot be changed, so what stands there is hidden in any case.
    const changeable = suspicious.every((text) => text === title || text === description);
    if (this.#settings.on_list === 'hide' || !changeable) return [];
    return [{ ...tool, title: clean(title, replacements), description: clean(description, replacements) }];
  }
}

function allTexts(tools: readonly ListedToolView[]): TextSites {
  const sites = new TextSites();
  for (const { tool, title, description, inputSchema } of tools) {
    for (const text of [tool, title, description]) if (text !== null) sites.add(text, null);
    sites.collect(inputSchema, 'plain');
  }
  return sites;
}

function clean(text: string | null, replacements: ReadonlyMap<string, string>): string | null {
  return text === null ? null : (replacements.get(text) ?? text);
}

function kindsOf(found: NonNullable<FoundTexts>): string[] {
  const kinds = new Set<string>();
  for (const findings of found.values()) for (const { kind } of findings) kinds.add(kind);
  return [...kinds].sort();
}

function replacementsOf(found: NonNullable<FoundTexts>): ReadonlyMap<string, string> {
  return new Map([...found].map(([text, findings]) => [text, masked(text, findings)]));
}
