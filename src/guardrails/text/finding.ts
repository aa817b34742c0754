/** A stretch of text that a guardrail is about. */
export interface Finding {
  /** What it is: `email`, `aws_access_key`. Never the text itself. */
  readonly kind: string;
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

/** Takes what a finder found. */
export type Report = (kind: string, start: number, end: number) => void;

/**
 * Looks for one kind of thing in a text. It must take time in proportion to the text, whatever is in it: the texts are
 * written by callers and upstreams.
 * @param name of the member that holds the text; null: it has none
 */
export type Finder = (text: string, report: Report, name: string | null) => void;

/**
 * The text with every finding replaced by its kind in brackets. Where findings overlap, the one that begins first names
 * what they share, and of the other the rest is replaced as well.
 */
export function masked(text: string, findings: readonly Finding[]): string {
  const ordered = [...findings].sort((a, b) => a.start - b.start || b.end - a.end);
  let result = '';
  let from = 0;
  for (const { kind, start, end } of ordered) {
    if (end <= from) continue;
    result += `${text.slice(from, Math.max(start, from))}[${kind.toUpperCase()}]`;
    from = end;
  }
  return result + text.slice(from);
}
