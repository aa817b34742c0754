const MASK = '***';
/** Long runs of letters and digits, and everything with a known beginning of a token. */
const TOKEN_LIKE =
  /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_.~+/=-]{20,}$|^(sk|pk|ghp|gho|ghs|github_pat|glpat|xox[abps]|eyJ|AKIA)[-_A-Za-z0-9.]{8,}$/;
const SECRET_OPTION = /^--?[\w-]*(key|token|secret|password|passwd|pwd|auth|credential)[\w-]*$/i;

/** A URL without user-info, values of the query and segments that look like tokens. What is no URL is masked whole. */
export function maskUrl(url: string): string {
  if (!URL.canParse(url)) return MASK;
  const parsed = new URL(url);
  const user = parsed.username !== '' || parsed.password !== '' ? `${MASK}@` : '';
  const path = parsed.pathname.split('/').map(maskToken).join('/');
  const query = [...parsed.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=${MASK}`).join('&');
  return `${parsed.protocol}//${user}${parsed.host}${path}${query === '' ? '' : `?${query}`}`;
}

/** Arguments of a command without values that are or may be secrets. */
export function maskArguments(args: readonly string[]): string[] {
  return args.map((argument, index) => {
    if (SECRET_OPTION.test(args[index - 1] ?? '')) return MASK;
    if (/^https?:\/\//i.test(argument)) return maskUrl(argument);
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (name === undefined || value === undefined) return maskToken(argument);
    return SECRET_OPTION.test(`--${name.replace(/^-+/, '')}`) ? `${name}=${MASK}` : `${name}=${maskValue(value)}`;
  });
}

/** The names of a map, with every value masked. */
export function maskValues(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(map).map((name) => [name, MASK]));
}

function maskValue(value: string): string {
  return /^https?:\/\//i.test(value) ? maskUrl(value) : maskToken(value);
}

function maskToken(segment: string): string {
  return TOKEN_LIKE.test(segment) ? MASK : segment;
}
