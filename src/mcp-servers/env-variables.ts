/** Where the value of a variable comes from: the admin, or each user for itself. */
export const ENV_SCOPES = ['global', 'user'] as const;
export type EnvScope = (typeof ENV_SCOPES)[number];

/** A variable that static headers can use as `${NAME}`. */
export interface EnvVariable {
  readonly name: string;
  /** Always empty for the scope `user`. */
  readonly value: string;
  readonly scope: EnvScope;
  readonly description: string | null;
}

/** Stands for the own key of a user, beside names of variables. No variable can have this name. */
export const BYOK_SECRET = 'api key';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

type Headers = Readonly<Record<string, string>>;

/** Names that a text refers to, in order. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, name = '']) => name);
}

/** Headers with every reference replaced for which `values` has a text; the others stay as they are. */
export function withValues(headers: Headers, values: Headers): Record<string, string> {
  const replace = (text: string): string =>
    text.replaceAll(REFERENCE, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
    );
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, replace(text)]));
}

/** Headers with the values that the admin gave. */
export function withGlobalValues(headers: Headers, variables: readonly EnvVariable[]): Record<string, string> {
  return variables.length === 0 ? { ...headers } : withValues(headers, globalValues(variables));
}

/** The variables that each user has to fill in, in the order of their declaration: a value of the admin comes first. */
export function userVariablesOf(headers: Headers, variables: readonly EnvVariable[]): EnvVariable[] {
  if (variables.length === 0) return [];
  const used = new Set(Object.values(headers).flatMap(referencesIn));
  const given = globalValues(variables);
  return variables.filter(({ name, scope }) => scope === 'user' && used.has(name) && !Object.hasOwn(given, name));
}

/** The values that the admin gave, by name. */
export function globalValues(variables: readonly EnvVariable[]): Record<string, string> {
  const given = variables.filter(({ scope, value }) => scope === 'global' && value !== '');
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}
