import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Finder, Finding } from './finding.js';
import { plainText } from './plain-text.js';
import type { TextSites } from './text-sites.js';

/** How long texts are cut, in characters. */
export interface SliceSizes {
  /** What is looked through at once. */
  readonly slice: number;
  /** A finding that begins in a slice is seen whole when it is no longer than this. */
  readonly overlap: number;
}

/** What stands before a slice, so that a number is not cut in two. */
const CONTEXT = 64;
/** How long the search keeps everybody else waiting. */
const TURN_MS = 10;

/** Findings by the text that they are in, in no order; they may overlap. null: there are none. */
export type FoundTexts = ReadonlyMap<string, readonly Finding[]> | null;

/** Has whoever asked for a search stopped waiting? */
export type IsOver = () => boolean;

/** Runs finders over texts. Short calls are looked through at once, long ones in slices between which others run. */
export class TextSearch {
  constructor(
    private readonly finders: readonly Finder[],
    private readonly sizes: SliceSizes,
    /** Finders of what a text hides: they see it as it came, all others as it reads. */
    private readonly raw: readonly Finder[] = [],
  ) {}

  /** @throws Error when nobody waits any more; only long searches find out */
  search({ texts, names, characters }: TextSites, isOver: IsOver = () => false): FoundTexts | Promise<FoundTexts> {
    if (characters > this.sizes.slice) return this.searchSlowly(texts, names, isOver);
    let found: Map<string, readonly Finding[]> | null = null;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index] ?? '';
      const findings = this.inText(text, names[index] ?? null);
      if (findings !== null) add((found ??= new Map()), text, findings);
    }
    return found;
  }

  private async searchSlowly(
    texts: readonly string[],
    names: readonly (string | null)[],
    isOver: IsOver,
  ): Promise<FoundTexts> {
    const found = new Map<string, readonly Finding[]>();
    let turnEnds = performance.now() + TURN_MS;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index] ?? '';
      const findings: Finding[] = [];
      for (let from = 0; from < text.length; from += this.sizes.slice) {
        if (performance.now() > turnEnds) {
          await nextTurn();
          if (isOver()) throw new Error('the search was given up');
          turnEnds = performance.now() + TURN_MS;
        }
        this.inSlice(text, from, names[index] ?? null, findings);
      }
      if (findings.length > 0) add(found, text, findings);
    }
    return found.size === 0 ? null : found;
  }

  private inSlice(text: string, from: number, name: string | null, findings: Finding[]): void {
    const before = Math.max(from - CONTEXT, 0);
    const { slice, overlap } = this.sizes;
    const part = text.slice(before, from + slice + overlap);
    for (const { kind, start, end } of this.inText(part, name) ?? []) {
      const begins = before + start;
      if (begins >= from && begins < from + slice) findings.push({ kind, start: begins, end: before + end });
    }
  }

  private inText(original: string, name: string | null): Finding[] | null {
    const { text, origins } = plainText(original);
    let findings: Finding[] | null = null;
    const report = (kind: string, start: number, end: number): void => {
      const finding = origins === null ? { kind, start, end } : inOriginal(kind, start, end, origins);
      (findings ??= []).push(finding);
    };
    for (const finder of this.finders) finder(text, report, name);
    for (const finder of this.raw)
      finder(original, (kind, start, end) => (findings ??= []).push({ kind, start, end }), name);
    return findings;
  }
}

/** The same text may stand under another name, by which other things are found in it. */
function add(found: Map<string, readonly Finding[]>, text: string, findings: Finding[]): void {
  const before = found.get(text);
  found.set(text, before === undefined ? findings : [...before, ...findings]);
}

function inOriginal(kind: string, start: number, end: number, origins: Uint32Array): Finding {
  return { kind, start: origins[start] ?? 0, end: origins[end] ?? 0 };
}
