import type { JsonObject, JsonValue } from '../../common/json.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type {
  ListedToolView,
  OnMcpList,
  PostMcpCall,
  PreCallChange,
  PreMcpCall,
  ToolCallResult,
  ToolCallView,
  ToolListChange,
  ToolListView,
  UpstreamMessage,
} from '../../hooks/hook.types.js';
import { masked, type Finding } from './finding.js';
import type { FoundTexts, IsOver, TextSearch } from './text-search.js';
import { replaceTexts, TextSites, type TextSource } from './text-sites.js';

/** What happens to a call in which something was found. */
export type TextAction = 'mask' | 'block';

/** What a guardrail on texts looks for, and what it does about it. */
export interface TextPolicy {
  readonly search: TextSearch;
  /** Does this kind refuse a call? All others are masked. */
  blocks(kind: string): boolean;
  /** Texts that are never a finding, in lower case. */
  readonly allowed: ReadonlySet<string>;
  /** `personal data`: what it is, for the refusal. */
  readonly noun: string;
}

/**
 * A guardrail that looks for something in all texts of arguments, results and descriptions and masks it or refuses the
 * call. What it found is never repeated: refusals and records name the kind.
 */
export abstract class TextGuard implements PreMcpCall, PostMcpCall, OnMcpList {
  protected constructor(private readonly policy: TextPolicy) {}

  preMcpCall(call: ToolCallView): PreCallChange | void | Promise<PreCallChange | void> {
    const decide = (found: FoundTexts): PreCallChange | void => {
      const replacements = this.decide(found, 'The arguments');
      if (replacements !== null) return { arguments: replaced(call.arguments, replacements, 'plain') };
    };
    return after(this.policy.search.search(new TextSites().collect(call.arguments, 'plain'), overFor(call)), decide);
  }

  postMcpCall(
    call: ToolCallView,
    result: Readonly<ToolCallResult>,
    messages: readonly UpstreamMessage[],
  ): ToolCallResult | void | Promise<ToolCallResult | void> {
    const sites = new TextSites().collect(result, 'result');
    for (const { params } of messages) sites.collect(params, 'plain');
    return after(this.policy.search.search(sites, overFor(call)), (found): ToolCallResult | void => {
      const replacements = this.decide(found, 'The result');
      // A new object also when the finding is in a message: messages of a changed result are dropped.
      if (replacements !== null) return { ...replaced(result, replacements, 'result') };
    });
  }

  onMcpList({ tools }: ToolListView): ToolListChange | void | Promise<ToolListChange | void> {
    const sites = new TextSites();
    for (const { title, description } of tools) {
      sites.add(title ?? '', null);
      sites.add(description ?? '', null);
    }
    return after(this.policy.search.search(sites), (found): ToolListChange | void => {
      // A tool cannot be taken back for what its description says: there is nothing that it was asked to do.
      const replacements = this.replacements(found);
      if (replacements !== null) return { tools: tools.map((tool) => redescribed(tool, replacements)) };
    });
  }

  /** @throws GuardrailViolation when something was found that refuses the call */
  private decide(found: FoundTexts, where: string): ReadonlyMap<string, string> | null {
    const blocked = new Set<string>();
    for (const [text, findings] of found ?? []) {
      for (const finding of findings) {
        if (this.policy.blocks(finding.kind) && !this.isAllowed(text, finding)) blocked.add(finding.kind);
      }
    }
    if (blocked.size === 0) return this.replacements(found);
    const kinds = [...blocked].sort();
    throw new GuardrailViolation(`${where} of this call may not hold ${this.policy.noun}: ${kinds.join(', ')}`, {
      details: { kinds },
    });
  }

  private replacements(found: FoundTexts): ReadonlyMap<string, string> | null {
    if (found === null) return null;
    const replacements = new Map<string, string>();
    for (const [text, findings] of found) {
      const counted = findings.filter((finding) => !this.isAllowed(text, finding));
      if (counted.length > 0) replacements.set(text, masked(text, counted));
    }
    return replacements.size === 0 ? null : replacements;
  }

  private isAllowed(text: string, { start, end }: Finding): boolean {
    const { allowed } = this.policy;
    return allowed.size > 0 && allowed.has(text.slice(start, end).toLowerCase());
  }
}

/** The signal is made when it is asked for, which only long searches do. */
export function overFor(call: ToolCallView): IsOver {
  return () => call.signal.aborted;
}

/** Without a turn of the event loop where the search took none. */
function after<T>(found: FoundTexts | Promise<FoundTexts>, decide: (found: FoundTexts) => T): T | Promise<T> {
  return found instanceof Promise ? found.then(decide) : decide(found);
}

function replaced(value: JsonObject, replacements: ReadonlyMap<string, string>, source: TextSource): JsonObject {
  // What goes in as an object comes out as one.
  return replaceTexts(value as JsonValue, replacements, source) as JsonObject;
}

function redescribed(tool: ListedToolView, replacements: ReadonlyMap<string, string>): ListedToolView {
  const { title, description } = tool;
  if (!replacements.has(title ?? '') && !replacements.has(description ?? '')) return tool;
  return {
    ...tool,
    title: title === null ? null : (replacements.get(title) ?? title),
    description: description === null ? null : (replacements.get(description) ?? description),
  };
}
