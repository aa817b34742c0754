import { Injectable, Logger } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import { deepFreeze, type JsonObject, type JsonValue } from '../common/json.js';
import { answerInTime } from './answer-in-time.js';
import { GuardrailViolation } from './guardrail-violation.js';
import type { HookStep } from './hook-step.js';
import { HookRegistry } from './hook-registry.js';
import type { CallOrigin, ListedToolView } from './hook.types.js';
import { readListAnswer } from './list-answer.js';
import { principalView } from './principal-view.js';
import type { RegisteredHook } from './registered-hook.js';

/** Who gets a list, and through which kind of door. */
export interface ListReader {
  readonly principal: Principal;
  readonly origin: CallOrigin;
}

/** A row of a list, as far as hooks are concerned. */
export interface HookableRow {
  readonly publicName: string;
  readonly server: {
    readonly id: string;
    readonly name: string | null;
    readonly alias: string | null;
    readonly guardrails: readonly string[];
  };
  readonly tool: {
    readonly name: string;
    readonly title?: JsonValue;
    readonly description?: JsonValue;
    readonly inputSchema: JsonObject;
  };
}

/** A row that the hooks left in the list. */
export interface DecidedRow<Row> {
  readonly row: Row;
  /** What hooks made of its title and description; null: they changed nothing. */
  readonly described: { readonly title: string | null; readonly description: string | null } | null;
}

type ListStepListener = (step: HookStep) => void;

interface Candidate<Row> {
  readonly row: Row;
  readonly shown: ListedToolView;
  view: ListedToolView;
}

/** Runs the hooks on lists. Whatever goes wrong refuses the list, unless that hook says `failOpen`. */
@Injectable()
export class ListHooks {
  private readonly logger = new Logger(ListHooks.name);
  private readonly listeners: ListStepListener[] = [];

  constructor(private readonly registry: HookRegistry) {}

  /** No hook on lists is loaded. A reader for whom a missing hook is required is asked about all the same. */
  areNone({ principal }: ListReader): boolean {
    return !this.registry.hasListHooks && principal.guardrails.length === 0;
  }

  /** Every name is loaded: calls under these names are not refused for a missing hook. */
  areLoaded(names: readonly string[]): boolean {
    return names.every((name) => this.registry.isLoaded(name));
  }

  /**
   * Shows the rows to every hook that is on by default or named by the reader, and to hooks that a server names the
   * rows of that server.
   * @throws GatehouseError `guardrail_denied` or `guardrail_unavailable`
   */
  async apply<Row extends HookableRow>(rows: readonly Row[], reader: ListReader): Promise<readonly DecidedRow<Row>[]> {
    const { guardrails } = reader.principal;
    this.registry.requireAll(guardrails);
    let candidates = rows.map((row): Candidate<Row> => {
      const shown = viewOf(row);
      return { row, shown, view: shown };
    });
    for (const hook of this.registry.all()) {
      if (hook.list === null) continue;
      const everywhere = hook.defaultOn || guardrails.includes(hook.name);
      const concerned = candidates.filter(({ row }) => everywhere || row.server.guardrails.includes(hook.name));
      if (concerned.length > 0) candidates = await this.run(hook, candidates, concerned, reader);
    }
    return candidates.map(({ row, shown, view }) => ({ row, described: view === shown ? null : view }));
  }

  /** From now on the listener is told what hooks decided on lists; calls are told by their audit records. */
  onStep(listener: ListStepListener): void {
    this.listeners.push(listener);
  }

  private note({ name, stats }: RegisteredHook, outcome: HookStep['outcome'], durationMs: number): void {
    stats.add(outcome, durationMs);
    for (const listener of this.listeners) listener({ name, phase: 'list', outcome });
  }

  private async run<Row>(
    hook: RegisteredHook,
    all: Candidate<Row>[],
    concerned: readonly Candidate<Row>[],
    { principal, origin }: ListReader,
  ): Promise<Candidate<Row>[]> {
    const tools = Object.freeze(concerned.map(({ view }) => view));
    const started = performance.now();
    const note = (outcome: HookStep['outcome']): void => this.note(hook, outcome, performance.now() - started);
    try {
      const list = Object.freeze({ principal: principalView(principal), origin, tools });
      const answer = await answerInTime(hook.list?.(list), hook.timeoutMs, () => undefined);
      const kept = readListAnswer(answer, tools);
      note(kept === null ? 'pass' : 'changed');
      return kept === null ? all : remaining(all, concerned, kept);
    } catch (thrown) {
      const refusal = this.refusalOf(hook, thrown, note);
      if (refusal === null) return all;
      throw refusal;
    }
  }

  /** null: the hook failed and says that it must not stand in the way then. */
  private refusalOf(
    { name: guardrail, failOpen }: RegisteredHook,
    thrown: unknown,
    note: (outcome: HookStep['outcome']) => void,
  ): GatehouseError | null {
    const known = { guardrail, cause: thrown };
    if (thrown instanceof GuardrailViolation) {
      this.logger.warn(`hook "${guardrail}" refused a list`);
      note('blocked');
      return new GatehouseError('guardrail_denied', thrown.message, known);
    }
    this.logger.error(`hook "${guardrail}" failed on a list: ${messageOf(thrown)}`);
    note(failOpen ? 'failed_open' : 'failed');
    if (failOpen) return null;
    return new GatehouseError('guardrail_unavailable', 'A guardrail could not decide, so there is no list', known);
  }
}

function remaining<Row>(
  all: readonly Candidate<Row>[],
  concerned: readonly Candidate<Row>[],
  kept: readonly ListedToolView[],
): Candidate<Row>[] {
  const views = new Map(kept.map((view) => [view.publicName, view]));
  const asked = new Set(concerned);
  return all.flatMap((candidate) => {
    if (!asked.has(candidate)) return [candidate];
    const view = views.get(candidate.view.publicName);
    return view === undefined ? [] : [{ ...candidate, view }];
  });
}

function viewOf({ publicName, server, tool }: HookableRow): ListedToolView {
  return Object.freeze({
    publicName,
    server: Object.freeze({ id: server.id, name: server.name, alias: server.alias }),
    tool: tool.name,
    title: textOf(tool.title),
    description: textOf(tool.description),
    inputSchema: deepFreeze(tool.inputSchema),
  });
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
