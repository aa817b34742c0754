import { RE2JS } from 're2js';

/** Longer templates match nothing: they come from upstreams, and patterns cost memory. */
const MAX_TEMPLATE = 1_000;
const MAX_EXPRESSIONS = 20;
/** Longer URIs match nothing. */
const MAX_URI = 8_192;
const EXPRESSION = /\{([^{}]*)\}/g;

/** What an expression of RFC 6570 can become, by its operator. */
const EXPANSIONS: Readonly<Record<string, string>> = {
  '+': '.+',
  '#': '(?:#.*)?',
  '.': '(?:\\.[^/?#]*)?',
  '/': '(?:/[^?#]*)?',
  ';': '(?:;[^/?#]*)?',
  '?': '(?:\\?[^#]*)?',
  '&': '(?:&[^#]*)?',
};
const SIMPLE = '[^/?#]+';

/** The text of a template before its first expression: every URI that it stands for begins so. */
export function literalPrefix(template: string): string {
  const brace = template.indexOf('{');
  return brace === -1 ? template : template.slice(0, brace);
}

/** Tells which URIs a template stands for. Patterns run on RE2, whose time is linear whatever the template says. */
export class UriTemplateMatcher {
  #pattern: RE2JS | null | undefined;

  constructor(private readonly template: string) {}

  matches(uri: string): boolean {
    if (uri.length > MAX_URI || !uri.startsWith(literalPrefix(this.template))) return false;
    if (this.#pattern === undefined) this.#pattern = compile(this.template);
    return this.#pattern?.matches(uri) ?? false;
  }
}

/** null: the template cannot be used. */
function compile(template: string): RE2JS | null {
  if (template.length > MAX_TEMPLATE) return null;
  let pattern = '';
  let end = 0;
  let expressions = 0;
  for (const match of template.matchAll(EXPRESSION)) {
    pattern += RE2JS.quote(template.slice(end, match.index)) + (EXPANSIONS[(match[1] ?? '').charAt(0)] ?? SIMPLE);
    end = match.index + match[0].length;
    if (++expressions > MAX_EXPRESSIONS) return null;
  }
  return RE2JS.compile(pattern + RE2JS.quote(template.slice(end)), RE2JS.DOTALL);
}
